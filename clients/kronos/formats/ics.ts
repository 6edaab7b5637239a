// Tasks as the VTODO components of an iCalendar file (RFC 5545). What the standard has no property for is an `X-KRONOS-…` property, which calendar
// programs keep. Events are no tasks: `horai import ics` makes meetings of them.

import ICAL from 'ical.js';
import { errorMessage } from '../../../protocol/error-message.ts';
import { type IcsComponent, splitIcs } from '../../../protocol/ics-components.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { type Priority, planningOf, projectOf, tagsWithoutProject } from '../../../protocol/planning.ts';
import { projectTag } from '../../../protocol/project-tag.ts';
import { parseEvery } from '../../../protocol/recurrence.ts';
import type { KronosDatabase } from '../data/database.ts';
import { hashName, type ImportNotice, isJsonObject, type TaskFormat, toTag } from './format.ts';

const priorities = new Map<Priority, number>([
  ['high', 1],
  ['medium', 5],
  ['low', 9],
]);
const units: ReadonlyMap<string, string> = new Map([
  ['DAILY', 'd'],
  ['WEEKLY', 'w'],
  ['MONTHLY', 'mo'],
  ['YEARLY', 'y'],
]);
const own = (name: string) => `x-kronos-${name}`;

function timeOf(seconds: number): ICAL.Time {
  return ICAL.Time.fromJSDate(new Date(seconds * 1_000), true);
}

function formatTask(task: PlainTask): ICAL.Component {
  const { index, id, desc, due, done, active, last_active: last, worktime, intervals, priority, taskwarrior } = task;
  const { wait = 0, scheduled = 0, every, zone, needs = [], notes = [] } = task;
  const todo = new ICAL.Component('vtodo');
  const text = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== '') todo.addPropertyWithValue(name, value);
  };
  const moment = (name: string, seconds: number) => {
    if (seconds !== 0) todo.addPropertyWithValue(name, timeOf(seconds));
  };
  text('uid', index);
  moment('dtstamp', done || last || 1);
  text('summary', desc);
  text('status', done === 0 ? (active === 0 ? 'NEEDS-ACTION' : 'IN-PROCESS') : 'COMPLETED');
  moment('due', due);
  moment('completed', done);
  const rank = priority === undefined ? undefined : priorities.get(priority);
  if (rank !== undefined) todo.addPropertyWithValue('priority', rank);
  const tags = tagsWithoutProject(task);
  if (tags.length > 0) {
    const categories = new ICAL.Property('categories');
    categories.setValues([...tags]);
    todo.addProperty(categories);
  }
  for (const needed of needs) todo.addPropertyWithValue('related-to', needed).setParameter('reltype', 'DEPENDS-ON');
  for (const note of notes)
    todo.addPropertyWithValue('comment', note.text).setParameter('x-kronos-at', String(note.at));
  text(own('project'), projectOf(task));
  text(own('every'), every);
  text(own('zone'), zone);
  text(own('intervals'), intervals);
  for (const [name, value] of Object.entries({ id, wait, scheduled, active, last, worktime })) {
    if (value !== 0) text(own(name), String(value));
  }
  text(own('taskwarrior'), taskwarrior === undefined ? undefined : JSON.stringify(taskwarrior));
  return todo;
}

interface ParsedTodo {
  readonly task?: PlainTask;
  readonly notices: readonly ImportNotice[];
}

function parseComponent({ name, line, text }: IcsComponent): ParsedTodo {
  if (name === 'VTIMEZONE') return { notices: [] };
  if (name !== 'VTODO') {
    const hint = name === 'VEVENT' ? ': "horai import ics" makes meetings of events' : '';
    return { notices: [{ line, kind: 'skipped', text: `a ${name} is no task${hint}` }] };
  }
  try {
    return parseTodo(new ICAL.Component(ICAL.parse(text)), line);
  } catch (error) {
    return { notices: [{ line, kind: 'unreadable', text: `not a task: ${errorMessage(error)}` }] };
  }
}

function parseTodo(todo: ICAL.Component, line: number): ParsedTodo {
  const losses: string[] = [];
  const value = (name: string): string => {
    const found = todo.getFirstPropertyValue(name);
    return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
  };
  const number = (name: string) => Math.trunc(Number(value(own(name)))) || 0;
  /** A time without a zone, or in one of the file, is one of this machine's clock unless the file knows better. */
  const moment = (name: string): number => {
    const time = todo.getFirstPropertyValue(name);
    if (!(time instanceof ICAL.Time)) return 0;
    const zone = todo.getFirstProperty(name)?.getFirstParameter('tzid');
    if (typeof zone === 'string' && zone !== '' && !ICAL.TimezoneService.has(zone))
      losses.push(
        `${name} is in the time zone ${zone}, which the file does not define: it was taken as this machine's`,
      );
    return Math.floor(time.toJSDate().getTime() / 1_000);
  };
  const desc = value('summary');
  if (desc === '') return { notices: [{ line, kind: 'unreadable', text: 'not a task: it has no SUMMARY' }] };
  const rank = Number(value('priority')) || 0;
  const priority = rank === 0 ? undefined : rank < 5 ? 'high' : rank === 5 ? 'medium' : 'low';
  const status = value('status').toUpperCase();
  const done = status === 'COMPLETED' || todo.hasProperty('completed') ? moment('completed') : 0;
  if (status === 'COMPLETED' && done === 0)
    losses.push('it is done, but has no date of completion: it was imported as not done');
  if (status === 'CANCELLED') return { notices: [{ line, kind: 'skipped', text: `"${desc}": it is cancelled` }] };
  const names = todo
    .getAllProperties('categories')
    .flatMap((one) => one.getValues())
    .map(String);
  for (const name of names) {
    if (toTag(name) !== name)
      losses.push(`the category "${name}" ${toTag(name) === '' ? 'was left out' : `is ${toTag(name)} here`}`);
  }
  const every = value(own('every')) || everyOf(todo, losses);
  const project = value(own('project'));
  const related = todo.getAllProperties('related-to');
  const needs = related
    .filter((one) => one.getParameter('reltype') === 'DEPENDS-ON')
    .map((one) => String(one.getFirstValue()));
  if (related.length > needs.length) losses.push('a RELATED-TO that is no dependency was left out');
  const taskwarrior = parseJsonText(value(own('taskwarrior')));
  const intervals = value(own('intervals'));
  const task: PlainTask = {
    index: /^[!-~]{1,128}$/.test(value('uid')) ? value('uid') : `ics-${hashName(value('uid') || todo.toString())}`,
    id: number('id'),
    desc,
    tags: [...new Set([...names.map(toTag), projectTag(project)].filter((tag) => tag !== ''))],
    active: number('active'),
    last_active: number('last'),
    due: moment('due'),
    done,
    worktime: number('worktime'),
    ...(intervals === '' ? {} : { intervals }),
    ...planningOf({
      priority,
      project,
      wait: number('wait'),
      scheduled: number('scheduled') || moment('dtstart'),
      every: parseEvery(every) === undefined ? undefined : every,
      zone: value(own('zone')),
      needs,
      notes: notesOf(todo),
    }),
    ...(isJsonObject(taskwarrior) ? { taskwarrior } : {}),
  };
  return { task, notices: losses.map((loss) => ({ line, kind: 'incomplete', text: `"${desc}": ${loss}` })) };
}

function everyOf(todo: ICAL.Component, losses: string[]): string {
  const rule = todo.getFirstPropertyValue('rrule');
  if (!(rule instanceof ICAL.Recur)) return '';
  const unit = units.get(rule.freq);
  const isPlain = Object.keys(rule.parts).length === 0 && rule.count === null && rule.until === null;
  if (unit !== undefined && isPlain) return `${rule.interval}${unit}`;
  losses.push(`it recurs "${rule.toString()}", which has no counterpart: it was imported without recurrence`);
  return '';
}

function notesOf(todo: ICAL.Component): readonly { readonly at: number; readonly text: string }[] {
  return ['comment', 'description'].flatMap((name) =>
    todo.getAllProperties(name).map((one) => ({
      at: Number(one.getFirstParameter('x-kronos-at')) || 1,
      text: String(one.getFirstValue()),
    })),
  );
}

function parseJsonText(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const ics: TaskFormat = {
  read(text) {
    const split = splitIcs(text);
    if (!split.ok) return split;
    const { components, cut } = split.value;
    for (const { text: zone } of components.filter(({ name }) => name === 'VTIMEZONE')) registerZone(zone);
    const parsed = components.map(parseComponent);
    return {
      ok: true,
      value: {
        tasks: parsed.flatMap(({ task }) => task ?? []),
        notices: [
          ...parsed.flatMap(({ notices }) => notices),
          ...cut.map((line) => ({ line, kind: 'unreadable', text: 'it has no END' }) as const),
        ],
      },
    };
  },
  write({ tasks }: KronosDatabase) {
    const calendar = new ICAL.Component('vcalendar');
    calendar.addPropertyWithValue('version', '2.0');
    calendar.addPropertyWithValue('prodid', '-//Horai//kronos//EN');
    for (const task of tasks) calendar.addSubcomponent(formatTask(task));
    return calendar.toString();
  },
};

function registerZone(text: string): void {
  try {
    const component = new ICAL.Component(ICAL.parse(text));
    const tzid = component.getFirstPropertyValue('tzid');
    if (typeof tzid === 'string') ICAL.TimezoneService.register(new ICAL.Timezone({ component, tzid }), tzid);
  } catch {
    // Times in it are then those of this machine's clock.
  }
}

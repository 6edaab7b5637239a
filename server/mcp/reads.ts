// The tools that read: where the time of a day and of a range went, tasks, projects, suggestions, and a search for words.

import type { Static } from '@sinclair/typebox';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Identity } from '../core/access.ts';
import { calendarOf, type DayAnswer } from '../day/account-days.ts';
import type { DayProject } from '../day/engine/answer.ts';
import { boundsOfDay, datesBetween, nextDate } from '../day/engine/day-calendar.ts';
import type { DayEvent, DayHeartbeat } from '../day/engine/evidence.ts';
import { projectsIn } from '../day/registry/projects.ts';
import { type DayRouteDeps, dateIn } from '../day/routes.ts';
import { type KeyedTask, tasksIn, viewTask } from './account-tasks.ts';
import type {
  DayInput,
  DayOutput,
  ProjectsOutput,
  RangeInput,
  RangeOutput,
  SearchInput,
  SearchOutput,
  SuggestionsOutput,
  TasksInput,
  TasksOutput,
} from './answers.ts';
import type { McpRights } from './rights.ts';

/** Who calls a tool, and what that person's token may do. */
export interface ToolContext {
  readonly deps: DayRouteDeps;
  readonly identity: Identity;
  readonly rights: McpRights;
}

export type ToolOutcome<T> = { readonly ok: true; readonly value: T } | Refusal;

const mostSegments = 500;
const mostTasks = 200;
const mostFound = 50;
const mostDays = 366;
const mostSearched = 31;
const usualSearch = 7;
const listedDays = 30;

const moment = (micros: number) => new Date(micros / 1_000).toISOString();
const momentOrNull = (micros: number | null) => (micros === null ? null : moment(micros));
const seconds = (micros: number) => micros / 1_000_000;

function projectTimes(projects: readonly DayProject[]) {
  return projects.map(({ project, time, agent_wall }) => ({
    project,
    seconds: seconds(time),
    agent_seconds: seconds(agent_wall),
  }));
}

async function dateOf({ deps, identity }: ToolContext, dateText: string, field = 'date'): Promise<ToolOutcome<string>> {
  const date = await dateIn(deps, identity, dateText, undefined);
  return date === undefined ? refuse('property', field, 'YYYY-MM-DD, today or yesterday') : { ok: true, value: date };
}

/** The tasks that the token may read, by key. */
async function readTasks({ deps, identity, rights }: ToolContext): Promise<ReadonlyMap<string, KeyedTask>> {
  if (!rights.mayRead('tasks')) return new Map();
  const document = await deps.days.hub.cachedChannel(`${identity.account}/tasks`);
  return new Map(tasksIn(await document.settled()).map((task) => [task.key, task]));
}

const refuseChannel = (channel: string) => refuse('forbidden', '', `this token may not read ${channel}`);

export async function readDay(
  context: ToolContext,
  { date: dateText = 'today' }: Static<typeof DayInput>,
): Promise<ToolOutcome<Static<typeof DayOutput>>> {
  const date = await dateOf(context, dateText);
  if (!date.ok) return date;
  const { days } = context.deps.days.of(context.identity.account);
  const answer = await days.day({ date: date.value, mayRead: context.rights.mayRead });
  const tasks = await readTasks(context);
  const idOf = (key: string | null) => (key === null ? null : (tasks.get(key)?.plain.id ?? null));
  return {
    ok: true,
    value: {
      date: answer.date,
      zone: answer.zone,
      from: moment(answer.from),
      to: moment(answer.to),
      total_seconds: seconds(answer.total),
      not_work_seconds: seconds(answer.not_work),
      first: momentOrNull(answer.first),
      last: momentOrNull(answer.last),
      projects: projectTimes(answer.projects),
      tasks: answer.tasks.flatMap(({ key, time }) => {
        const task = tasks.get(key);
        return task === undefined ? [] : [{ id: task.plain.id, title: task.plain.desc, seconds: seconds(time) }];
      }),
      segments: answer.segments
        .slice(0, mostSegments)
        .map(({ from, to, project, task, category, lane, source, work }) => ({
          from: moment(from),
          to: moment(to),
          project,
          task: idOf(task),
          category,
          lane,
          source,
          work,
        })),
      more: answer.segments.length > mostSegments,
    },
  };
}

interface Totals {
  readonly date: string;
  readonly total: number;
  readonly projects: readonly DayProject[];
}

async function totalsOf({ deps, identity, rights }: ToolContext, dates: readonly string[]): Promise<readonly Totals[]> {
  const { days, sums } = deps.days.of(identity.account);
  if (rights.mayRead('*')) return sums.of(dates);
  const totals: DayAnswer[] = [];
  for (const date of dates) totals.push(await days.day({ date, mayRead: rights.mayRead }));
  return totals;
}

function sumProjects(totals: readonly Totals[]): readonly DayProject[] {
  const sums = new Map<string | null, DayProject>();
  for (const one of totals.flatMap(({ projects }) => projects)) {
    const before = sums.get(one.project);
    const sum = (name: 'time' | 'agent' | 'agent_wall' | 'attended' | 'unattended') =>
      one[name] + (before?.[name] ?? 0);
    sums.set(one.project, {
      project: one.project,
      time: sum('time'),
      agent: sum('agent'),
      agent_wall: sum('agent_wall'),
      attended: sum('attended'),
      unattended: sum('unattended'),
    });
  }
  return [...sums.values()].sort((one, other) => other.time - one.time);
}

export async function readRange(
  context: ToolContext,
  input: Static<typeof RangeInput>,
): Promise<ToolOutcome<Static<typeof RangeOutput>>> {
  const [from, to] = [await dateOf(context, input.from, 'from'), await dateOf(context, input.to, 'to')];
  if (!from.ok) return from;
  if (!to.ok) return to;
  const dates = datesBetween(from.value, to.value);
  if (dates.length === 0 || dates.length > mostDays)
    return refuse('property', 'to', `a date from \`from\` on, at most ${mostDays} days`);
  const totals = await totalsOf(context, dates);
  return {
    ok: true,
    value: {
      from: from.value,
      to: to.value,
      total_seconds: seconds(totals.reduce((sum, { total }) => sum + total, 0)),
      projects: projectTimes(sumProjects(totals)),
      days: totals.map(({ date, total, projects }) => ({
        date,
        total_seconds: seconds(total),
        projects: projectTimes(projects),
      })),
    },
  };
}

export async function listTasks(
  context: ToolContext,
  { state = 'open' }: Static<typeof TasksInput>,
): Promise<ToolOutcome<Static<typeof TasksOutput>>> {
  if (!context.rights.mayRead('tasks')) return refuseChannel('tasks');
  const now = Math.floor(context.deps.days.hub.world.now() / 1_000);
  const fits = (of: string) => state === 'all' || of === state || (state === 'open' && of === 'running');
  const all = [...(await readTasks(context)).values()].map((task) => viewTask(task, now));
  const tasks = all.filter((task) => fits(task.state)).sort((one, other) => one.id - other.id);
  return { ok: true, value: { tasks: tasks.slice(0, mostTasks), more: tasks.length > mostTasks } };
}

export async function listProjects(context: ToolContext): Promise<ToolOutcome<Static<typeof ProjectsOutput>>> {
  const { deps, identity, rights } = context;
  const today = await dateOf(context, 'today');
  if (!today.ok) return today;
  const times = sumProjects(await totalsOf(context, datesBetween(nextDate(today.value, 1 - listedDays), today.value)));
  const document = await deps.days.hub.cachedChannel(`${identity.account}/projects`);
  const registered = rights.mayRead('projects') ? projectsIn(await document.settled()) : [];
  const timeOf = new Map(times.map(({ project, time }) => [project, time]));
  const listed = new Set(registered.map(({ name }) => name));
  const others = times.flatMap(({ project }) => (project === null || listed.has(project) ? [] : [project]));
  const projects = [
    ...registered.map(({ name, project }) => ({
      project: name,
      parent: project.parent ?? null,
      archived: project.archived === true,
    })),
    ...others.map((project) => ({ project, parent: null, archived: false })),
  ].map((one) => ({ ...one, seconds: seconds(timeOf.get(one.project) ?? 0) }));
  return { ok: true, value: { projects: projects.sort((one, other) => other.seconds - one.seconds) } };
}

export async function listSuggestions(
  context: ToolContext,
  { date: dateText = 'today' }: Static<typeof DayInput>,
): Promise<ToolOutcome<Static<typeof SuggestionsOutput>>> {
  const date = await dateOf(context, dateText);
  if (!date.ok) return date;
  const { suggestions } = context.deps.days.of(context.identity.account);
  const tasks = await readTasks(context);
  const found = await suggestions.of(date.value, context.rights.mayRead);
  return {
    ok: true,
    value: {
      date: date.value,
      suggestions: found.map(({ key, from, to, time, project, task, tier, reasons }) => ({
        key,
        from: moment(from),
        to: moment(to),
        seconds: seconds(time),
        project,
        task: task === null ? null : (tasks.get(task)?.plain.id ?? null),
        tier,
        reasons: reasons.map(({ kind, text }) => ({ kind, text })),
      })),
    },
  };
}

type Found = Static<typeof SearchOutput>['found'][number];

export async function search(
  context: ToolContext,
  input: Static<typeof SearchInput>,
): Promise<ToolOutcome<Static<typeof SearchOutput>>> {
  const { deps, identity, rights } = context;
  // An answer would tell which words occur.
  if (rights.tier !== 'full') return refuse('forbidden', '', 'this token shows no texts, so it cannot search them');
  const to = await dateOf(context, input.to ?? 'today', 'to');
  if (!to.ok) return to;
  const from = await dateOf(context, input.from ?? nextDate(to.value, 1 - usualSearch), 'from');
  if (!from.ok) return from;
  const dates = datesBetween(from.value, to.value);
  if (dates.length === 0 || dates.length > mostSearched)
    return refuse('property', 'from', `a date up to \`to\`, at most ${mostSearched} days`);
  const words = input.query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const matches = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  const tasks = await readTasks(context);
  const { days } = deps.days.of(identity.account);
  const settings = await days.settings();
  const calendar = calendarOf(settings, undefined);
  const found = new Map<string, Found>();
  for (const date of dates) {
    const [begin, end] = boundsOfDay(date, calendar);
    const parts = await days.parts({ from: begin, to: end }, settings, rights.mayRead);
    for (const { events, heartbeats } of parts) {
      for (const event of events) if (event.lane !== 'task') addEvent(found, event, matches);
      for (const beat of heartbeats) addEvent(found, beat, matches);
    }
  }
  const now = Math.floor(deps.days.hub.world.now() / 1_000);
  const ofTasks = [...tasks.values()]
    .filter(({ plain }) => matches(`${plain.desc} ${plain.tags.join(' ')}`))
    .map((task) => foundTask(task, now));
  const all = [...ofTasks, ...[...found.values()].sort((one, other) => other.seconds - one.seconds)];
  return {
    ok: true,
    value: { from: from.value, to: to.value, found: all.slice(0, mostFound), more: all.length > mostFound },
  };
}

function foundTask(task: KeyedTask, now: number): Found {
  const { id, title, project, worked_seconds } = viewTask(task, now);
  const none = { lane: null, from: null, to: null };
  return { kind: 'task', text: title, project, task: id, seconds: worked_seconds, ...none };
}

/** Adds evidence that has the words; equal texts of one lane are one. */
function addEvent(found: Map<string, Found>, event: DayEvent | DayHeartbeat, matches: (text: string) => boolean): void {
  const { title = '', url = '', path = '', app = '', branch = '', project, tags = [] } = event.facts;
  if (!matches([title, url, path, app, branch, project ?? '', ...tags].join(' '))) return;
  const lane = 'lane' in event ? event.lane : 'editor';
  const text = title || path || url || app || branch || project || '';
  const [from, to] = 'lane' in event ? [event.from, event.to] : [event.at, event.at];
  const key = `${lane} ${text}`;
  const before = found.get(key);
  found.set(key, {
    kind: lane === 'manual' ? 'entry' : 'activity',
    text,
    project: project ?? null,
    task: null,
    lane,
    from: before?.from === undefined || before.from === null || moment(from) < before.from ? moment(from) : before.from,
    to: before?.to === undefined || before.to === null || moment(to) > before.to ? moment(to) : before.to,
    seconds: (before?.seconds ?? 0) + seconds(to - from),
  });
}

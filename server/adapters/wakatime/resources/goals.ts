// Goals: an amount of time per day or week, over all time or some projects, languages or editors. They are items of
// `<account>/goals`; progress is computed at each request. goal-endpoints.ts has the endpoints.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../../protocol/check.ts';
import type { Hub } from '../../../core/hub.ts';
import { nextTurn } from '../../../core/next-turn.ts';
import type { HeartbeatContext } from '../index/columns.ts';
import { addDays, formatDate, formatIso, formatIsoEnd, startOfDay, startOfWeek, weekdayOf } from '../model/calendar.ts';
import { formatSeconds, toSeconds } from '../model/format-time.ts';
import { labelsOf } from '../stats/names.ts';
import { failure, type QueryOutcome, type TimeQuery } from '../stats/query.ts';
import { tallyInTurns } from '../stats/tally-in-turns.ts';
import { publicProfile } from './profile.ts';

const names = Type.Array(Type.String({ maxLength: 255 }), { maxItems: 100 });

const Goal = Type.Object({
  title: Type.String({ maxLength: 255 }),
  delta: Type.Union([Type.Literal('day'), Type.Literal('week')]),
  seconds: Type.Number({ exclusiveMinimum: 0 }),
  languages: names,
  editors: names,
  projects: names,
  categories: names,
  ignore_days: names,
  ignore_zero_days: Type.Boolean(),
  is_inverse: Type.Boolean(),
  is_enabled: Type.Boolean(),
});
type Goal = Static<typeof Goal>;
const isGoal = compile(Goal);

const unset: Omit<Goal, 'seconds'> = {
  title: '',
  delta: 'day',
  languages: [],
  editors: [],
  projects: [],
  categories: [],
  ignore_days: [],
  ignore_zero_days: false,
  is_inverse: false,
  is_enabled: true,
};

const points = { day: 7, week: 5 } as const;

interface Stored {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly goal: Goal;
}

export async function listGoals(hub: Hub, question: TimeQuery) {
  const all = await readGoals(hub, question.person.account);
  const data = [];
  for (const stored of all) {
    if (data.length > 0) await nextTurn();
    data.push(await describeGoal(question, stored));
  }
  return { data, total: data.length, total_pages: 1 };
}

export async function readGoal(hub: Hub, question: TimeQuery, id: string) {
  const found = (await readGoals(hub, question.person.account)).find((stored) => stored.id === id);
  return found === undefined
    ? undefined
    : { cached_at: formatIso(question.moment), data: await describeGoal(question, found) };
}

/**
 * Creates a goal, or changes the fields of an existing one.
 * @param id undefined creates one
 */
export async function writeGoal(
  hub: Hub,
  question: TimeQuery,
  input: object,
  id: string | undefined,
): Promise<QueryOutcome<object>> {
  const { account } = question.person;
  const before = id === undefined ? undefined : (await readGoals(hub, account)).find((stored) => stored.id === id);
  if (id !== undefined && before === undefined) return failure('no such goal', 404);
  const all: Record<string, unknown> = { ...unset, ...before?.goal, ...input };
  const goal = Object.fromEntries(Object.keys(Goal.properties).map((name) => [name, all[name]]));
  if (!isGoal(goal))
    return failure('send {"title": "…", "delta": "day" or "week", "seconds": 3600, "languages": [], …}');
  const key = id ?? hub.world.secret();
  const op = { op: 'put', key, value: JSON.stringify(goal) } as const;
  const document = await hub.cachedChannel(channelOf(account));
  await document.write(() => ({ ok: true, write: { ops: [op], origin: 'wakatime', at: hub.world.now() } }));
  const stored = (await readGoals(hub, account)).find((one) => one.id === key);
  return stored === undefined
    ? failure('no such goal', 404)
    : { ok: true, value: { data: await describeGoal(question, stored) } };
}

export async function deleteGoal(hub: Hub, { person: { account } }: TimeQuery, id: string): Promise<void> {
  const document = await hub.cachedChannel(channelOf(account));
  const write = { ops: [{ op: 'remove', key: id } as const], origin: 'wakatime', at: hub.world.now() };
  await document.write(() => ({ ok: true, write }));
}

const channelOf = (account: string): string => `${account}/goals`;

export async function readGoals(hub: Hub, account: string): Promise<readonly Stored[]> {
  const { items } = (await hub.cachedChannel(channelOf(account))).view;
  return [...items.values()].flatMap(({ key, value, at }) => {
    const goal: Goal = JSON.parse(value);
    return isGoal(goal) ? [{ id: key, at, goal }] : [];
  });
}

export function titleOf({ title, seconds, delta }: Goal): string {
  return title || `Code ${formatSeconds(seconds)} a ${delta}`;
}

async function describeGoal(question: TimeQuery, { id, at, goal }: Stored) {
  const { person, zone } = question;
  const chart = await chartOf(question, goal);
  const last = chart.at(-1);
  const count = (status: string): number => chart.filter(({ range_status }) => range_status === status).length;
  const sum = (field: 'actual_seconds' | 'goal_seconds'): number => chart.reduce((all, point) => all + point[field], 0);
  const met = goal.is_inverse
    ? sum('actual_seconds') <= sum('goal_seconds')
    : sum('actual_seconds') >= sum('goal_seconds');
  const { id: userId, username, full_name, display_name, email, photo } = publicProfile(person);
  return {
    id,
    title: titleOf(goal),
    custom_title: goal.title || null,
    type: 'coding',
    delta: goal.delta,
    seconds: goal.seconds,
    languages: goal.languages,
    editors: goal.editors,
    projects: goal.projects,
    categories: goal.categories,
    ignore_days: goal.ignore_days,
    ignore_zero_days: goal.ignore_zero_days,
    improve_by_percent: null,
    is_enabled: goal.is_enabled,
    is_inverse: goal.is_inverse,
    is_snoozed: false,
    snooze_until: null,
    is_tweeting: false,
    is_current_user_owner: true,
    owner: { id: userId, username, full_name, display_name, email, photo },
    shared_with: [],
    subscribers: [],
    status: last?.range_status ?? 'pending',
    average_status: count('fail') > count('success') ? 'fail' : 'success',
    cumulative_status: met ? 'success' : 'fail',
    status_percent_calculated: 100,
    range_text: `${chart[0]?.range.text} until ${last?.range.text}`,
    timezone: zone,
    chart_data: chart,
    created_at: formatIso(at * 1_000),
    modified_at: formatIso(at * 1_000),
  };
}

/** @param count how many days or weeks, the newest last */
export async function chartOf({ person, rule, zone, now }: TimeQuery, goal: Goal, count: number = points[goal.delta]) {
  const { beats } = person;
  const length = goal.delta === 'day' ? 1 : 7;
  const newest = goal.delta === 'day' ? now.today : startOfWeek(now.today, now);
  const firsts = Array.from({ length: count }, (_, index) => addDays(newest, (index + 1 - count) * length));
  const bounds = [...firsts, addDays(newest, length)].map((date) => startOfDay(date, zone));
  const tallies = await tallyInTurns(beats, rule, { bounds, fits: fitting(goal) });
  return tallies.map(({ contexts }, index) => {
    const first = firsts[index] ?? newest;
    const actual = toSeconds(contexts.amounts.reduce((sum, one) => sum + one, 0));
    const isDay = goal.delta === 'day';
    const met = goal.is_inverse ? actual <= goal.seconds : actual >= goal.seconds;
    const ignored =
      (isDay && goal.ignore_days.includes(weekdayOf(first).toLowerCase())) || (goal.ignore_zero_days && actual === 0);
    const open = index === firsts.length - 1 && !goal.is_inverse;
    const status = met ? 'success' : open ? 'pending' : ignored ? 'ignored' : 'fail';
    const [actualText, goalText] = [formatSeconds(actual), formatSeconds(goal.seconds)];
    const text = isDay
      ? first === now.today
        ? 'Today'
        : first === addDays(now.today, -1)
          ? 'Yesterday'
          : formatDate(first)
      : `${formatDate(first)} to ${formatDate(addDays(first, 6))}`;
    return {
      actual_seconds: actual,
      actual_seconds_text: actualText,
      goal_seconds: goal.seconds,
      goal_seconds_text: goalText,
      range: {
        ...(isDay ? { date: first } : {}),
        start: formatIso(bounds[index] ?? 0),
        end: formatIsoEnd(bounds[index + 1] ?? 0),
        text,
        timezone: zone,
      },
      range_status: status,
      range_status_reason: `${actualText} of ${goal.is_inverse ? 'at most' : 'at least'} ${goalText}`,
      range_status_reason_short: actualText,
    };
  });
}

/** True for a context that matches every list of the goal. An empty list matches everything. */
function fitting({ languages, editors, projects, categories }: Goal): (context: HeartbeatContext) => boolean {
  const wanted = [
    ['languages', languages],
    ['editors', editors],
    ['projects', projects],
    ['categories', categories],
  ] as const;
  return (context) =>
    wanted.every(([dimension, list]) => {
      const lower = list.map((name) => name.toLowerCase());
      return list.length === 0 || labelsOf(context)[dimension].some((name) => lower.includes(name.toLowerCase()));
    });
}

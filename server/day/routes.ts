// The HTTP of the merged day: `GET /-/day/<date>` and `GET /-/days`. What a day is, is decided elsewhere; here are the parameters, the
// scopes and the refusals.

import { DayTotalsView, MergedDayView, RhythmView } from '../../protocol/day-answer.ts';
import { errors, type Refusal, refuse } from '../../protocol/errors.ts';
import { isZone } from '../adapters/wakatime/model/calendar.ts';
import { type Identity, isAllowed } from '../core/access.ts';
import { type AuthenticationDeps, authenticate } from '../http/authenticate.ts';
import { json, type Reply, type Request, type Route } from '../http/types.ts';
import { calendarOf, type DayAnswer } from './account-days.ts';
import { type DayTotals, presenceIn } from './day-sums.ts';
import { dateOfMoment, datesBetween, isDate, nextDate, timeByHour } from './engine/day-calendar.ts';
import type { MergedDays } from './merged-days.ts';
import { evidenceChannels } from './readers/account-evidence.ts';

const minute = 60_000_000;
/** Ten years. */
const mostDays = 3_660;

export interface DayRouteDeps extends AuthenticationDeps {
  readonly days: MergedDays;
}

export const answers = {
  400: { description: 'A parameter is wrong; `hint` says what it should be.' },
  401: { description: 'No token, or an unknown one.' },
  403: { description: 'The token may read none of the channels that a day is made of.' },
} as const;

export function dayRoutes(deps: DayRouteDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/-/day/:date',
      doc: {
        summary: 'Answers where the time of one day went, each second once, with its reasons',
        tag: 'Merged day',
        scope: 'read',
        description:
          'Times are whole microseconds. A token that may read some channels only gets a day made of those alone; `without` lists the others.',
        params: { date: 'A date such as `2026-11-28`, or `today` or `yesterday`.' },
        query: {
          zone: 'A name of the zone database, such as `Europe/Berlin`, instead of the zone of the account.',
          bridge: 'Minutes: gaps of at most that are filled. The setting of the account unless given.',
        },
        responses: { 200: { description: 'The merged day.', schema: MergedDayView }, ...answers },
      },
      handle: async (request) => reply(await oneDay(deps, request)),
    },
    {
      method: 'GET',
      path: '/-/days',
      doc: {
        summary: 'Lists the sums of each day of a span',
        tag: 'Merged day',
        scope: 'read',
        description: 'At most ten years. The same tokens and the same numbers as for single days.',
        query: { from: 'The first date.', to: 'The last date, included.' },
        responses: { 200: { description: 'A list of days.', schema: DayTotalsView }, ...answers },
      },
      handle: async (request) => reply(await manyDays(deps, request)),
    },
    {
      method: 'GET',
      path: '/-/rhythm',
      doc: {
        summary: 'Answers when somebody works: the time of a span by weekday and hour',
        tag: 'Merged day',
        scope: 'read',
        description: 'Of the same days as `/-/days`, at most ten years.',
        query: { from: 'The first date.', to: 'The last date, included.' },
        responses: { 200: { description: 'Seven weekdays of 24 hours.', schema: RhythmView }, ...answers },
      },
      handle: async (request) => reply(await rhythm(deps, request)),
    },
  ];
}

export type DayRouteOutcome = { readonly ok: true; readonly value: unknown } | Refusal;

export function reply(outcome: DayRouteOutcome): Reply {
  if (outcome.ok) return json(200, outcome.value, { 'cache-control': 'no-store' });
  const { code, error, hint } = outcome;
  return json(errors[code].status, { error, code, hint });
}

async function oneDay(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const admitted = admitReader(deps, request);
  if (!admitted.ok) return admitted;
  const { identity } = admitted;
  const mayRead = mayReadDays(admitted);
  const query = new URLSearchParams(request.query);
  const zone = query.get('zone') ?? undefined;
  if (zone !== undefined && !isZone(zone)) return refuse('property', 'zone', 'a zone such as Europe/Berlin');
  const bridge = bridgeIn(query.get('bridge'));
  if (bridge === null) return refuse('property', 'bridge', 'minutes, 0 to 1440');
  const date = await dateIn(deps, identity, request.params.get('date') ?? '', zone);
  if (date === undefined) return refuse('property', 'date', 'YYYY-MM-DD, today or yesterday');
  const { days } = deps.days.of(identity.account);
  const value: DayAnswer = await days.day({ date, zone, bridge, mayRead });
  return { ok: true, value };
}

type AskedSpan = {
  readonly ok: true;
  readonly account: string;
  readonly mayRead: Reader['mayRead'];
  readonly dates: readonly string[];
};

async function readSpan(deps: DayRouteDeps, request: Request): Promise<AskedSpan | Refusal> {
  const admitted = admitReader(deps, request);
  if (!admitted.ok) return admitted;
  const { identity } = admitted;
  const query = new URLSearchParams(request.query);
  const from = await dateIn(deps, identity, query.get('from') ?? '', undefined);
  const to = await dateIn(deps, identity, query.get('to') ?? '', undefined);
  if (from === undefined) return refuse('property', 'from', 'YYYY-MM-DD, today or yesterday');
  if (to === undefined) return refuse('property', 'to', 'YYYY-MM-DD, today or yesterday');
  const dates = datesBetween(from, to);
  if (dates.length > mostDays) return refuse('property', 'to', 'at most ten years at once');
  return { ok: true, account: identity.account, mayRead: mayReadDays(admitted), dates };
}

async function manyDays(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const span = await readSpan(deps, request);
  if (!span.ok) return span;
  const { account, mayRead, dates } = span;
  const { days, sums } = deps.days.of(account);
  if (mayRead('*')) return { ok: true, value: { days: await sums.of(dates), without: [] } };
  const some: DayTotals[] = [];
  let without: readonly string[] = [];
  for (const date of dates) {
    if (request.aborted()) break;
    const answer = await days.day({ date, mayRead });
    const { total, projects, human, agent, agent_wall, attended } = answer;
    some.push({ date, total, projects, human, agent, agent_wall, attended });
    without = answer.without;
  }
  return { ok: true, value: { days: some, without } };
}

async function rhythm(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const span = await readSpan(deps, request);
  if (!span.ok) return span;
  const { account, mayRead, dates } = span;
  const { days, sums } = deps.days.of(account);
  const weekdays = Array.from({ length: 7 }, () => new Array<number>(24).fill(0));
  const add = (date: string, hours: readonly number[]): void => {
    const weekday = weekdays[(new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7] ?? [];
    for (const [hour, time] of hours.entries()) weekday[hour] = (weekday[hour] ?? 0) + time;
  };
  let without: readonly string[] = [];
  if (mayRead('*')) for (const [at, hours] of (await sums.hoursOf(dates)).entries()) add(dates[at] ?? '', hours);
  else {
    const calendar = calendarOf(await days.settings(), undefined);
    for (const date of dates) {
      if (request.aborted()) break;
      const day = await days.day({ date, mayRead });
      add(date, timeByHour(presenceIn(day), [day.from, day.to], calendar));
      without = day.without;
    }
  }
  return { ok: true, value: { weekdays, without } };
}

type Reader = { readonly ok: true; readonly identity: Identity; readonly mayRead: (channel: string) => boolean };

export function admitReader(deps: DayRouteDeps, request: Request): Reader | Refusal {
  const admitted = authenticate(deps, request);
  if (!admitted.ok) return admitted;
  const { identity } = admitted;
  const mayRead = (channel: string): boolean => isAllowed(identity, 'read', `${identity.account}/${channel}`);
  const anything = identity.scopes.some((scope) => scope === 'read' || scope.startsWith('read:'));
  const isUseful =
    mayReadChannelOfDays(identity) ||
    evidenceChannels.some(mayRead) ||
    identity.scopes.some((scope) => scope.startsWith('read:aw/'));
  return anything && isUseful
    ? { ok: true, identity, mayRead }
    : refuse(
        'forbidden',
        '',
        'this needs read, or read:<channel> of a channel that days are made of, such as read:tasks',
      );
}

/** Who may follow the channels `day/<date>` sees whole days on every transport, whatever else they may read. */
export function mayReadDays({ identity, mayRead }: Reader): Reader['mayRead'] {
  return mayReadChannelOfDays(identity) ? () => true : mayRead;
}

function mayReadChannelOfDays(identity: Identity): boolean {
  return isAllowed(identity, 'read', `${identity.account}/day/*`);
}

/** Microseconds; undefined without the parameter, null if it is wrong. */
function bridgeIn(text: string | null): number | undefined | null {
  if (text === null) return undefined;
  const minutes = Number(text);
  return text.trim() !== '' && minutes >= 0 && minutes <= 1_440 ? Math.round(minutes * minute) : null;
}

export async function dateIn(
  { days }: DayRouteDeps,
  { account }: Identity,
  text: string,
  zone: string | undefined,
): Promise<string | undefined> {
  if (text !== 'today' && text !== 'yesterday') return isDate(text) ? text : undefined;
  const settings = await days.of(account).days.settings();
  const today = dateOfMoment(days.hub.world.now() * 1_000, calendarOf(settings, zone));
  return text === 'today' ? today : nextDate(today, -1);
}

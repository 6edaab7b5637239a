// Links to an account's time as a calendar (ICS), for programs that subscribe to one. A link is an item of `<account>/shares`, like the other
// links that show something without a token: its key cannot be guessed, and it ends with the item, and with the token or account that made
// it.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import { refuse } from '../../protocol/errors.ts';
import { Name } from '../../protocol/names.ts';
import type { Identity } from '../core/access.ts';
import type { CachedChannel } from '../core/cached-channel.ts';
import { calendarOf } from '../day/account-days.ts';
import { dateOfMoment, datesBetween, nextDate } from '../day/engine/day-calendar.ts';
import type { DayRouteDeps } from '../day/routes.ts';
import { admittedRoutes } from '../http/admitted-routes.ts';
import { refusalReply } from '../http/error-boundary.ts';
import { bodyOf } from '../http/json-body.ts';
import { hubAddress, json, type Reply, type Request, type Route, type RouteDoc, text } from '../http/types.ts';
import { toIcs } from './ics.ts';
import { readDay, readLabels, type TimeStretch } from './read-parts.ts';

const usualDays = 31;
const mostLinks = 100;
const noStore = { 'cache-control': 'no-store' };
const kind = 'feed';
const tag = 'Reports';
const everything = (): boolean => true;

/** A request for a feed. */
const FeedRequest = Type.Object(
  {
    name: Type.Optional(Name),
    days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 366,
        description: 'how many days it shows, today included; 31 unless given',
      }),
    ),
    titles: Type.Optional(
      Type.Boolean({ description: 'false: names of projects only, without texts of tasks and entries, and tags' }),
    ),
    shortest: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1_440,
        description: 'minutes: shorter stretches are left out; 0 unless given',
      }),
    ),
  },
  { additionalProperties: false },
);
type FeedRequest = Static<typeof FeedRequest>;

/** A link as it is stored. `maker` is the token with which it ends. */
const FeedShare = Type.Object({
  kind: Type.Literal(kind),
  name: Type.String(),
  days: Type.Integer(),
  titles: Type.Boolean(),
  shortest: Type.Number(),
  maker: Type.String(),
});
type FeedShare = Static<typeof FeedShare>;

const checks = { request: compile(FeedRequest), share: compile(FeedShare) };
const isRequest = (value: unknown): value is FeedRequest => checks.request(value);
const isShare = (value: unknown): value is FeedShare => checks.share(value);

const docs = {
  list: {
    tag,
    scope: 'read',
    summary: 'Lists the links to the account’s time as a calendar',
    responses: { 200: { example: { feeds: [] } } },
  },
  add: {
    tag,
    scope: 'read write',
    summary: 'Makes a link to the account’s time as a calendar, for programs that subscribe to one',
    description:
      'Whoever has the link reads what it shows, without a token. It works until it is deleted, or the token that made it ends.',
    body: { schema: FeedRequest, example: { name: 'my hours', days: 31, titles: false } },
    responses: { 201: { example: { id: '6f1b…', url: 'https://hub.example.org/-/feed/ann/6f1b….ics' } } },
  },
  remove: {
    tag,
    scope: 'read write',
    summary: 'Deletes a link to a calendar; it ends at once',
    params: { id: 'The id of the link.' },
    responses: { 204: { description: 'Deleted.' }, 404: { description: 'No such link.' } },
  },
  feed: {
    tag,
    scope: 'none',
    summary: 'Answers the calendar that a link shows: each stretch of one thing as an event',
    description:
      'An event that grows keeps its UID. Times are UTC, to the second. What a link shows is all that the account may read.',
    params: { account: 'The name of the account.', file: 'The id of the link, with `.ics`.' },
    responses: {
      200: { type: 'text/calendar', description: 'iCalendar (RFC 5545).' },
      404: { description: 'No such link, or none any more.' },
    },
  },
} as const satisfies Record<string, RouteDoc>;

export function feedRoutes(deps: DayRouteDeps): readonly Route[] {
  const route = admittedRoutes(deps);
  return [
    route('GET', '/-/feeds', docs.list, async ({ account }, request) => {
      const links = await linksOf(deps, account);
      return json(200, { feeds: links.map(({ id, share }) => viewOf(request, account, id, share)) }, noStore);
    }),
    route('POST', '/-/feeds', docs.add, async (identity, request) => addLink(deps, identity, request)),
    route('DELETE', '/-/feeds/:id', docs.remove, async ({ account }, request) => {
      const id = request.params.get('id') ?? '';
      const known = (await linksOf(deps, account)).some((link) => link.id === id);
      if (!known) return refusalReply(refuse('not_found', 'feed'));
      const { hub } = deps.days;
      const by = { origin: 'hub', at: hub.world.now() };
      await (await sharesOf(deps, account)).write(() => ({
        ok: true,
        write: { ops: [{ op: 'remove', key: id }], ...by },
      }));
      return { status: 204, headers: {}, body: '' };
    }),
    { method: 'GET', path: '/-/feed/:account/:file', doc: docs.feed, handle: (request) => feed(deps, request) },
  ];
}

function sharesOf({ days }: DayRouteDeps, account: string): Promise<CachedChannel> {
  return days.hub.cachedChannel(`${account}/shares`);
}

/** The links of an account that are open. */
async function linksOf(deps: DayRouteDeps, account: string) {
  const { items } = await (await sharesOf(deps, account)).settled();
  return [...items.values()].flatMap(({ key: id, value }) => {
    const share: unknown = JSON.parse(value);
    return isShare(share) && deps.accounts.isMakerLive(account, share.maker) ? [{ id, share }] : [];
  });
}

function viewOf(request: Request, account: string, id: string, { name, days, titles, shortest }: FeedShare) {
  return { id, name, days, titles, shortest, url: `${hubAddress(request)}/-/feed/${account}/${id}.ics` };
}

async function addLink(deps: DayRouteDeps, { account, token }: Identity, request: Request): Promise<Reply> {
  const body = bodyOf(request) ?? {};
  if (!isRequest(body))
    return refusalReply(
      refuse('payload', '', 'send {"name"?: "…", "days"?: 31, "titles"?: false, "shortest"?: minutes}'),
    );
  const { hub } = deps.days;
  if ((await linksOf(deps, account)).length >= mostLinks)
    return refusalReply(refuse('too_many', '', `an account has at most ${mostLinks} feeds`));
  const { name = account, days = usualDays, titles = true, shortest = 0 } = body;
  const share: FeedShare = { kind, name, days, titles, shortest, maker: deps.accounts.makerOf(token) };
  const id = hub.world.secret();
  const op = { op: 'put', key: id, value: JSON.stringify(share) } as const;
  const done = await (await sharesOf(deps, account)).write(() => ({
    ok: true,
    write: { ops: [op], origin: 'hub', at: hub.world.now() },
  }));
  return done.ok ? json(201, viewOf(request, account, id, share), noStore) : refusalReply(done);
}

/** A link is looked up at each request, so one that was deleted ends at once. */
async function feed(deps: DayRouteDeps, request: Request): Promise<Reply> {
  const account = request.params.get('account') ?? '';
  const [, id = ''] = /^(.+)\.ics$/.exec(request.params.get('file') ?? '') ?? [];
  const link = deps.accounts.isAccount(account)
    ? (await linksOf(deps, account)).find((one) => one.id === id)
    : undefined;
  if (link === undefined) return text(404, 'no such link, or none any more\n', noStore);
  const { name, days, titles, shortest } = link.share;
  const stretches = await recentStretches(deps, account, days, request);
  const shown = joinNeighbours(stretches, titles).filter(({ from, to }) => to - from >= shortest * 60_000_000);
  return {
    status: 200,
    headers: { ...noStore, 'content-type': 'text/calendar; charset=utf-8' },
    body: toIcs({ account, name, hasTitles: titles }, shown),
  };
}

async function recentStretches(
  { days }: DayRouteDeps,
  account: string,
  count: number,
  request: Request,
): Promise<readonly TimeStretch[]> {
  const reader = { account, mayRead: everything, mayReadDays: everything };
  const calendar = calendarOf(await days.of(account).days.settings(), undefined);
  const today = dateOfMoment(days.hub.world.now() * 1_000, calendar);
  const labels = await readLabels(days, reader);
  const stretches: TimeStretch[] = [];
  for (const date of datesBetween(nextDate(today, 1 - count), today)) {
    if (request.aborted()) break;
    stretches.push(...(await readDay(days, reader, date, labels)).stretches);
  }
  return stretches;
}

/** Without titles, neighbours of one project are one event: where one task ends and the next begins is not shown. */
function joinNeighbours(stretches: readonly TimeStretch[], hasTitles: boolean): readonly TimeStretch[] {
  if (hasTitles) return stretches;
  const all: TimeStretch[] = [];
  for (const stretch of stretches) {
    const before = all.at(-1);
    if (before?.to === stretch.from && before.project === stretch.project)
      all[all.length - 1] = { ...before, to: stretch.to };
    else all.push(stretch);
  }
  return all;
}

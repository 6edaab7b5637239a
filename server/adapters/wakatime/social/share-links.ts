// Links that show one list or chart of an account to anyone who has the link: JSON, JSONP for pages of other origins, or a picture. A
// link is an item of `<account>/shares` with an unguessable key; it ends with the item, and with the token or account that made it. Badges of projects show only what
// the account shares with everybody.

import type { Hub } from '../../../core/hub.ts';
import { json, type Reply, type Request, type Route } from '../../../http/types.ts';
import type { Authorizer } from '../auth/authorize.ts';
import { type Endpoint, errorReply } from '../endpoint.ts';
import { addDays, type DateSpan, formatDate, formatIso, listDates, readStatsRange } from '../model/calendar.ts';
import { formatMinutes, percentOf, toSeconds } from '../model/format-time.ts';
import { isObject } from '../model/heartbeat.ts';
import { colorOf } from '../model/languages-and-editors.ts';
import { updateItem } from '../model/update-item.ts';
import { pathParam, readObject, readText } from '../request-fields.ts';
import { type NamedSum, totalOf } from '../stats/group-by.ts';
import { listProjects, paginate } from '../stats/lists.ts';
import { dimensions, isSameName } from '../stats/names.ts';
import { mostDays, parseQuery, type TimeQuery } from '../stats/query.ts';
import { allTimeSpan, computeSpan } from '../stats/stats.ts';
import { buildSummaries } from '../stats/summaries.ts';
import { badgeColor, drawBadge, drawBars, drawYear, svgReply } from './svg.ts';

/** The kinds of data that a link may show: a list, the days one by one, or the total of a project. */
const kinds = [...dimensions, 'activity', 'badge'] as const;
type Kind = (typeof kinds)[number];

interface Share {
  readonly kind: Kind;
  /** The name of a range of `stats`. */
  readonly range: string;
  readonly title: string;
  /** '' for all projects. */
  readonly project: string;
  /** The token with which it ends; absent in links of earlier versions. */
  readonly maker?: string;
}

const mostShares = 1_000;
const channelOf = (account: string): string => `${account}/shares`;
const noShare = 'no such link, or none any more';

function shareIn(input: unknown): Share | undefined {
  if (!isObject(input)) return undefined;
  const kind = kinds.find((one) => one === (input['type'] ?? input['kind']));
  const range = readText(input, 'range') || 'last_7_days';
  const [title, project] = [readText(input, 'title'), readText(input, 'project')];
  return kind === undefined ? undefined : { kind, range, title: title || kind.replaceAll('_', ' '), project };
}

/** The links of an account that are open. */
async function sharesOf(authorizer: Authorizer, account: string) {
  const { items } = (await authorizer.hub.cachedChannel(channelOf(account))).view;
  return [...items.values()].flatMap(({ key, value, at }) => {
    const input: unknown = JSON.parse(value);
    const share = shareIn(input);
    const maker = isObject(input) ? readText(input, 'maker') : '';
    return share === undefined || !authorizer.isOpen(account, { maker }) ? [] : [{ id: key, at, share }];
  });
}

function describeShare(base: string, account: string, { id, at, share }: { id: string; at: number; share: Share }) {
  const link = `${base}/share/@${account}/${id}`;
  const { kind, range, title, project } = share;
  const links =
    kind === 'badge'
      ? { svg: `${base}/badge/svg/@${account}/${id}.svg`, json: null }
      : { svg: `${link}.svg`, json: `${link}.json` };
  return {
    id,
    type: kind,
    range,
    title,
    project: project || null,
    url: links.svg,
    json_url: links.json,
    created_at: formatIso(at * 1_000),
  };
}

async function createShare(hub: Hub, account: string, share: Share) {
  const [id, at] = [hub.world.secret(), hub.world.now()];
  await updateItem(hub, channelOf(account), id, () => ({ ok: true, value: share }));
  return { id, at, share };
}

/** Endpoints to create and delete links are Horai's own: WakaTime has them on its web site. */
export const shareEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'shares',
    async answer({ authorizer, person: { account, base = '' }, question }) {
      const all = await sharesOf(authorizer, account);
      return json(
        200,
        paginate(
          all.map((one) => describeShare(base, account, one)),
          question.query,
        ),
      );
    },
  },
  {
    method: 'POST',
    path: 'shares',
    async answer({ hub, authorizer, person: { account, base = '' }, request, question, maker }) {
      const share = shareIn(readObject(request));
      if (share === undefined) return errorReply(400, `type must be one of ${kinds.join(', ')}`);
      if (readStatsRange(share.range, question.now, true) === undefined) return errorReply(400, 'no such range');
      if ((await sharesOf(authorizer, account)).length >= mostShares)
        return errorReply(400, `at most ${mostShares} links`);
      return json(201, { data: describeShare(base, account, await createShare(hub, account, { ...share, maker })) });
    },
  },
  {
    method: 'DELETE',
    path: 'shares/:share',
    async answer({ hub, person: { account }, request }) {
      await updateItem<undefined>(hub, channelOf(account), pathParam(request, 'share'), () => ({
        ok: true,
        value: undefined,
      }));
      return json(200, { data: {} });
    },
  },
];

/** A link opens without a key. It is looked up at each request, so a deleted link stops working at once. */
export function shareRoutes(authorizer: Authorizer): readonly Route[] {
  const route = (path: string, handle: (authorizer: Authorizer, request: Request) => Promise<Reply>): Route => {
    return { method: 'GET', path, handle: (request) => handle(authorizer, request) };
  };
  const sharedRoute = (...[path, handle]: Parameters<typeof route>): Route => ({
    ...route(path, handle),
    isEmbeddable: true,
  });
  return [
    sharedRoute('/share/:user/:file', replyShare),
    sharedRoute('/badge/user/:user/project/:file', replyProjectBadge),
    route('/badge/link/:project', replyBadgeLink),
    sharedRoute('/badge/svg/:user/:badge', replyUserBadge),
    // hakatime's links do not name the account.
    sharedRoute('/badge/svg/:badge', (_, request) => replyWithBadge(authorizer, request, authorizer.accounts)),
  ];
}

async function questionOf(authorizer: Authorizer, account: string, request: Request, query = ''): Promise<TimeQuery> {
  const person = await authorizer.person(account, request);
  const parsed = parseQuery(person, new URLSearchParams(query), authorizer.hub.world.now());
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

async function shareAt(authorizer: Authorizer, account: string, id: string): Promise<Share | undefined> {
  return (await sharesOf(authorizer, account)).find((one) => one.id === id)?.share;
}

async function replyShare(authorizer: Authorizer, request: Request): Promise<Reply> {
  const account = authorizer.accountOf(pathParam(request, 'user'));
  const [, id = '', form = ''] = /^(.+)\.(json|svg|png)$/.exec(pathParam(request, 'file')) ?? [];
  const share = account === undefined ? undefined : await shareAt(authorizer, account, id);
  if (account === undefined || share === undefined || share.kind === 'badge') return errorReply(404, noShare);
  if (form === 'png') return errorReply(501, 'this hub has no PNG images: use the .svg');
  const question = await questionOf(authorizer, account, request, ofProject(share.project));
  return form === 'svg'
    ? svgReply(await drawShare(question, share))
    : replyWithCallback(request, { data: await shareData(question, share) });
}

async function replyProjectBadge(authorizer: Authorizer, request: Request): Promise<Reply> {
  const account = authorizer.accountOf(pathParam(request, 'user'));
  const id = pathParam(request, 'file').replace(/\.svg$/, '');
  if (account === undefined) return errorReply(404, 'no such badge');
  const question = await questionOf(authorizer, account, request);
  const { shares, shareDays } = question.person.settings;
  const projects = listProjects(question.person, question.moment);
  const project = projects.find((one) => one.id === id || isSameName(one.name, id));
  if (!shares.time || !shares.projects || project === undefined) return errorReply(404, 'no such badge');
  const ofOne = await questionOf(authorizer, account, request, ofProject(project.name));
  const span = allTimeSpan(ofOne);
  const since = shareDays === undefined ? span.first : addDays(ofOne.now.today, -shareDays);
  return badgeOf(request, ofOne, { ...span, first: since > span.first ? since : span.first });
}

async function replyBadgeLink(authorizer: Authorizer, request: Request): Promise<Reply> {
  const authorized = authorizer.authorize(request, 'current', ['read', 'write']);
  if (!authorized.ok) return authorized.reply;
  // This may create a link, and a picture on another page must not do that in the owner's name.
  if (request.authorization === '') return errorReply(401, 'send the key in the Authorization header');
  const { account, maker } = authorized;
  const project = pathParam(request, 'project');
  const known = (await sharesOf(authorizer, account)).find(
    ({ share }) => share.kind === 'badge' && share.project === project,
  );
  const badge: Share = { kind: 'badge', range: 'last_7_days', title: project, project, maker };
  const { id } = known ?? (await createShare(authorizer.hub, account, badge));
  const { base = '' } = await authorizer.personInfo(account, request);
  return json(200, { badgeUrl: `${base}/badge/svg/@${account}/${id}.svg` });
}

function replyUserBadge(authorizer: Authorizer, request: Request): Promise<Reply> {
  const account = authorizer.accountOf(pathParam(request, 'user'));
  return replyWithBadge(authorizer, request, account === undefined ? [] : [account]);
}

/** Replies with the badge of a link that belongs to one of the accounts. */
async function replyWithBadge(authorizer: Authorizer, request: Request, accounts: readonly string[]): Promise<Reply> {
  const id = pathParam(request, 'badge').replace(/\.svg$/, '');
  for (const account of accounts) {
    const share = await shareAt(authorizer, account, id);
    if (share?.kind !== 'badge') continue;
    const question = await questionOf(authorizer, account, request, ofProject(share.project));
    const wanted = new URLSearchParams(request.query).get('days');
    if (wanted === null) return badgeOf(request, question, spanOf(share, question));
    const [days, { today }] = [Number(wanted), question.now];
    if (!Number.isInteger(days) || days < 1 || days > mostDays) {
      return errorReply(400, `days must be 1 to ${mostDays}`);
    }
    return badgeOf(request, question, { first: addDays(today, 1 - days), last: today });
  }
  return errorReply(404, noShare);
}

const ofProject = (name: string): string => (name === '' ? '' : `${new URLSearchParams({ project: name })}`);

async function badgeOf(request: Request, question: TimeQuery, span: DateSpan): Promise<Reply> {
  const query = new URLSearchParams(request.query);
  const { all } = await computeSpan(question, span);
  const label = query.get('label') ?? 'Horai';
  return svgReply(
    drawBadge(
      label,
      formatMinutes(toSeconds(all.total)),
      query.get('color') ?? badgeColor,
      query.get('style') ?? 'flat',
    ),
  );
}

function spanOf({ range }: Share, question: TimeQuery) {
  return readStatsRange(range, question.now, true)?.span ?? allTimeSpan(question);
}

async function rowsOf(question: TimeQuery, share: Share): Promise<readonly NamedSum[]> {
  const { all } = await computeSpan(question, spanOf(share, question));
  const dimension = dimensions.find((one) => one === share.kind);
  return dimension === undefined ? [] : all.rows(dimension);
}

async function shareData(question: TimeQuery, share: Share): Promise<readonly object[]> {
  if (share.kind === 'activity') {
    const { data } = await buildSummaries(question, spanOf(share, question));
    return data.map(({ grand_total, range }) => ({ grand_total, range }));
  }
  const rows = await rowsOf(question, share);
  const whole = totalOf(rows);
  return rows.map(({ name, sum }) => ({ name, percent: percentOf(sum, whole), color: colorOf(name) }));
}

async function drawShare(question: TimeQuery, share: Share): Promise<string> {
  const span = spanOf(share, question);
  if (share.kind === 'activity') {
    const { days } = await computeSpan(question, span);
    const squares = listDates(span).map((date, index) => {
      const amount = days[index] ?? 0;
      return { date, amount, title: `${formatDate(date)}: ${formatMinutes(toSeconds(amount))}` };
    });
    return drawYear(squares, { dark: false });
  }
  const rows = await rowsOf(question, share);
  const whole = totalOf(rows);
  const bars = rows.slice(0, 12).map(({ name, sum }) => {
    const part = percentOf(sum, whole);
    return { name, percent: part, text: `${part} %`, color: colorOf(name) };
  });
  return drawBars(share.title, bars);
}

/** Replies with JSON, or with a script (JSONP): as at WakaTime, no header allows pages of other origins to read the JSON. */
function replyWithCallback(request: Request, value: object): Reply {
  const callback = new URLSearchParams(request.query).get('callback');
  if (callback === null) {
    return json(200, value, { 'cache-control': 'max-age=300', 'cross-origin-resource-policy': 'same-origin' });
  }
  if (!/^[\w$.]{1,100}$/.test(callback)) return errorReply(400, 'callback must be the name of a function');
  // The comment keeps the name from being the magic bytes of another file type. U+2028 ends a line of a script, but not of JSON.
  const text = JSON.stringify(value).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
  return {
    status: 200,
    headers: { 'content-type': 'application/javascript; charset=utf-8' },
    body: `/**/${callback}(${text});`,
  };
}

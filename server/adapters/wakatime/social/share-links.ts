// Links to one list or chart of an account that anyone may open who has them: JSON, JSONP for pages elsewhere, or a picture. A share is
// an item of `<account>/shares` under an unguessable name; with the item, the link is gone. Badges of projects are here, too: those
// go by what the account shares with everybody.

import type { Hub } from '../../../core/hub.ts';
import { json, type Reply, type Request, type Route } from '../../../http/types.ts';
import type { Admission } from '../auth/authorize.ts';
import { type Endpoint, failed, param, saidIn, textIn } from '../endpoint.ts';
import { addDays, datesOf, iso, readStatsRange, type Span, spoken } from '../model/calendar.ts';
import { coarseText, percent, secondsOf } from '../model/format-time.ts';
import { isObject } from '../model/heartbeat.ts';
import { colorOf } from '../model/languages-and-editors.ts';
import { rewrite } from '../model/update-item.ts';
import { type Row, totalOf } from '../stats/group-by.ts';
import { paged, projects } from '../stats/lists.ts';
import { dimensions, isSameName } from '../stats/names.ts';
import { ask, mostDays, type Question } from '../stats/query.ts';
import { allTime, compute } from '../stats/stats.ts';
import { summaries } from '../stats/summaries.ts';
import { badge, badgeColor, barChart, svg, yearChart } from './svg.ts';

/** What may be shared: a list, the days one by one, or the total of a project. */
const kinds = [...dimensions, 'activity', 'badge'] as const;
type Kind = (typeof kinds)[number];

interface Share {
  readonly kind: Kind;
  /** As `stats` names it. */
  readonly range: string;
  readonly title: string;
  /** Of all projects where it is ''. */
  readonly project: string;
}

const mostShares = 1_000;
const channelOf = (account: string): string => `${account}/shares`;
const noShare = 'no such link, or none any more';

function shareIn(said: unknown): Share | undefined {
  if (!isObject(said)) return undefined;
  const kind = kinds.find((one) => one === (said['type'] ?? said['kind']));
  const range = textIn(said, 'range') || 'last_7_days';
  const [title, project] = [textIn(said, 'title'), textIn(said, 'project')];
  return kind === undefined ? undefined : { kind, range, title: title || kind.replaceAll('_', ' '), project };
}

async function sharesOf(hub: Hub, account: string) {
  const { items } = (await hub.cachedChannel(channelOf(account))).view;
  return [...items.values()].flatMap(({ key, value, at }) => {
    const share = shareIn(JSON.parse(value));
    return share === undefined ? [] : [{ id: key, at, share }];
  });
}

function shown(base: string, account: string, { id, at, share }: { id: string; at: number; share: Share }) {
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
    created_at: iso(at * 1_000),
  };
}

async function make(hub: Hub, account: string, share: Share) {
  const [id, at] = [hub.world.secret(), hub.world.now()];
  await rewrite(hub, channelOf(account), id, () => ({ ok: true, value: share }));
  return { id, at, share };
}

/** Making and ending links is Horai's own: WakaTime does it on its web site. */
export const shareEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'shares',
    async answer({ hub, person: { account, base = '' }, question }) {
      const all = await sharesOf(hub, account);
      return json(
        200,
        paged(
          all.map((one) => shown(base, account, one)),
          question.query,
        ),
      );
    },
  },
  {
    method: 'POST',
    path: 'shares',
    async answer({ hub, person: { account, base = '' }, request, question }) {
      const share = shareIn(saidIn(request));
      if (share === undefined) return failed(400, `type must be one of ${kinds.join(', ')}`);
      if (readStatsRange(share.range, question.now, true) === undefined) return failed(400, 'no such range');
      if ((await sharesOf(hub, account)).length >= mostShares) return failed(400, `at most ${mostShares} links`);
      return json(201, { data: shown(base, account, await make(hub, account, share)) });
    },
  },
  {
    method: 'DELETE',
    path: 'shares/:share',
    async answer({ hub, person: { account }, request }) {
      await rewrite<undefined>(hub, channelOf(account), param(request, 'share'), () => ({
        ok: true,
        value: undefined,
      }));
      return json(200, { data: {} });
    },
  },
];

/** Opened without a key, by name alone: looked up each time, so that an ended link is closed at once. */
export function shareRoutes(admission: Admission): readonly Route[] {
  const { hub } = admission;

  const questionOf = async (account: string, request: Request, said = ''): Promise<Question> => {
    const asked = ask(await admission.person(account, request), new URLSearchParams(said), hub.world.now());
    if (!asked.ok) throw new Error(asked.error);
    return asked.value;
  };

  const shareAt = async (account: string, id: string) =>
    (await sharesOf(hub, account)).find((one) => one.id === id)?.share;

  /** The badge of a link, which one of these accounts has. */
  const linked = async (request: Request, accounts: readonly string[]): Promise<Reply> => {
    const id = param(request, 'badge').replace(/\.svg$/, '');
    for (const account of accounts) {
      const share = await shareAt(account, id);
      if (share?.kind !== 'badge') continue;
      const question = await questionOf(account, request, ofProject(share.project));
      const said = new URLSearchParams(request.query).get('days');
      if (said === null) return badgeOf(request, question, spanOf(share, question));
      const [days, { today }] = [Number(said), question.now];
      if (!Number.isInteger(days) || days < 1 || days > mostDays) return failed(400, `days must be 1 to ${mostDays}`);
      return badgeOf(request, question, { first: addDays(today, 1 - days), last: today });
    }
    return failed(404, noShare);
  };

  return [
    {
      method: 'GET',
      path: '/share/:user/:file',
      async handle(request) {
        const account = admission.accountOf(param(request, 'user'));
        const [, id = '', form = ''] = /^(.+)\.(json|svg|png)$/.exec(param(request, 'file')) ?? [];
        const share = account === undefined ? undefined : await shareAt(account, id);
        if (account === undefined || share === undefined || share.kind === 'badge') return failed(404, noShare);
        if (form === 'png') return failed(501, 'this hub draws no PNG: take the .svg');
        const question = await questionOf(account, request, ofProject(share.project));
        return form === 'svg' ? svg(drawn(question, share)) : called(request, { data: data(question, share) });
      },
    },
    {
      method: 'GET',
      path: '/badge/user/:user/project/:file',
      async handle(request) {
        const account = admission.accountOf(param(request, 'user'));
        const id = param(request, 'file').replace(/\.svg$/, '');
        if (account === undefined) return failed(404, 'no such badge');
        const question = await questionOf(account, request);
        const { shares } = question.person.settings;
        const found = projects(question.person, question.moment).find(
          (one) => one.id === id || isSameName(one.name, id),
        );
        if (!shares.time || !shares.projects || found === undefined) return failed(404, 'no such badge');
        const about = await questionOf(account, request, ofProject(found.name));
        const span = allTime(about);
        const { shareDays } = about.person.settings;
        const since = shareDays === undefined ? span.first : addDays(about.now.today, -shareDays);
        return badgeOf(request, about, { ...span, first: since > span.first ? since : span.first });
      },
    },
    {
      method: 'GET',
      path: '/badge/link/:project',
      async handle(request) {
        const admitted = admission.admit(request, 'current', 'write');
        if (!admitted.ok) return admitted.reply;
        // It may make a link, which no picture on some page shall do in the owner's name.
        if (request.authorization === '') return failed(401, 'send the key as a header');
        const { account } = admitted;
        const project = param(request, 'project');
        const known = (await sharesOf(hub, account)).find(
          ({ share }) => share.kind === 'badge' && share.project === project,
        );
        const badged: Share = { kind: 'badge', range: 'last_7_days', title: project, project };
        const { id } = known ?? (await make(hub, account, badged));
        const { base = '' } = await admission.someone(account, request);
        return json(200, { badgeUrl: `${base}/badge/svg/@${account}/${id}.svg` });
      },
    },
    {
      method: 'GET',
      path: '/badge/svg/:user/:badge',
      handle: (request) => {
        const account = admission.accountOf(param(request, 'user'));
        return linked(request, account === undefined ? [] : [account]);
      },
    },
    {
      method: 'GET',
      path: '/badge/svg/:badge',
      // Hakatime's own links name nobody.
      handle: (request) => linked(request, admission.accounts),
    },
  ];
}

const ofProject = (name: string): string => (name === '' ? '' : `${new URLSearchParams({ project: name })}`);

function badgeOf(request: Request, question: Question, span: Span): Reply {
  const query = new URLSearchParams(request.query);
  const { all } = compute(question, span);
  const label = query.get('label') ?? 'Horai';
  return svg(
    badge(label, coarseText(secondsOf(all.total)), query.get('color') ?? badgeColor, query.get('style') ?? 'flat'),
  );
}

function spanOf({ range }: Share, question: Question) {
  return readStatsRange(range, question.now, true)?.span ?? allTime(question);
}

function rowsOf(question: Question, share: Share): readonly Row[] {
  const { all } = compute(question, spanOf(share, question));
  const dimension = dimensions.find((one) => one === share.kind);
  return dimension === undefined ? [] : all.rows(dimension);
}

function data(question: Question, share: Share): readonly object[] {
  if (share.kind === 'activity') {
    return summaries(question, spanOf(share, question)).data.map(({ grand_total, range }) => ({ grand_total, range }));
  }
  const rows = rowsOf(question, share);
  const whole = totalOf(rows);
  return rows.map(({ name, sum }) => ({ name, percent: percent(sum, whole), color: colorOf(name) }));
}

function drawn(question: Question, share: Share): string {
  const span = spanOf(share, question);
  if (share.kind === 'activity') {
    const { days } = compute(question, span);
    const squares = datesOf(span).map((date, index) => {
      const amount = days[index] ?? 0;
      return { date, amount, title: `${spoken(date)}: ${coarseText(secondsOf(amount))}` };
    });
    return yearChart(squares, { dark: false });
  }
  const rows = rowsOf(question, share).slice(0, 12);
  const whole = totalOf(rowsOf(question, share));
  const bars = rows.map(({ name, sum }) => {
    const part = percent(sum, whole);
    return { name, percent: part, text: `${part} %`, color: colorOf(name) };
  });
  return barChart(share.title, bars);
}

/** Pages elsewhere read it as a script, since WakaTime answers without the headers that would let them read it otherwise. */
function called(request: Request, value: object): Reply {
  const callback = new URLSearchParams(request.query).get('callback');
  if (callback === null) return json(200, value, { 'cache-control': 'max-age=300' });
  if (!/^[\w$.]{1,100}$/.test(callback)) return failed(400, 'callback must be the name of a function');
  // The comment keeps a name from being the beginning of another kind of file; U+2028 ends a line of a script, but not of JSON.
  const text = JSON.stringify(value).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
  return {
    status: 200,
    headers: { 'content-type': 'application/javascript; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: `/**/${callback}(${text});`,
  };
}

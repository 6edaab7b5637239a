// External durations: time that no editor told of, meetings from a calendar say. They are items of `<account>/external_durations`, keyed
// by who told of them and how they call it, so that the same one sent again takes the place of the first. They count where no
// heartbeat does; that is credit.ts'.

import type { Hub } from '../../../core/hub.ts';
import type { Item, Put } from '../../../core/store.ts';
import { json, type Reply } from '../../../http/types.ts';
import { answered, type Endpoint, failed, saidIn, type Told, textIn } from '../endpoint.ts';
import { parsedBody } from '../ingest/ingest.ts';
import { boundsOf, iso, isoEnd, readDate } from '../model/calendar.ts';
import { secondsOf } from '../model/format-time.ts';
import { isObject, uuidOf } from '../model/heartbeat.ts';
import type { Besides } from '../stats/durations-algorithm.ts';
import { type Asked, type Question, wrong } from '../stats/query.ts';

const second = 1_000_000;
const mostAtOnce = 1_000;
const bodyLimit = 4_194_304;
const longestMeta = 2_083;
const longest = 86_400 * second;
/** Seconds since 1970; milliseconds sent by mistake are beyond the upper end. */
const [earliest, latest] = [1_000_000_000, 2_000_000_000];

const texts = ['entity', 'type', 'provider', 'category', 'project', 'branch', 'language', 'meta'] as const;

/** What is kept; '' stands for absent. */
type External = Readonly<Record<(typeof texts)[number] | 'external_id', string>>;

type Taken =
  | {
      readonly ok: true;
      readonly put: Put & { readonly time: number; readonly end: number };
      readonly external: External;
    }
  | { readonly ok: false; readonly errors: Readonly<Record<string, readonly string[]>> };

const channelOf = (account: string): string => `${account}/external_durations`;

/** @param at milliseconds since 1970 */
function take(said: unknown, at: number): Taken {
  if (!isObject(said)) return refused('external_duration', 'must be an object');
  const id = textIn(said, 'external_id');
  const [begin, end] = [secondsIn(said['start_time']), secondsIn(said['end_time'])];
  const meta = typeof said['meta'] === 'object' && said['meta'] !== null ? JSON.stringify(said['meta']) : said['meta'];
  if (id === '') return refused('external_id', 'is required');
  if (textIn(said, 'entity') === '') return refused('entity', 'is required');
  if (begin === undefined) return refused('start_time', 'is required: seconds since 1970');
  if (end === undefined) return refused('end_time', 'is required: seconds since 1970');
  if (end <= begin) return refused('end_time', 'must be after start_time');
  if (end - begin > longest) return refused('end_time', 'must be within a day of start_time');
  if (begin > at * 1_000 + longest) return refused('start_time', 'is more than a day in the future');
  if (typeof meta === 'string' && meta.length > longestMeta) {
    return refused('meta', `is longer than ${longestMeta} characters`);
  }
  const field = (name: string, absent = ''): string => textIn({ ...said, meta }, name, longestMeta) || absent;
  const external: External = {
    external_id: id,
    entity: field('entity'),
    type: field('type', 'app'),
    provider: field('provider'),
    category: field('category', 'meeting'),
    project: field('project'),
    branch: field('branch'),
    language: field('language'),
    meta: field('meta'),
  };
  const key = uuidOf(['external', external.provider, id]);
  return { ok: true, put: { op: 'put', key, value: JSON.stringify(external), time: begin, end }, external };
}

function refused(field: string, reason: string): Taken {
  return { ok: false, errors: { [field]: [reason] } };
}

/** As microseconds. */
function secondsIn(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds >= earliest && seconds <= latest)) return undefined;
  return Math.round(seconds * second);
}

/** Any client of the hub may write the channel: what is none of these is passed over. */
function read({ value }: Item): External | undefined {
  const said: unknown = JSON.parse(value);
  if (!isObject(said) || ![...texts, 'external_id'].every((name) => typeof said[name] === 'string')) return undefined;
  const external: External = JSON.parse(value);
  return external;
}

/** What counts besides an account's heartbeats, in order of its beginning. */
export async function besidesOf(hub: Hub, account: string): Promise<readonly Besides[]> {
  const { channel, view } = await hub.cachedChannel(channelOf(account));
  return channel.cached('besides', () => {
    const all = [...view.items.values()].flatMap((item): Besides[] => {
      const external = read(item);
      if (external === undefined || item.time === null || item.end === null) return [];
      const { entity, project, branch, language, category, type } = external;
      const context = {
        project,
        branch,
        language,
        category,
        type,
        userAgent: '',
        machine: '',
        dependencies: [],
        last: [],
      };
      return [{ begin: item.time, end: item.end, context, entity }];
    });
    return all.sort((a, b) => a.begin - b.begin || a.end - b.end);
  });
}

function shown(key: string, external: External, begin: number, end: number, at: number) {
  const said = Object.fromEntries(texts.map((name) => [name, external[name] === '' ? null : external[name]]));
  return {
    id: key,
    external_id: external.external_id,
    ...said,
    start_time: secondsOf(begin),
    end_time: secondsOf(end),
    created_at: iso(at * 1_000),
  };
}

async function write({ hub, person, question }: Told, ops: readonly Put[]): Promise<void> {
  if (ops.length === 0) return;
  const channel = await hub.channel(channelOf(person.account));
  await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
}

async function postOne(told: Told): Promise<Reply> {
  const at = told.hub.world.now();
  const taken = take(parsedBody(told.request.body), at);
  if (!taken.ok) return json(400, { errors: taken.errors });
  await write(told, [taken.put]);
  const { key, time, end } = taken.put;
  return json(201, { data: shown(key, taken.external, time, end, at) });
}

async function postMany(told: Told): Promise<Reply> {
  const at = told.hub.world.now();
  const body = parsedBody(told.request.body);
  if (!Array.isArray(body)) return failed(400, 'the body must be a list of external durations');
  if (body.length > mostAtOnce) return failed(400, `at most ${mostAtOnce} at once`);
  const all = body.map((one) => take(one, at));
  await write(
    told,
    all.flatMap((one) => (one.ok ? [one.put] : [])),
  );
  const responses = all.map((one) =>
    one.ok
      ? [{ data: shown(one.put.key, one.external, one.put.time, one.put.end, at) }, 201]
      : [{ errors: one.errors }, 400],
  );
  return json(201, { responses });
}

async function listed(hub: Hub, { person, query, zone, now, project, branches }: Question): Promise<Asked<object>> {
  const date = readDate(query.get('date') ?? '', now, zone);
  if (date === undefined) return wrong('date is required: YYYY-MM-DD');
  const [from = 0, to = 0] = boundsOf([date], zone);
  const channel = await hub.channel(channelOf(person.account));
  const all = (await channel.read({ from, to })).flatMap((item) => {
    const external = read(item);
    if (external === undefined || item.time === null || item.end === null) return [];
    if (project !== '' && external.project !== project) return [];
    if (branches.length > 0 && !branches.includes(external.branch)) return [];
    return [{ external, told: shown(item.key, external, item.time, item.end, item.at) }];
  });
  const seen = [...new Set(all.map(({ external }) => external.branch).filter((branch) => branch !== ''))].sort();
  const data = all.map(({ told }) => told);
  return { ok: true, value: { data, branches: seen, start: iso(from), end: isoEnd(to), timezone: zone } };
}

/** Only ids of that day, as of heartbeats. */
async function removed({ hub, person, question, request }: Told): Promise<Asked<object>> {
  const said = saidIn(request);
  const date = readDate(textIn(said, 'date'), question.now, question.zone);
  const ids: unknown = said['ids'];
  if (date === undefined || !Array.isArray(ids)) return wrong('send {"date": "YYYY-MM-DD", "ids": [...]}');
  const [from = 0, to = 0] = boundsOf([date], question.zone);
  const channel = await hub.channel(channelOf(person.account));
  const wanted = new Set<unknown>(ids);
  const items = await channel.read({ from, to });
  const ops = items.filter(({ key }) => wanted.has(key)).map(({ key }) => ({ op: 'remove', key }) as const);
  if (ops.length > 0) {
    await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
  }
  return { ok: true, value: { data: {} } };
}

export const externalEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'external_durations',
    needs: ['summaries'],
    answer: async ({ hub, question }) => answered(await listed(hub, question)),
  },
  { method: 'POST', path: 'external_durations', needs: ['heartbeats'], answer: postOne },
  { method: 'POST', path: 'external_durations.bulk', needs: ['heartbeats'], limit: bodyLimit, answer: postMany },
  {
    method: 'DELETE',
    path: 'external_durations.bulk',
    needs: ['heartbeats'],
    answer: async (told) => answered(await removed(told)),
  },
];

// The heartbeats of one day as they were kept: listed, and deleted. They are read from the channel, not from memory, because only
// there they are whole.

import type { Hub } from '../../../core/hub.ts';
import type { Item } from '../../../core/store.ts';
import { boundsOf, iso, isoEnd, readDate } from '../model/calendar.ts';
import { secondsOf } from '../model/format-time.ts';
import { type Heartbeat, isObject, readHeartbeat } from '../model/heartbeat.ts';
import { credit } from '../stats/durations-algorithm.ts';
import { inherited, type Place } from '../stats/inherit-fields.ts';
import { agentId } from '../stats/lists.ts';
import { type Asked, type Person, type Question, wrong } from '../stats/query.ts';
import { machineId } from '../stats/summaries.ts';

const minute = 60_000_000;
const pageLength = 2_000;
/** Characters. */
const pageSize = 1_048_576;

export async function list(hub: Hub, { person, query, zone, now }: Question): Promise<Asked<object>> {
  const date = readDate(query.get('date') ?? '', now, zone);
  if (date === undefined) return wrong('date is required: YYYY-MM-DD');
  const [from = 0, to = 0] = boundsOf([date], zone);
  const data = await shownHeartbeats(hub, person, from, to);
  return { ok: true, value: { data, start: iso(from), end: isoEnd(to), timezone: zone } };
}

/** Those of [from, to) as they are told, in order of time. */
async function shownHeartbeats(hub: Hub, person: Person, from: number, to: number): Promise<readonly object[]> {
  const items = await read(hub, person, from, to);
  const known = placesOf(person, from, to);
  return items.flatMap((item) => {
    const heartbeat = readHeartbeat(item.value, item.time);
    return heartbeat === undefined
      ? []
      : [shown(item, heartbeat, person, known.get(`${item.time} ${heartbeat.entity}`))];
  });
}

/** By moment and entity: what heartbeats that say "as before" stand for. */
function placesOf({ beats, settings }: Person, from: number, to: number): ReadonlyMap<string, Place> {
  const reach = settings.timeout * minute;
  const known = new Map<string, Place>();
  credit(
    beats,
    { timeout: reach, writesOnly: false, reach },
    { from, to },
    ({ begins, contexts, entities, length }) => {
      for (let at = 0; at < length; at += 1) {
        known.set(`${begins[at]} ${beats.entity(entities[at] ?? 0)}`, beats.context(contexts[at] ?? 0));
      }
    },
  );
  return known;
}

/** All that the account has from a moment on as it is told, in order of time, in pages of about a mebibyte. */
export async function* pagesOfHeartbeats(
  hub: Hub,
  person: Pick<Person, 'account' | 'id' | 'settings'>,
  since: number,
): AsyncGenerator<readonly { readonly time: number; readonly said: object }[]> {
  const channel = await hub.channel(`${person.account}/wakatime`);
  const reach = person.settings.timeout * minute;
  let before: { readonly time: number; readonly place: Place } | undefined;
  for (let after: Item | undefined; ; ) {
    const range = after === undefined ? { from: since } : { from: since, after: { key: after.key, time: after.time } };
    const items = await channel.read({ ...range, limit: pageLength, size: pageSize });
    yield items.flatMap((item) => {
      const heartbeat = readHeartbeat(item.value, item.time);
      if (heartbeat === undefined || item.time === null) return [];
      const { project = '', branch = '', language = '', last = [] } = heartbeat;
      const near = before !== undefined && item.time - before.time < reach ? before.place : undefined;
      const place = inherited({ project, branch, language, last }, near);
      before = { time: item.time, place };
      return [{ time: item.time, said: shown(item, heartbeat, person, place) }];
    });
    after = items.at(-1);
    if (after === undefined) return;
  }
}

/** Only ids of that day. The answer to a repetition is the same. */
export async function remove(hub: Hub, { person, zone, now, moment }: Question, body: unknown): Promise<Asked<object>> {
  const said = isObject(body) ? body : {};
  const date = readDate(typeof said['date'] === 'string' ? said['date'] : '', now, zone);
  const ids: unknown = said['ids'];
  if (date === undefined || !Array.isArray(ids)) return wrong('send {"date": "YYYY-MM-DD", "ids": [...]}');
  const [from = 0, to = 0] = boundsOf([date], zone);
  const wanted = new Set<unknown>(ids);
  const items = await read(hub, person, from, to);
  const ops = items.filter(({ key }) => wanted.has(key)).map(({ key }) => ({ op: 'remove', key }) as const);
  const channel = await hub.channel(`${person.account}/wakatime`);
  if (ops.length > 0) await channel.write({ ops, origin: 'wakatime', at: Math.floor(moment / 1_000) });
  return { ok: true, value: { data: {} } };
}

async function read(hub: Hub, { account }: Person, from: number, to: number): Promise<readonly Item[]> {
  const channel = await hub.channel(`${account}/wakatime`);
  return channel.read({ from, to });
}

/**
 * Every documented key, null where the plugin said nothing.
 * @param place what "as before" stands for
 */
function shown(
  { key, time, at }: Item,
  heartbeat: Heartbeat,
  { id, settings }: Pick<Person, 'id' | 'settings'>,
  place: Place | undefined,
): object {
  const { user_agent: userAgent = '', machine = '', last = [], ...said } = heartbeat;
  for (const name of last) {
    const value = place?.[name] ?? '';
    if (value !== '') said[name] = value;
  }
  return {
    id: key,
    user_id: id,
    user_agent_id: userAgent === '' ? null : agentId(userAgent),
    machine_name_id: machine === '' ? null : machineId(machine),
    // Ids mean nothing to another server; whoever moves takes the names along.
    user_agent: userAgent === '' ? null : userAgent,
    machine: machine === '' ? null : machine,
    time: secondsOf(time ?? 0),
    lines: null,
    lineno: null,
    cursorpos: null,
    line_additions: null,
    line_deletions: null,
    ...said,
    project: said.project ?? null,
    branch: said.branch ?? null,
    language: said.language ?? null,
    dependencies: said.dependencies ?? [],
    is_write: said.is_write ?? false,
    project_root_count: said.project_root_count ?? null,
    timezone: settings.timezone,
    created_at: iso(at * 1_000),
  };
}

// Lists and deletes the stored heartbeats of one day. They are read from the channel, because the columns do not have all fields.

import type { Hub } from '../../../core/hub.ts';
import type { Item } from '../../../core/store.ts';
import { dayBounds, formatIso, formatIsoEnd, readDate } from '../model/calendar.ts';
import { toSeconds } from '../model/format-time.ts';
import { type Heartbeat, isObject, readHeartbeat } from '../model/heartbeat.ts';
import { creditSpans } from '../stats/durations-algorithm.ts';
import { type InheritableFields, inheritFields } from '../stats/inherit-fields.ts';
import { agentId } from '../stats/lists.ts';
import { failure, type Person, type QueryOutcome, type TimeQuery } from '../stats/query.ts';
import { machineId } from '../stats/summaries.ts';

const minute = 60_000_000;
const pageLength = 2_000;
/** Characters of a page that is read from the store, and of a piece of an answer. V8 keeps larger strings longer. */
const pageSize = 49_152;
const pieceLength = 65_536;

/** @returns the pieces of the answer's JSON; a day may have very many heartbeats */
export function listHeartbeats(
  hub: Hub,
  { person, query, zone, now }: TimeQuery,
): QueryOutcome<AsyncGenerator<string>> {
  const date = readDate(query.get('date') ?? '', now, zone);
  if (date === undefined) return failure('date is required: YYYY-MM-DD');
  const [from = 0, to = 0] = dayBounds([date], zone);
  return { ok: true, value: describeDay(hub, person, from, to, zone) };
}

/** The heartbeats of [from, to) as answers have them, in order of time. */
async function* describeDay(hub: Hub, person: Person, from: number, to: number, zone: string): AsyncGenerator<string> {
  let piece = '{"data":[';
  let comma = '';
  for await (const items of readPages(hub, person, from, to)) {
    const known = placesOf(person, items[0]?.time ?? from, (items.at(-1)?.time ?? from) + 1);
    for (const item of items) {
      const heartbeat = readHeartbeat(item.value, item.time);
      if (heartbeat === undefined) continue;
      const place = known.get(`${item.time} ${heartbeat.entity}`);
      piece += comma + JSON.stringify(describeHeartbeat(item, heartbeat, person, place));
      comma = ',';
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
  }
  const end = JSON.stringify({ start: formatIso(from), end: formatIsoEnd(to), timezone: zone });
  yield `${piece}],${end.slice(1)}`;
}

/** The stored heartbeats of [from, to) in order of time. */
async function* readPages(
  hub: Hub,
  { account }: Pick<Person, 'account'>,
  from: number,
  to: number,
): AsyncGenerator<readonly Item[]> {
  const channel = await hub.channel(`${account}/wakatime`);
  for (let after: Item | undefined; ; ) {
    const items = await channel.read({ from, to, limit: pageLength, size: pageSize, ...(after && { after }) });
    after = items.at(-1);
    if (after === undefined) return;
    yield items;
  }
}

/** The resolved fields of heartbeats that inherit some, by time and entity. */
function placesOf({ beats, settings }: Person, from: number, to: number): ReadonlyMap<string, InheritableFields> {
  const reach = settings.timeout * minute;
  const known = new Map<string, InheritableFields>();
  creditSpans(
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

/** All heartbeats of an account from a moment on, as answers have them, in order of time, in pages of about a mebibyte. */
export async function* readHeartbeatPages(
  hub: Hub,
  person: Pick<Person, 'account' | 'id' | 'settings'>,
  since: number,
): AsyncGenerator<readonly { readonly time: number; readonly input: object }[]> {
  const channel = await hub.channel(`${person.account}/wakatime`);
  const reach = person.settings.timeout * minute;
  let before: { readonly time: number; readonly place: InheritableFields } | undefined;
  for (let after: Item | undefined; ; ) {
    const range = after === undefined ? { from: since } : { from: since, after: { key: after.key, time: after.time } };
    const items = await channel.read({ ...range, limit: pageLength, size: pageSize });
    yield items.flatMap((item) => {
      const heartbeat = readHeartbeat(item.value, item.time);
      if (heartbeat === undefined || item.time === null) return [];
      const { project = '', branch = '', language = '', last = [] } = heartbeat;
      const near = before !== undefined && item.time - before.time < reach ? before.place : undefined;
      const place = inheritFields({ project, branch, language, last }, near);
      before = { time: item.time, place };
      return [{ time: item.time, input: describeHeartbeat(item, heartbeat, person, place) }];
    });
    after = items.at(-1);
    if (after === undefined) return;
  }
}

/** Deletes heartbeats by id, only those of the day. A repeated request gets the same answer. */
export async function deleteHeartbeats(
  hub: Hub,
  { person, zone, now, moment }: TimeQuery,
  body: unknown,
): Promise<QueryOutcome<object>> {
  const input = isObject(body) ? body : {};
  const date = readDate(typeof input['date'] === 'string' ? input['date'] : '', now, zone);
  const ids: unknown = input['ids'];
  if (date === undefined || !Array.isArray(ids)) return failure('send {"date": "YYYY-MM-DD", "ids": [...]}');
  const [from = 0, to = 0] = dayBounds([date], zone);
  const wanted = new Set<unknown>(ids);
  const channel = await hub.channel(`${person.account}/wakatime`);
  const at = Math.floor(moment / 1_000);
  for await (const items of readPages(hub, person, from, to)) {
    const ops = items.filter(({ key }) => wanted.has(key)).map(({ key }) => ({ op: 'remove', key }) as const);
    if (ops.length > 0) await channel.write({ ops, origin: 'wakatime', at });
  }
  return { ok: true, value: { data: {} } };
}

/**
 * A heartbeat with every documented key; null where the plugin sent nothing.
 * @param place the resolved fields of a heartbeat that inherits some
 */
function describeHeartbeat(
  { key, time, at }: Item,
  heartbeat: Heartbeat,
  { id, settings }: Pick<Person, 'id' | 'settings'>,
  place: InheritableFields | undefined,
): object {
  const { user_agent: userAgent = '', machine = '', last = [], ...input } = heartbeat;
  for (const name of last) {
    const value = place?.[name] ?? '';
    if (value !== '') input[name] = value;
  }
  return {
    id: key,
    user_id: id,
    user_agent_id: userAgent === '' ? null : agentId(userAgent),
    machine_name_id: machine === '' ? null : machineId(machine),
    // Ids mean nothing to another server: exports need the names.
    user_agent: userAgent === '' ? null : userAgent,
    machine: machine === '' ? null : machine,
    time: toSeconds(time ?? 0),
    lines: null,
    lineno: null,
    cursorpos: null,
    line_additions: null,
    line_deletions: null,
    ...input,
    project: input.project ?? null,
    branch: input.branch ?? null,
    language: input.language ?? null,
    dependencies: input.dependencies ?? [],
    is_write: input.is_write ?? false,
    project_root_count: input.project_root_count ?? null,
    timezone: settings.timezone,
    created_at: formatIso(at * 1_000),
  };
}

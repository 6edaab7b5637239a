// The heartbeats of one day as they were kept: listed, and deleted. They are read from the channel, not from memory, because only
// there they are whole.

import type { Hub } from '../../core/hub.ts';
import type { Item } from '../../core/store.ts';
import { secondsOf } from './amount.ts';
import type { Context } from './beats.ts';
import { boundsOf, iso, isoEnd, readDate } from './calendar.ts';
import { credit } from './credit.ts';
import { isObject, readHeartbeat } from './heartbeat.ts';
import { agentId } from './lists.ts';
import { type Asked, type Person, type Question, wrong } from './question.ts';
import { machineId } from './summaries.ts';

export async function list(hub: Hub, { person, query, zone, now }: Question): Promise<Asked<object>> {
  const date = readDate(query.get('date') ?? '', now, zone);
  if (date === undefined) return wrong('date is required: YYYY-MM-DD');
  const [from = 0, to = 0] = boundsOf([date], zone);
  const data = await shownHeartbeats(hub, person, from, to);
  return { ok: true, value: { data, start: iso(from), end: isoEnd(to), timezone: zone } };
}

/** Those of [from, to) as they are told, in order of time. */
export async function shownHeartbeats(hub: Hub, person: Person, from: number, to: number): Promise<readonly object[]> {
  const items = await read(hub, person, from, to);
  const known = contextsOf(person, from, to);
  return items.flatMap((item) => shown(item, person, known));
}

/** By moment and entity: what heartbeats that say "as before" stand for. */
function contextsOf({ beats, settings }: Person, from: number, to: number): ReadonlyMap<string, Context> {
  const reach = settings.timeout * 60_000_000;
  const known = new Map<string, Context>();
  credit(beats, { timeout: reach, writesOnly: false, reach }, from, to, ({ begins, contexts, entities, length }) => {
    for (let at = 0; at < length; at += 1) {
      known.set(`${begins[at]} ${beats.entity(entities[at] ?? 0)}`, beats.context(contexts[at] ?? 0));
    }
  });
  return known;
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

/** Every documented key, null where the plugin said nothing. */
function shown(
  { key, value, time, at }: Item,
  { id, settings }: Person,
  known: ReadonlyMap<string, Context>,
): object[] {
  const heartbeat = readHeartbeat(value, time);
  if (heartbeat === undefined || time === null) return [];
  const { user_agent: userAgent = '', machine = '', last = [], ...said } = heartbeat;
  const context = known.get(`${time} ${heartbeat.entity}`);
  for (const name of last) {
    const value = context?.[name] ?? '';
    if (value !== '') said[name] = value;
  }
  return [
    {
      id: key,
      user_id: id,
      user_agent_id: userAgent === '' ? null : agentId(userAgent),
      machine_name_id: machine === '' ? null : machineId(machine),
      // Ids mean nothing to another server; whoever moves takes the names along.
      user_agent: userAgent === '' ? null : userAgent,
      machine: machine === '' ? null : machine,
      time: secondsOf(time),
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
    },
  ];
}

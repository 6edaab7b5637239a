// Heartbeats of the channel `wakatime` as evidence. "As before" is filled in by the adapter's own rule; what heartbeats are worth in
// time is the engine's.

import { type Heartbeat, readHeartbeat } from '../../adapters/wakatime/model/heartbeat.ts';
import { parseUserAgent } from '../../adapters/wakatime/model/user-agent.ts';
import { type InheritableFields, inheritFields } from '../../adapters/wakatime/stats/inherit-fields.ts';
import { setBounded } from '../../core/bounded.ts';
import type { Change, Store } from '../../core/store.ts';
import { compareText } from '../engine/collections.ts';
import type { DayFacts, DayHeartbeat } from '../engine/evidence.ts';
import { agentOf, isAiCategory } from './agents.ts';
import { mostItems, pagesOf } from './pages.ts';
import {
  type ChannelEvidence,
  type DaySpan,
  type DeviceNames,
  factsOf,
  hostOf,
  isWithin,
  type SharedFacts,
  takeChanges,
} from './reading.ts';

const dayLength = 86_400_000_000;
/** How many days "as before" is followed back. */
const mostDaysBack = 3;

interface Read {
  readonly key: string;
  readonly at: number;
  readonly heartbeat: Heartbeat;
}

export interface HeartbeatOptions {
  readonly devices: DeviceNames;
  readonly shared: SharedFacts;
  /** Microseconds: how long "as before" holds, and how far heartbeats beyond the span matter. */
  readonly timeout: number;
  readonly writesOnly: boolean;
}

/** @param channel its full name */
export async function readHeartbeats(
  store: Store,
  channel: string,
  { from, to }: DaySpan,
  options: HeartbeatOptions,
): Promise<ChannelEvidence> {
  const { timeout, writesOnly } = options;
  const all = await readSpan(store, channel, from - timeout, to + timeout);
  for (let back = 0; back < mostDaysBack && (all[0]?.heartbeat.last?.length ?? 0) > 0; back += 1) {
    const begin = from - timeout - back * dayLength;
    const before = await readSpan(store, channel, begin - dayLength, begin);
    if (before.length === 0) break;
    all.unshift(...before);
  }
  const heartbeats: DayHeartbeat[] = [];
  let before: (InheritableFields & { readonly at: number }) | undefined;
  let inherits = false;
  for (const read of all) {
    const { at, heartbeat } = read;
    const { project = '', branch = '', language = '', last = [] } = heartbeat;
    const recent = before !== undefined && at - before.at < timeout ? before : undefined;
    const place =
      last.length === 0 ? { project, branch, language } : inheritFields({ project, branch, language, last }, recent);
    before = { ...place, at };
    if (last.length > 0) inherits = true;
    if (at < from - timeout || (writesOnly && heartbeat.is_write !== true)) continue;
    heartbeats.push(evidenceOf(read, place, options));
  }
  return { events: [], heartbeats, inherits };
}

/** Returns the evidence that `readHeartbeats` would read after changes of the channel; undefined where a heartbeat says "as before". */
export function takeInHeartbeats(
  evidence: ChannelEvidence,
  changes: readonly Change[],
  { from, to }: DaySpan,
  options: HeartbeatOptions,
): ChannelEvidence | undefined {
  const { timeout, writesOnly } = options;
  const reach = { from: from - timeout, to: to + timeout };
  let inherits = evidence.inherits === true;
  const make = ({ key, value, time, end }: Change): DayHeartbeat | undefined => {
    if (value === null || time === null || time < reach.from || !isWithin({ time, end }, reach)) return undefined;
    const heartbeat = readHeartbeat(value, time);
    if (heartbeat === undefined) return undefined;
    if ((heartbeat.last?.length ?? 0) > 0) inherits = true;
    const { project = '', branch = '', language = '' } = heartbeat;
    return writesOnly && heartbeat.is_write !== true
      ? undefined
      : evidenceOf({ key, at: time, heartbeat }, { project, branch, language }, options);
  };
  const compare = (a: DayHeartbeat, b: DayHeartbeat): number => a.at - b.at || compareText(a.key, b.key);
  const heartbeats = takeChanges(evidence.heartbeats, changes, make, compare);
  if (inherits || heartbeats.length > mostItems) return undefined;
  return heartbeats === evidence.heartbeats ? evidence : { events: [], heartbeats, inherits };
}

function evidenceOf(
  { key, at, heartbeat }: Read,
  place: InheritableFields,
  { devices, shared }: HeartbeatOptions,
): DayHeartbeat {
  return {
    device: devices.of(heartbeat.machine ?? '') || 'unknown',
    at,
    channel: 'wakatime',
    key,
    facts: shared.of('wakatime', contentOf(heartbeat, place), () => factsIn(heartbeat, place)),
    ...writerOf(heartbeat),
  };
}

async function readSpan(store: Store, channel: string, from: number, to: number): Promise<Read[]> {
  const read: Read[] = [];
  for await (const items of pagesOf(store, channel, { from, to })) {
    for (const { key, value, time } of items) {
      const heartbeat = readHeartbeat(value, time);
      if (heartbeat !== undefined && time !== null) read.push({ key, at: time, heartbeat });
    }
  }
  return read;
}

function contentOf({ entity, type, category }: Heartbeat, { project, branch, language }: InheritableFields): string {
  // With the lengths no two contents have one text.
  const lengths = `${entity.length} ${type.length} ${category.length} ${project.length} ${branch.length}`;
  return `${lengths} ${entity}${type}${category}${project}${branch}${language}`;
}

function factsIn({ entity, type, category }: Heartbeat, { project, branch, language }: InheritableFields): DayFacts {
  const where = { file: { path: entity }, app: { app: entity }, url: { url: entity, host: hostOf(entity) } };
  const facts =
    type === 'domain' ? { host: entity } : type === 'file' || type === 'app' || type === 'url' ? where[type] : {};
  return factsOf({ project, branch, language, category, ...facts });
}

const writers = new Map<string, string>();

/** The cause of a heartbeat: a person, an agent, or an editor that labels work of an AI ([Y7]). */
function writerOf(heartbeat: Heartbeat): Pick<DayHeartbeat, 'by' | 'session'> {
  const { user_agent: userAgent = '', ai_session: aiSession = '', category } = heartbeat;
  const known = writers.get(userAgent);
  const agent = known ?? agentIn(userAgent);
  if (known === undefined) {
    setBounded(writers, userAgent, agent, 10_000);
  }
  if (agent !== '') return { by: 'agent', session: aiSession === '' ? agent : `${agent}/${aiSession}` };
  if (!isAiCategory(category)) return { by: 'human', session: '' };
  const editor = parseUserAgent(userAgent).editor.toLowerCase() || 'editor';
  return { by: 'labelled', session: aiSession === '' ? editor : `${editor}/${aiSession}` };
}

/** '' where it is an editor. */
function agentIn(userAgent: string): string {
  const { editor, plugin } = parseUserAgent(userAgent);
  return agentOf(editor) ?? agentOf(plugin) ?? '';
}

// Events of ActivityWatch's buckets as evidence, by the type of the bucket. Spans are the events' own, never flooded.

import { isRecord } from '../../../protocol/json.ts';
import type { Description } from '../../adapters/activitywatch/buckets/description.ts';
import { isEventKey } from '../../adapters/activitywatch/events/event.ts';
import type { Change, Item, Store } from '../../core/store.ts';
import { compareText } from '../engine/collections.ts';
import type { DayEvent, DayFacts, DayLane } from '../engine/evidence.ts';
import { agentOf, isAgentType } from './agents.ts';
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
  textIn,
  textOf,
} from './reading.ts';

/** How the events of a bucket are read. */
export interface BucketKind {
  readonly lane: DayLane;
  /** The source within the device. */
  readonly kind: string;
  readonly device: string;
  /** Of a bucket of an agent. */
  readonly agent: string;
}

/** Types of buckets that report input of a device without an AFK watcher: their events are marks of input. */
const unlockTypes: ReadonlySet<string> = new Set(['os.lockscreen.unlocks']);

export function kindOf({ id, type, client, hostname }: Description, devices: DeviceNames): BucketKind {
  const device = devices.of(hostname);
  const agent = agentOf(client) ?? agentOf(id.split('_', 1)[0] ?? '') ?? (isAgentType(type) ? client || 'agent' : '');
  const own = { device: device || 'unknown', agent };
  if (agent !== '') return { lane: 'agent', kind: agent, ...own };
  if (type === 'afkstatus') return { lane: 'afk', kind: 'afk', ...own };
  if (unlockTypes.has(type)) return { lane: 'afk', kind: 'unlocks', ...own };
  if (type === 'currentwindow') return { lane: 'window', kind: 'window', ...own };
  // A browser that does not say where it runs: the engine guesses.
  if (type.startsWith('web.tab')) return { lane: 'web', kind: 'web', device, agent };
  if (type === 'app.editor.activity') return { lane: 'editor', kind: 'aw-editor', ...own };
  return { lane: 'other', kind: client === '' ? 'other' : client.replace(/^aw-watcher-/, ''), ...own };
}

export interface BucketOptions {
  readonly kind: BucketKind;
  readonly span: DaySpan;
  readonly shared: SharedFacts;
  readonly timeout: number;
}

/** @param channel its full name */
export async function readBucket(store: Store, channel: string, options: BucketOptions): Promise<ChannelEvidence> {
  const { kind, shared } = options;
  const short = channel.slice(channel.indexOf('/') + 1);
  const events: DayEvent[] = [];
  for await (const items of pagesOf(store, channel, reachOf(options))) {
    for (const item of items) if (isEventKey(item.key)) events.push(evidenceOf(item, short, kind, shared));
  }
  return { events, heartbeats: [] };
}

/** Returns the evidence that `readBucket` would read after changes of the channel. */
export function takeInEvents(
  evidence: ChannelEvidence,
  changes: readonly Change[],
  channel: string,
  options: BucketOptions,
): ChannelEvidence | undefined {
  const short = channel.slice(channel.indexOf('/') + 1);
  const reach = reachOf(options);
  const make = ({ value, ...change }: Change): DayEvent | undefined =>
    value === null || !isEventKey(change.key) || !isWithin(change, reach)
      ? undefined
      : evidenceOf({ ...change, value }, short, options.kind, options.shared);
  const events = takeChanges(evidence.events, changes, make, (a, b) => a.from - b.from || compareText(a.key, b.key));
  if (events.length > mostItems) return undefined;
  return events === evidence.events ? evidence : { events, heartbeats: [] };
}

/** Events of an AFK source are read some way beyond the span, for heartbeats near its ends. */
function reachOf({ kind: { lane }, span: { from, to }, timeout }: BucketOptions): DaySpan {
  const margin = lane === 'afk' || lane === 'agent' ? timeout : 0;
  return { from: from - margin, to: to + margin };
}

function evidenceOf(
  { key, value: data, time, end, at }: Pick<Item, 'key' | 'value' | 'time' | 'end' | 'at'>,
  channel: string,
  { lane, kind, device, agent }: BucketKind,
  shared: SharedFacts,
): DayEvent {
  // An item without a span was written by the channel verbs: it starts when it was written.
  const from = time ?? at * 1_000;
  const to = kind === 'unlocks' ? from : Math.max(from, end ?? from);
  const facts = shared.of(lane, data, () => factsIn(lane, data));
  const base = { lane, device, kind, channel, key, from, to, facts };
  if (lane === 'afk') return { ...base, input: kind === 'unlocks' || statusOf(data) === 'not-afk' };
  if (lane !== 'agent') return base;
  const session = sessionIn(data);
  return { ...base, session: session === '' ? agent : `${agent}/${session}` };
}

function statusOf(data: string): string {
  const value: unknown = JSON.parse(data);
  return isRecord(value) ? textIn(value, 'status') : '';
}

function sessionIn(data: string): string {
  const value: unknown = JSON.parse(data);
  return isRecord(value) ? textIn(value, 'session') || textIn(value, 'session_id') : '';
}

function factsIn(lane: DayLane, data: string): DayFacts {
  const value: unknown = JSON.parse(data);
  if (!isRecord(value) || lane === 'afk') return {};
  const url = textOf(value['url']);
  return factsOf({
    app: textOf(value['app']),
    title: textOf(value['title']) || textOf(value['label']),
    url,
    host: hostOf(url),
    path: textOf(value['file']) || textOf(value['path']),
    language: textOf(value['language']),
    branch: textOf(value['branch']),
    // The project of an editor is a fact; a window's is none, whoever writes it there.
    project: lane === 'editor' || lane === 'agent' ? projectName(textOf(value['project'])) : '',
  });
}

/** Editors of ActivityWatch say the folder of a project: its last part is the name. */
function projectName(path: string): string {
  if (path === 'unknown') return '';
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? '';
}

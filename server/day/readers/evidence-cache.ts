// Evidence of large channels in memory, span by span. A change of a channel matters to the spans that hold the changed item and to those
// into which it reaches now: it is taken in when such a span is asked for next, so a day that grows is not read again each time.

import type { Channel } from '../../core/channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { Change } from '../../core/store.ts';
import type { ChannelEvidence, DaySpan } from './reading.ts';

/** Events and heartbeats of all accounts together; those that nobody asked for longest go first. */
const mostItems = 400_000;
const attempts = 3;
/** More changes than that, and a span is read again. */
const mostWaiting = 500;

export interface CachedRead {
  /** Everything except the span that the evidence depends on. */
  readonly variant: string;
  /** Microseconds beyond the span in which a change matters. */
  readonly margin: number;
  readonly read: () => Promise<ChannelEvidence>;
  /** Evidence after changes: the same object where they change nothing, undefined where it has to be read again. */
  readonly takeIn: TakeIn;
  readonly keeps: boolean;
}

type TakeIn = (evidence: ChannelEvidence, changes: readonly Change[]) => ChannelEvidence | undefined;

interface Cached {
  readonly span: DaySpan;
  evidence: ChannelEvidence;
  /** Changes that are to be taken in. */
  waiting: Change[];
  /** Of its items and of what waits; made for the first change that lies elsewhere. */
  keys?: Set<string>;
}

/** The spans of one channel, and who hears its changes. */
interface Watched {
  readonly stop: () => void;
  readonly spans: Map<string, Cached>;
  /** Of spans that are being read: changes that were heard meanwhile. */
  readonly reading: Set<Change[]>;
}

export class EvidenceCache {
  readonly #hub: Hub;
  readonly #channels = new Map<string, Watched>();
  /** Names of spans, the one asked for last at the end. */
  readonly #order = new Map<string, { readonly channel: string; readonly size: number }>();
  #size = 0;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /**
   * From memory, or read. What is not kept is not read again when it changes meanwhile: who asks for it listens.
   */
  async get(
    channelName: string,
    span: DaySpan,
    { variant, margin, read, takeIn, keeps }: CachedRead,
  ): Promise<ChannelEvidence> {
    const name = `${channelName} ${span.from} ${span.to} ${variant}`;
    const known = this.#channels.get(channelName)?.spans.get(name);
    const current = known === undefined ? undefined : takeWaiting(known, takeIn);
    if (current !== undefined) {
      this.#touch(name, sizeOf(current));
      return current;
    }
    if (!keeps) return read();
    const channel = await this.#hub.channel(channelName);
    for (let attempt = 0; ; attempt += 1) {
      const watched = this.#watch(channel);
      const arrived: Change[] = [];
      watched.reading.add(arrived);
      const evidence = await read().finally(() => watched.reading.delete(arrived));
      const reach = { from: span.from - margin, to: span.to + margin };
      const cached: Cached = { span: reach, evidence, waiting: [] };
      if (!arrived.some((change) => touches(change, cached))) {
        this.#add(name, channelName, cached);
        return evidence;
      }
      if (attempt === attempts) return evidence;
    }
  }

  close(): void {
    for (const { stop } of this.#channels.values()) stop();
    this.#channels.clear();
  }

  #watch(channel: Channel): Watched {
    const known = this.#channels.get(channel.name);
    if (known !== undefined) return known;
    const watched: Watched = {
      spans: new Map(),
      reading: new Set(),
      stop: channel.listen(
        (changes) => this.#onChanges(channel.name, watched, changes),
        () => {
          for (const name of [...watched.spans.keys()]) this.#drop(channel.name, name);
        },
      ),
    };
    this.#channels.set(channel.name, watched);
    return watched;
  }

  #onChanges(channel: string, { spans, reading }: Watched, changes: readonly Change[]): void {
    for (const arrived of reading) arrived.push(...changes);
    for (const [name, cached] of spans) {
      for (const change of changes) {
        if (!touches(change, cached)) continue;
        cached.waiting.push(change);
        cached.keys?.add(change.key);
      }
      if (cached.waiting.length > mostWaiting) this.#drop(channel, name);
    }
  }

  #add(name: string, channel: string, cached: Cached): void {
    const watched = this.#channels.get(channel);
    if (watched === undefined) return;
    this.#drop(channel, name);
    watched.spans.set(name, cached);
    const size = sizeOf(cached.evidence);
    this.#order.set(name, { channel, size });
    this.#size += size;
    for (const [oldest, { channel: its }] of this.#order) {
      if (this.#size <= mostItems || oldest === name) break;
      this.#drop(its, oldest);
      const left = this.#channels.get(its);
      if (left === undefined || left.spans.size > 0 || left.reading.size > 0) continue;
      left.stop();
      this.#channels.delete(its);
    }
  }

  #touch(name: string, size: number): void {
    const known = this.#order.get(name);
    if (known === undefined) return;
    this.#size += size - known.size;
    this.#order.delete(name);
    this.#order.set(name, { ...known, size });
  }

  #drop(channel: string, name: string): void {
    this.#channels.get(channel)?.spans.delete(name);
    this.#size -= this.#order.get(name)?.size ?? 0;
    this.#order.delete(name);
  }
}

function sizeOf({ events, heartbeats }: ChannelEvidence): number {
  return events.length + heartbeats.length + 10;
}

/** Evidence with all that waits taken in. */
function takeWaiting(cached: Cached, takeIn: TakeIn): ChannelEvidence | undefined {
  if (cached.waiting.length === 0) return cached.evidence;
  const evidence = takeIn(cached.evidence, cached.waiting);
  if (evidence === undefined) return undefined;
  cached.waiting = [];
  cached.evidence = evidence;
  delete cached.keys;
  return evidence;
}

/** True if a change may alter what was read of a span. */
function touches({ key, time, end }: Change, cached: Cached): boolean {
  const { from, to } = cached.span;
  if (time !== null && time < to && (end ?? time) >= from) return true;
  cached.keys ??= keysOf(cached);
  return cached.keys.has(key);
}

function keysOf({ evidence: { events, heartbeats }, waiting }: Cached): Set<string> {
  const keys = new Set(waiting.map(({ key }) => key));
  for (const { key } of events) keys.add(key);
  for (const { key } of heartbeats) keys.add(key);
  return keys;
}

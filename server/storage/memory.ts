// The store's contract in its most readable form: a channel in Maps. For tests, simulations and throw-away hubs. Nothing survives the
// process, and nothing is optimised beyond being quick on small channels.

import { isFull } from '../core/channel.ts';
import type {
  Answer,
  Appended,
  Archive,
  Change,
  ChannelInfo,
  ChannelsPage,
  Head,
  Item,
  Keep,
  Op,
  Outline,
  Past,
  Place,
  Position,
  Range,
  RangeState,
  Since,
  SincePage,
  Step,
  Store,
  Write,
} from '../core/store.ts';

class MemoryChannel {
  seq = 0;
  version = -1;
  floor = 0;
  /** By seq, in ascending order. */
  readonly steps = new Map<number, Step>();
  /** The last step of each key in order of seq; a delete stays until it is forgotten. A key that changes moves to the end. */
  readonly latest = new Map<string, Step>();
  readonly answers = new Map<string, Answer>();

  /** Makes the step for an op, or returns undefined if the op changes nothing [ST2]. */
  apply(op: Op, write: Write, keep: Keep): Change | undefined {
    const last = this.latest.get(op.key);
    const old = last?.value == null ? undefined : last;
    if (op.op === 'remove' && old === undefined) return undefined;
    if (op.op === 'add' && old !== undefined) return undefined;
    const value = op.op === 'remove' ? null : op.value;
    const time = op.op === 'remove' ? null : (op.time ?? null);
    const end = op.op === 'remove' ? null : (op.end ?? null);
    if (old !== undefined && old.value === value && old.time === time && old.end === end) return undefined;

    this.seq += 1;
    const version = op.version ?? null;
    if (version !== null) this.version = Math.max(this.version, version);
    const kind = value === null ? 'delete' : old === undefined ? 'create' : 'update';
    const { key } = op;
    const { origin, at } = write;
    const step: Change = { kind, key, value, time, end, seq: this.seq, origin, at, version };
    if (keep === 'last' && last !== undefined) this.steps.delete(last.seq);
    this.take({ ...step, born: value === null ? null : (old?.born ?? step.seq) });
    return step;
  }

  take(step: Step): void {
    this.steps.set(step.seq, step);
    this.latest.delete(step.key);
    this.latest.set(step.key, step);
  }

  copy(): MemoryChannel {
    const copy = new MemoryChannel();
    Object.assign(copy, { seq: this.seq, version: this.version, floor: this.floor });
    for (const step of this.steps.values()) copy.take(step);
    for (const [writeId, answer] of this.answers) copy.answers.set(writeId, answer);
    return copy;
  }
}

export class MemoryStore implements Store, Archive {
  readonly epoch: string;
  readonly #channels = new Map<string, MemoryChannel>();
  /** The snapshot that `steps` and `answers` read while `outlines` is iterated. */
  #snapshot: ReadonlyMap<string, MemoryChannel> | undefined;

  constructor({ epoch }: { epoch: string }) {
    this.epoch = epoch;
  }

  async head(channel: string): Promise<Head> {
    return this.#head(this.#channel(channel));
  }

  async append(channel: string, write: Write, keep: Keep): Promise<Appended> {
    const found = this.#channel(channel);
    const answer = write.writeId === undefined ? undefined : found.answers.get(write.writeId);
    if (answer !== undefined) {
      return { ok: true, position: this.#position(answer.seq), changes: [], steps: answer.steps, replayed: true };
    }
    if (write.base !== undefined && write.base !== found.seq) {
      return { ok: false, reason: 'stale', position: this.#position(found.seq) };
    }
    if (write.needs !== undefined && found.latest.get(write.needs)?.value == null) {
      return { ok: false, reason: 'absent', position: this.#position(found.seq) };
    }
    this.#channels.set(channel, found);
    const changes: Change[] = [];
    for (const op of write.ops) {
      const step = found.apply(op, write, keep);
      if (step !== undefined) changes.push(step);
    }
    if (write.writeId !== undefined) {
      found.answers.set(write.writeId, { writeId: write.writeId, seq: found.seq, steps: changes.length, at: write.at });
    }
    return { ok: true, position: this.#position(found.seq), changes, steps: changes.length, replayed: false };
  }

  async since(
    channel: string,
    seq: number,
    limit: number,
    { size = Number.POSITIVE_INFINITY, basis = seq }: SincePage = {},
  ): Promise<Since> {
    const found = this.#channel(channel);
    const head = this.#head(found);
    if (seq > 0 && (Math.max(seq, basis) < found.floor || seq > found.seq)) return { ok: false, reason: 'gone', head };
    const changes: Change[] = [];
    let left = size;
    for (const { born, ...step } of found.latest.values()) {
      if (step.seq <= seq || (seq === 0 && born === null)) continue;
      if (changes.length === limit || left <= 0) return { ok: true, head, changes, more: true };
      left -= step.value?.length ?? 0;
      changes.push(born === null ? step : { ...step, kind: born > seq ? 'create' : 'update' });
    }
    return { ok: true, head, changes, more: false };
  }

  async read(channel: string, range: Range): Promise<readonly Item[]> {
    const { key, from, to, after, limit, size = Number.POSITIVE_INFINITY, newest, at } = range;
    const spanned = from !== undefined || to !== undefined;
    const items: Item[] = [];
    const steps: Iterable<Change> =
      at === undefined ? this.#channel(channel).latest.values() : this.#stepsAt(channel, at, key);
    for (const step of steps) {
      const fits = (key === undefined || step.key === key) && (!spanned || overlaps(step, from, to));
      if (fits && step.value !== null) items.push(itemOf(step, step.value));
    }
    const sign = newest === true ? -1 : 1;
    const order = (a: Place, b: Place) =>
      sign * ((spanned && (a.time ?? 0) - (b.time ?? 0)) || byCodePoint(a.key, b.key));
    const rest = after === undefined ? items : items.filter((item) => order(item, after) > 0);
    const page = rest.sort(order).slice(0, limit);
    let length = 0;
    for (let left = size; length < page.length && left > 0; length += 1) left -= page[length]?.value.length ?? 0;
    return page.slice(0, length);
  }

  async state(channel: string, range: Range): Promise<RangeState> {
    const head = this.#head(this.#channel(channel));
    const items = await this.read(channel, range);
    return { head, items, more: isFull(items, range) };
  }

  async history(channel: string, past: Past): Promise<readonly Change[]> {
    const { key, after = 0, before = Number.POSITIVE_INFINITY, limit, size = Number.POSITIVE_INFINITY, newest } = past;
    const steps: Change[] = [];
    for (const { born: _, ...step } of this.#channel(channel).steps.values()) {
      if (step.seq > after && step.seq < before && (key === undefined || step.key === key)) steps.push(step);
    }
    if (newest === true) steps.reverse();
    const page = steps.slice(0, limit);
    let length = 0;
    for (let left = size; length < page.length && left > 0; length += 1) left -= page[length]?.value?.length ?? 0;
    return page.slice(0, length);
  }

  async at(channel: string, seq: number): Promise<readonly Item[]> {
    return this.#stepsAt(channel, seq).flatMap((step) => (step.value === null ? [] : [itemOf(step, step.value)]));
  }

  /** @param key only this item */
  #stepsAt(channel: string, seq: number, key?: string): Change[] {
    const state = new Map<string, Change>();
    for (const step of this.#channel(channel).steps.values()) {
      if (step.seq > seq) break;
      if (key !== undefined && step.key !== key) continue;
      state.delete(step.key);
      state.set(step.key, step);
    }
    return [...state.values()];
  }

  async channels(prefix: string, { after, limit }: ChannelsPage = {}): Promise<readonly ChannelInfo[]> {
    const infos: ChannelInfo[] = [];
    for (const [channel, { seq, latest }] of this.#channels) {
      if (seq === 0 || !channel.startsWith(prefix)) continue;
      if (after !== undefined && byCodePoint(channel, after) <= 0) continue;
      let items = 0;
      for (const { value } of latest.values()) if (value !== null) items += 1;
      infos.push({ channel, seq, items });
    }
    return infos.sort((a, b) => byCodePoint(a.channel, b.channel)).slice(0, limit);
  }

  async heads(channels: readonly string[], prefixes: readonly string[]): Promise<readonly ChannelInfo[]> {
    const named = new Set(channels);
    return (await this.channels('')).filter(
      ({ channel }) => named.has(channel) || prefixes.some((prefix) => channel.startsWith(prefix)),
    );
  }

  async forget(channel: string, through: number): Promise<void> {
    const found = this.#channel(channel);
    const floor = Math.min(through, found.seq);
    if (floor <= found.floor) return;
    found.floor = floor;
    // The state at the floor stays, so that `at` is exact from there on.
    const kept = new Map<string, Step>();
    for (const step of found.steps.values()) {
      if (step.seq > floor) break;
      const superseded = kept.get(step.key);
      if (superseded !== undefined) found.steps.delete(superseded.seq);
      kept.set(step.key, step);
    }
    for (const step of kept.values()) {
      if (step.value !== null) continue;
      found.steps.delete(step.seq);
      if (found.latest.get(step.key) === step) found.latest.delete(step.key);
    }
  }

  async erase(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#channels.delete(channel);
  }

  async bytes(channel: string): Promise<number> {
    let bytes = 0;
    for (const { key, value } of this.#channel(channel).steps.values()) bytes += key.length + (value?.length ?? 0);
    return bytes;
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  async *outlines(): AsyncGenerator<Outline> {
    const before = this.#snapshot;
    const copies = [...this.#channels].map(([name, channel]) => [name, channel.copy()] as const);
    this.#snapshot = new Map(copies);
    try {
      for (const [channel, { seq, version, floor, answers }] of copies.sort(([a], [b]) => byCodePoint(a, b))) {
        if (seq > 0 || answers.size > 0) yield { channel, seq, version, floor };
      }
    } finally {
      this.#snapshot = before;
    }
  }

  async *steps(channel: string): AsyncGenerator<readonly Step[]> {
    yield [...((this.#snapshot ?? this.#channels).get(channel)?.steps.values() ?? [])];
  }

  async *answers(channel: string): AsyncGenerator<readonly Answer[]> {
    const answers = [...((this.#snapshot ?? this.#channels).get(channel)?.answers.values() ?? [])];
    yield answers.sort((a, b) => byCodePoint(a.writeId, b.writeId));
  }

  async load(
    { channel, seq, version, floor }: Outline,
    steps: AsyncIterable<readonly Step[]>,
    answers: AsyncIterable<readonly Answer[]>,
  ): Promise<void> {
    if (this.#channels.has(channel)) throw new Error(`The channel ${channel} exists already.`);
    const loaded = new MemoryChannel();
    Object.assign(loaded, { seq, version, floor });
    for await (const list of steps) for (const step of list) loaded.take(step);
    for await (const list of answers) for (const answer of list) loaded.answers.set(answer.writeId, answer);
    this.#channels.set(channel, loaded);
  }

  /** A channel without writes is an empty one that is not stored [ST12]. */
  #channel(channel: string): MemoryChannel {
    return this.#channels.get(channel) ?? new MemoryChannel();
  }

  #position(seq: number): Position {
    return { epoch: this.epoch, seq };
  }

  #head({ seq, version, floor }: MemoryChannel): Head {
    return { epoch: this.epoch, seq, version, floor };
  }
}

/** True if the item overlaps [from, to). Spans are half open; a span without length overlaps the point where it stands. */
function overlaps({ time, end }: Change, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY): boolean {
  return time !== null && time < to && (time >= from || (end !== null && end > from));
}

function itemOf({ key, time, end, seq, origin, at, version }: Change, value: string): Item {
  return { key, value, time, end, seq, origin, at, version };
}

/** Compares by UTF-8 bytes, as databases do. `<` would sort U+FFFD after the surrogates of an emoji. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Ranks surrogates above all other code units, because they stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

// One source of evidence as pieces that do not overlap: at every moment the item that wins within the source ([Y1]). Presence, lanes
// and segments are computed from pieces, so order, duplicates and overlaps within a source can change nothing after this point.

import { compareText } from './collections.ts';
import type { DayEvent, DayFacts, DayLane, DayOrigin } from './evidence.ts';
import type { DayInterval, DayIntervals } from './intervals.ts';

/** A part of one or more items of evidence that say the same. */
export interface DayPiece {
  readonly from: number;
  readonly to: number;
  readonly facts: DayFacts;
  /** The items that say it, in order of their beginning. */
  readonly items: readonly DayItem[];
}

/** An item of evidence with its own span. */
export type DayItem = Pick<DayEvent, 'channel' | 'key' | 'from' | 'to'>;

export interface DaySource {
  /** `laptop/window`, `tasks`, `mob/garden`. */
  readonly name: string;
  readonly lane: DayLane;
  readonly device: string;
  /** In order of time, not overlapping. */
  readonly pieces: readonly DayPiece[];
  /** The moments of its pieces. */
  readonly moments: DayIntervals;
}

/** A piece that is not decided yet: it may overlap others of its source. */
export interface DayClaim<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

/**
 * Splits overlapping claims into parts with one winner each.
 * @param claims in ascending order of precedence: where two overlap, the later one in the list wins
 * @returns parts in order of time; neighbours of one claim that touch are one part
 */
export function resolveOverlaps<T>(claims: readonly DayClaim<T>[]): readonly DayClaim<T>[] {
  if (isInOrder(claims)) return claims;
  const solid = claims.flatMap((claim, rank) => (claim.to > claim.from ? [{ claim, rank }] : []));
  const byStart = [...solid].sort((a, b) => a.claim.from - b.claim.from);
  const bounds = new Float64Array(solid.length * 2);
  for (const [index, { claim }] of solid.entries()) {
    bounds[index * 2] = claim.from;
    bounds[index * 2 + 1] = claim.to;
  }
  bounds.sort();
  const open = new RankHeap<DayClaim<T>>();
  const parts: DayClaim<T>[] = [];
  let next = 0;
  for (let index = 0; index + 1 < bounds.length; index += 1) {
    const [from = 0, to = 0] = [bounds[index], bounds[index + 1]];
    if (to === from) continue;
    for (let started = byStart[next]; started !== undefined && started.claim.from <= from; started = byStart[next]) {
      open.push(started.rank, started.claim);
      next += 1;
    }
    let top = open.top();
    while (top !== undefined && top.to <= from) {
      open.pop();
      top = open.top();
    }
    if (top === undefined) continue;
    const last = parts.at(-1);
    if (last?.value === top.value && last.to === from) parts[parts.length - 1] = { ...last, to };
    else parts.push({ from, to, value: top.value });
  }
  return parts;
}

/** True if the claims are in order and do not overlap, as those of most sources. */
function isInOrder(claims: readonly Pick<DayPiece, 'from' | 'to'>[]): boolean {
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of claims) {
    if (from < end || to <= from) return false;
    end = to;
  }
  return true;
}

/** The greatest rank on top. */
class RankHeap<T> {
  readonly #ranks: number[] = [];
  readonly #values: T[] = [];

  top(): T | undefined {
    return this.#values[0];
  }

  push(rank: number, value: T): void {
    let at = this.#ranks.length;
    this.#ranks.push(rank);
    this.#values.push(value);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#rank(parent) >= this.#rank(at)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): void {
    const last = this.#ranks.length - 1;
    this.#swap(0, last);
    this.#ranks.pop();
    this.#values.pop();
    for (let at = 0; ; ) {
      const [left, right] = [at * 2 + 1, at * 2 + 2];
      let most = at;
      if (left < last && this.#rank(left) > this.#rank(most)) most = left;
      if (right < last && this.#rank(right) > this.#rank(most)) most = right;
      if (most === at) return;
      this.#swap(at, most);
      at = most;
    }
  }

  #rank(at: number): number {
    return this.#ranks[at] ?? -1;
  }

  #swap(one: number, other: number): void {
    const [rank, otherRank] = [this.#ranks[one], this.#ranks[other]];
    const [value, otherValue] = [this.#values[one], this.#values[other]];
    if (rank === undefined || otherRank === undefined || value === undefined || otherValue === undefined) return;
    this.#ranks[one] = otherRank;
    this.#ranks[other] = rank;
    this.#values[one] = otherValue;
    this.#values[other] = value;
  }
}

/** Events of equal content that touch or overlap. */
export interface DayRun extends DayOrigin {
  readonly from: number;
  to: number;
  readonly facts: DayFacts;
  /** The smallest of its items. */
  key: string;
  readonly items: DayItem[];
}

/**
 * Events of one source, those of equal content united ([Y1]): split events, repetition and a second import change nothing after that.
 * @returns in order of their beginnings
 */
export function uniteContent(events: readonly DayEvent[]): readonly DayRun[] {
  const runs: DayRun[] = [];
  // Runs that the next event may continue, by content. Most events continue none: nobody asks for their content.
  const open = new Map<string, DayRun>();
  let alone: DayRun | undefined;
  let reach = Number.NEGATIVE_INFINITY;
  for (const event of solidInOrder(events)) {
    const { channel, key, from, to, facts } = event;
    const isAlone = from > reach;
    if (isAlone && open.size > 0) open.clear();
    if (!isAlone && alone !== undefined) open.set(contentOf(alone.facts), alone);
    const before = isAlone ? undefined : open.get(contentOf(facts));
    alone = undefined;
    reach = Math.max(reach, to);
    if (before !== undefined && from <= before.to) {
      before.to = Math.max(before.to, to);
      if (key < before.key) before.key = key;
      before.items.push(event);
      continue;
    }
    const run = { channel, key, from, to, facts, items: [event] };
    runs.push(run);
    if (isAlone) alone = run;
    else open.set(contentOf(facts), run);
  }
  return runs;
}

/** Without marks. The store gives events in this order already. */
function solidInOrder(events: readonly DayEvent[]): readonly DayEvent[] {
  let before: DayEvent | undefined;
  for (const event of events) {
    if (event.to <= event.from || (before !== undefined && byBeginning(before, event) > 0)) {
      return events.filter(({ from, to }) => to > from).sort(byBeginning);
    }
    before = event;
  }
  return events;
}

function byBeginning(a: DayEvent, b: DayEvent): number {
  return a.from - b.from || compareText(a.key, b.key) || compareText(a.channel, b.channel);
}

/** Of different content that overlaps, the one that starts later wins from its start on, then the smaller key ([Y1]). */
export function piecesOf(runs: readonly DayRun[]): readonly DayPiece[] {
  // A run that overlaps no other is a piece.
  if (isInOrder(runs)) return runs;
  const ordered = [...runs].sort(
    (a, b) => a.from - b.from || compareText(b.key, a.key) || compareText(b.channel, a.channel),
  );
  const claims = ordered.map((run) => ({ from: run.from, to: run.to, value: run }));
  return resolveOverlaps(claims).map(({ from, to, value }) => {
    const { facts, items } = value;
    return {
      from,
      to,
      facts,
      items: items.length === 1 ? items : items.filter((item) => item.from < to && item.to > from),
    };
  });
}

/** The moments of pieces, as a set. */
export function momentsOf(pieces: readonly DayPiece[]): DayIntervals {
  const moments: [from: number, to: number][] = [];
  let last: [from: number, to: number] | undefined;
  for (const { from, to } of pieces) {
    if (last !== undefined && from <= last[1]) last[1] = to;
    else {
      last = [from, to];
      moments.push(last);
    }
  }
  return moments;
}

const contents = new WeakMap<DayFacts, string>();
const factNames = [
  'project',
  'task',
  'app',
  'title',
  'url',
  'host',
  'path',
  'branch',
  'language',
  'room',
  'tags',
  'category',
] as const;

/** Equal for equal content. */
function contentOf(facts: DayFacts): string {
  const known = contents.get(facts);
  if (known !== undefined) return known;
  const content = JSON.stringify(factNames.map((name) => facts[name] ?? null));
  contents.set(facts, content);
  return content;
}

/** Entries as pieces ([Y5]): the one stated or changed last wins, then the one that starts later, then the smaller key. */
export function entryPartsOf(entries: readonly DayEvent[]): readonly DayClaim<DayEvent>[] {
  const ordered = [...entries].sort(
    (a, b) => (a.stated ?? 0) - (b.stated ?? 0) || a.from - b.from || compareText(b.key, a.key),
  );
  return resolveOverlaps(ordered.map((event) => ({ from: event.from, to: event.to, value: event })));
}

/** Those parts of pieces that lie within a set of moments. */
export function clipPieces(pieces: readonly DayPiece[], within: DayIntervals): readonly DayPiece[] {
  const clipped: DayPiece[] = [];
  let at = 0;
  for (const piece of pieces) {
    for (let index = at; index < within.length; index += 1) {
      const [begin, end] = within[index] ?? [0, 0];
      if (begin >= piece.to) break;
      if (end <= piece.from) {
        at = index + 1;
        continue;
      }
      const [from, to] = [Math.max(begin, piece.from), Math.min(end, piece.to)];
      const { facts, items } = piece;
      clipped.push(from === piece.from && to === piece.to ? piece : { from, to, facts, items });
    }
  }
  return clipped;
}

/** Parts of pieces outside a set of moments. */
export function cutPieces(pieces: readonly DayPiece[], without: DayIntervals, day: DayInterval): readonly DayPiece[] {
  if (without.length === 0) return pieces;
  const kept: DayInterval[] = [];
  let begin = day[0];
  for (const [from, to] of without) {
    if (from > begin) kept.push([begin, from]);
    begin = Math.max(begin, to);
  }
  if (begin < day[1]) kept.push([begin, day[1]]);
  return clipPieces(pieces, kept);
}

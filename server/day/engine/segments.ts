// One winner at every moment ([Y5]) and its reasons ([Y10]): a sweep line cuts presence into elementary segments, and neighbours with
// the same attribution become one segment.

import type { DayReason, DaySegment } from './answer.ts';
import { compareText } from './collections.ts';
import type { DayLatestInput, LatestInputs } from './devices.ts';
import type { DayAttribution, DayFacts, DayHour, DayLane, DayOptions } from './evidence.ts';
import type { DayIntervals } from './intervals.ts';
import type { DayItem, DaySource } from './pieces.ts';

export interface SegmentInput {
  /** In order of name: of equal claims the first wins. Agents are not among them. */
  readonly sources: readonly DaySource[];
  readonly presence: DayIntervals;
  readonly bridges: DayIntervals;
  readonly latest: LatestInputs;
  readonly options: DayOptions;
  /** True if segments name the items they came from ([Y10]). */
  readonly withReasons: boolean;
}

/** A piece with what the classifier says about it. */
interface Claim {
  readonly from: number;
  readonly to: number;
  readonly items: readonly DayItem[];
  readonly attribution: DayAttribution;
  /** The smaller wins. */
  readonly rank: number;
}

interface ClaimedSource {
  readonly source: DaySource;
  readonly claims: readonly Claim[];
}

/** Web, window and other evidence wins only where a rule speaks; without one it says no more than that somebody was there. */
function rankOf(lane: DayLane, { rule }: DayAttribution): number {
  const index = always.indexOf(lane);
  if (index !== -1) return index;
  return always.length + byRule.indexOf(lane) + (rule === null ? byRule.length : 0);
}

const always: readonly DayLane[] = ['manual', 'task', 'mob', 'meeting', 'editor'];
const byRule: readonly DayLane[] = ['web', 'window', 'other', 'afk'];

export function buildSegments(input: SegmentInput): readonly DaySegment[] {
  const { sources, presence, bridges, latest, options } = input;
  const claimed = sources.map((source) => ({ source, claims: claimsOf(source, options) }));
  const builder = new SegmentBuilder(sources, input.withReasons);
  const bounds = boundsOf(input, claimed);
  const next = new Uint32Array(claimed.length);
  const active: (Claim | undefined)[] = claimed.map(() => undefined);
  const bridged = new Set(bridges.map(([from]) => from));
  let at = 0;
  for (const [index, [begin, end]] of presence.entries()) {
    const gap = presence[index - 1]?.[1];
    if (gap !== undefined && bridged.has(gap)) builder.bridge(gap, begin);
    while ((bounds[at] ?? end) < begin) at += 1;
    for (; (bounds[at] ?? end) < end; at += 1) {
      const from = bounds[at] ?? end;
      const to = bounds[at + 1] ?? end;
      if (to === from) continue;
      advance(claimed, next, active, from);
      builder.add(from, to, active, winnerOf(claimed, active, latest, from));
    }
  }
  return builder.finish();
}

/** Finds the claim of each source at a moment; moments only grow. */
function advance(
  claimed: readonly ClaimedSource[],
  next: Uint32Array,
  active: (Claim | undefined)[],
  moment: number,
): void {
  for (let number = 0; number < claimed.length; number += 1) {
    const claims = claimed[number]?.claims ?? [];
    let place = next[number] ?? 0;
    while (place < claims.length && (claims[place]?.to ?? 0) <= moment) place += 1;
    next[number] = place;
    const claim = claims[place];
    active[number] = claim !== undefined && claim.from <= moment ? claim : undefined;
  }
}

/** The index of the winning source; -1 where nothing claims the moment. */
function winnerOf(
  claimed: readonly ClaimedSource[],
  active: readonly (Claim | undefined)[],
  latest: LatestInputs,
  moment: number,
): number {
  let winner = -1;
  let best: Claim | undefined;
  for (let index = 0; index < active.length; index += 1) {
    const claim = active[index];
    if (claim === undefined) continue;
    if (best === undefined || isBetter(claim, best, claimed[index], claimed[winner], latest, moment)) {
      best = claim;
      winner = index;
    }
  }
  return winner;
}

function isBetter(
  claim: Claim,
  other: Claim,
  own: ClaimedSource | undefined,
  others: ClaimedSource | undefined,
  latest: LatestInputs,
  moment: number,
): boolean {
  if (claim.rank !== other.rank) return claim.rank < other.rank;
  const difference = claim.attribution.specificity - other.attribution.specificity;
  if (difference !== 0) return difference > 0;
  const device = own?.source.device ?? '';
  const otherDevice = others?.source.device ?? '';
  return device !== otherDevice && isLater(latest.at(device, moment), latest.at(otherDevice, moment));
}

function isLater(one: DayLatestInput, other: DayLatestInput): boolean {
  return one.reported === other.reported ? one.started > other.started : one.reported;
}

/** Every moment at which the winner or its evidence may change, ascending. */
function boundsOf({ presence, latest, sources }: SegmentInput, claimed: readonly ClaimedSource[]): Float64Array {
  // One device is never compared with itself.
  const devices = new Set(sources.map(({ device }) => device).filter((device) => device !== ''));
  const lists = claimed.map(({ claims }) => {
    const moments = new Float64Array(claims.length * 2);
    for (let index = 0; index < claims.length; index += 1) {
      moments[index * 2] = claims[index]?.from ?? 0;
      moments[index * 2 + 1] = claims[index]?.to ?? 0;
    }
    return moments;
  });
  if (devices.size > 1) lists.push(Float64Array.from(latest.changes()).sort());
  return mergeMoments([Float64Array.from(presence.flat()), ...lists]);
}

/** One ascending list of several, each moment once. */
function mergeMoments(lists: readonly Float64Array[]): Float64Array {
  let left = lists;
  while (left.length > 1) {
    const merged: Float64Array[] = [];
    for (let index = 0; index < left.length; index += 2) {
      const [one = noMoments, other = noMoments] = [left[index], left[index + 1]];
      merged.push(mergeTwo(one, other));
    }
    left = merged;
  }
  return left[0] ?? noMoments;
}

const noMoments = new Float64Array();

function mergeTwo(one: Float64Array, other: Float64Array): Float64Array {
  const merged = new Float64Array(one.length + other.length);
  let [a, b, count] = [0, 0, 0];
  let last = Number.NaN;
  while (a < one.length || b < other.length) {
    const x = one[a] ?? Number.POSITIVE_INFINITY;
    const y = other[b] ?? Number.POSITIVE_INFINITY;
    const next = Math.min(x, y);
    if (x <= y) a += 1;
    else b += 1;
    if (next === last) continue;
    merged[count] = next;
    count += 1;
    last = next;
  }
  return merged.subarray(0, count);
}

function claimsOf({ lane, device, pieces }: DaySource, { classifier, hours = [] }: DayOptions): readonly Claim[] {
  // Of the hour at which a piece is classified: hours only grow.
  let known = new Map<DayFacts, DayAttribution>();
  let knownSlot = -1;
  const classify = (facts: DayFacts, slot: number, hour: DayHour | undefined): DayAttribution => {
    if (slot !== knownSlot) known = new Map<DayFacts, DayAttribution>();
    knownSlot = slot;
    const before = known.get(facts);
    if (before !== undefined) return before;
    const made = classifier.classify({ lane, device, facts, weekday: hour?.weekday ?? 0, hour: hour?.hour ?? -1 });
    known.set(facts, made);
    return made;
  };
  if (!classifier.readsClock) {
    return pieces.map(({ from, to, facts, items }): Claim => {
      const attribution = classify(facts, -1, undefined);
      return { from, to, items, attribution, rank: rankOf(lane, attribution) };
    });
  }
  const claims: Claim[] = [];
  let slot = 0;
  for (const { from, to, facts, items } of pieces) {
    while ((hours[slot]?.to ?? Number.POSITIVE_INFINITY) <= from) slot += 1;
    for (let index = slot, begin = from; begin < to; index += 1) {
      const hour = hours[index];
      const end = Math.min(to, hour?.to ?? to);
      const attribution = classify(facts, index, hour);
      claims.push({ from: begin, to: end, items, attribution, rank: rankOf(lane, attribution) });
      begin = end;
    }
  }
  return claims;
}

type Decision = Omit<DaySegment, 'from' | 'to' | 'evidence' | 'bridged'>;

const undecided: Decision = {
  project: null,
  task: null,
  category: null,
  work: true,
  lane: 'afk',
  source: '',
  rule: null,
  fact: null,
};

class SegmentBuilder {
  readonly #sources: readonly DaySource[];
  readonly #withReasons: boolean;
  readonly #segments: DaySegment[] = [];
  #from = 0;
  #to = Number.NEGATIVE_INFINITY;
  #decision = undecided;
  #attribution: DayAttribution | undefined;
  #winner = -1;
  /** By source: what was met in the segment, each once in a row. */
  #met: ((readonly DayItem[])[] | undefined)[] = [];

  constructor(sources: readonly DaySource[], withReasons: boolean) {
    this.#sources = sources;
    this.#withReasons = withReasons;
  }

  add(from: number, to: number, active: readonly (Claim | undefined)[], winner: number): void {
    const attribution = active[winner]?.attribution;
    const goesOn = from === this.#to && winner === this.#winner && isSame(attribution, this.#attribution);
    if (!goesOn) {
      this.#close();
      this.#from = from;
      this.#winner = winner;
      this.#attribution = attribution;
      this.#decision = decisionOf(this.#sources[winner], attribution);
    }
    this.#to = to;
    if (!this.#withReasons) return;
    for (let index = 0; index < active.length; index += 1) {
      const items = active[index]?.items;
      if (items === undefined) continue;
      const met = this.#met[index];
      if (met === undefined) this.#met[index] = [items];
      else if (met[met.length - 1] !== items) met.push(items);
    }
  }

  /** Continues what came before over a gap. */
  bridge(from: number, to: number): void {
    this.#close();
    this.#segments.push({ from, to, ...this.#decision, bridged: true, evidence: [] });
  }

  finish(): readonly DaySegment[] {
    this.#close();
    return this.#segments;
  }

  #close(): void {
    if (this.#to > this.#from) {
      const evidence = this.#evidence();
      this.#segments.push({ from: this.#from, to: this.#to, ...this.#decision, bridged: false, evidence });
    }
    this.#from = this.#to;
    this.#met = [];
    this.#attribution = undefined;
    this.#winner = -2;
  }

  #evidence(): readonly DayReason[] {
    const reasons: DayReason[] = [];
    if (this.#winner >= 0) this.#addReasons(this.#winner, reasons);
    for (let index = 0; index < this.#met.length; index += 1) {
      if (index !== this.#winner) this.#addReasons(index, reasons);
    }
    return reasons;
  }

  #addReasons(index: number, reasons: DayReason[]): void {
    const source = this.#sources[index];
    const met = this.#met[index];
    if (source === undefined || met === undefined) return;
    const { lane, name } = source;
    const [first] = met;
    const [only] = first ?? [];
    if (only !== undefined && met.length === 1 && first?.length === 1) {
      if (this.#holds(only)) reasons.push({ lane, source: name, channel: only.channel, keys: [only.key] });
      return;
    }
    const byChannel = new Map<string, Set<string>>();
    for (const items of met) {
      for (const item of items) {
        if (!this.#holds(item)) continue;
        const keys = byChannel.get(item.channel);
        if (keys === undefined) byChannel.set(item.channel, new Set([item.key]));
        else keys.add(item.key);
      }
    }
    for (const channel of [...byChannel.keys()].sort(compareText)) {
      reasons.push({ lane, source: name, channel, keys: [...(byChannel.get(channel) ?? [])] });
    }
  }

  #holds({ from, to }: DayItem): boolean {
    return to > this.#from && from < this.#to;
  }
}

function decisionOf(source: DaySource | undefined, attribution: DayAttribution | undefined): Decision {
  if (source === undefined || attribution === undefined) return undecided;
  const { project, task, category, work, rule, fact } = attribution;
  return { project, task, category, work, lane: source.lane, source: source.name, rule, fact };
}

function isSame(one: DayAttribution | undefined, other: DayAttribution | undefined): boolean {
  if (one === other) return true;
  return (
    one !== undefined &&
    other !== undefined &&
    one.project === other.project &&
    one.task === other.task &&
    one.category === other.category &&
    one.work === other.work &&
    one.rule === other.rule &&
    one.fact === other.fact
  );
}

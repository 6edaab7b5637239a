// The final state of a channel, as all nodes agree on it: its steps, and its items after any of them. Pure.

import type { FinalState, HistoryItem, HistoryStep, RecordedChannel } from './history.ts';

export class DecidedChannel {
  readonly name: string;
  readonly keep: RecordedChannel['keep'];
  readonly epoch: string;
  readonly seq: number;
  readonly steps: ReadonlyMap<number, HistoryStep>;
  readonly items: ReadonlyMap<string, HistoryItem>;
  /** The steps of each key, ascending. */
  readonly #ofKey = new Map<string, HistoryStep[]>();

  constructor({ name, keep }: RecordedChannel, { epoch, seq, steps, items }: FinalState) {
    this.name = name;
    this.keep = keep;
    this.epoch = epoch;
    this.seq = seq;
    this.steps = new Map(steps.map((step) => [step.seq, step]));
    this.items = new Map(items.map((item) => [item.key, item]));
    for (const step of steps) {
      const its = this.#ofKey.get(step.key) ?? [];
      its.push(step);
      this.#ofKey.set(step.key, its);
    }
  }

  /** The last step of an item up to a position. */
  stepAt(key: string, seq: number): HistoryStep | undefined {
    return this.#ofKey.get(key)?.findLast((step) => step.seq <= seq);
  }

  /** The value of an item after a step; undefined if there was no such item. In a channel that keeps all. */
  valueAt(key: string, seq: number): string | undefined {
    return this.stepAt(key, seq)?.value ?? undefined;
  }

  /** @returns what is wrong with the items that are said to be those after a step; undefined if nothing is */
  contradiction(seq: number, items: readonly HistoryItem[]): string | undefined {
    const shown = new Set(items.map(({ key }) => key));
    if (shown.size !== items.length) return 'an item is there twice';
    for (const item of items) {
      const step = this.keep === 'all' ? this.stepAt(item.key, seq) : this.steps.get(item.seq);
      if (step === undefined && this.keep === 'last') continue;
      if (step?.seq !== item.seq || step.value !== item.value)
        return `${item.key} is ${item.value} of step ${item.seq}, and should be ${step?.value ?? 'missing'} of ${step?.seq ?? '-'}`;
    }
    for (const key of this.#ofKey.keys()) {
      const step = this.stepAt(key, seq);
      if (step === undefined || step.value === null || shown.has(key)) continue;
      return `${key} is missing, which step ${step.seq} made ${step.value}`;
    }
    return undefined;
  }
}

/** Checks that all nodes say the same, and that it is whole. @returns undefined if there is nothing that can be relied on */
export function checkFinals(recorded: RecordedChannel, faults: string[]): DecidedChannel | undefined {
  const { name, keep, finals } = recorded;
  const [first, ...others] = finals;
  if (first === undefined) return undefined;
  for (const other of others) {
    if (JSON.stringify({ ...other, node: '' }) === JSON.stringify({ ...first, node: '' })) continue;
    faults.push(`${name}: ${first.node} and ${other.node} differ: ${differenceOf(first, other)}`);
  }
  first.steps.forEach(({ seq }, at) => {
    const before = first.steps[at - 1]?.seq ?? 0;
    if (keep === 'all' ? seq !== before + 1 : seq <= before)
      faults.push(`${name}: step ${seq} comes after step ${before}`);
  });
  const last = first.steps.at(-1)?.seq ?? 0;
  if (keep === 'all' ? last !== first.seq : last > first.seq)
    faults.push(`${name}: the position is ${first.seq}, and the last step ${last}`);
  const channel = new DecidedChannel(recorded, first);
  const wrong = channel.contradiction(first.seq, first.items);
  if (wrong !== undefined) faults.push(`${name}: the items are not what the steps made: ${wrong}`);
  return channel;
}

function differenceOf(a: FinalState, b: FinalState): string {
  if (a.epoch !== b.epoch) return `the epochs are ${a.epoch} and ${b.epoch}`;
  if (a.seq !== b.seq) return `the positions are ${a.seq} and ${b.seq}`;
  const step = a.steps.find((one, at) => JSON.stringify(one) !== JSON.stringify(b.steps[at]));
  if (step !== undefined)
    return `step ${step.seq} is ${step.value}, and ${b.steps.find(({ seq }) => seq === step.seq)?.value ?? 'missing'}`;
  return `there are ${a.steps.length} steps and ${b.steps.length}, ${a.items.length} items and ${b.items.length}`;
}

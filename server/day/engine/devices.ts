// The devices of a day: which one an event belongs to where it does not say, what each one's AFK source reports, and which of them saw
// the latest input.

import { compareText, groupBy } from './collections.ts';
import type { DayEvent } from './evidence.ts';
import {
  containsMoment,
  type DayIntervals,
  intersectIntervals,
  lengthOf,
  subtractIntervals,
  uniteIntervals,
} from './intervals.ts';

/** The reason that a page shows for a guessed device ([Y10]). */
export interface DayGuess {
  /** A bucket that does not name its device. */
  readonly channel: string;
  readonly device: string;
  /** Microseconds of it that lie within browser windows of the device. */
  readonly overlap: number;
}

/** Where nothing can be guessed. */
export const unknownDevice = 'unknown';

/** Window titles' programs that are browsers, in lower case and without `.exe`; as ActivityWatch's own web UI lists them, and more. */
const browserApps = new Set(
  (
    'google chrome|google-chrome|google-chrome-stable|chrome|chromium|chromium-browser|firefox|firefox-esr|firefoxdeveloperedition|' +
    'firefox developer edition|navigator|librewolf|librewolf-default|waterfox|opera|opera_launcher|brave|brave-browser|brave browser|' +
    'msedge|microsoft edge|microsoft-edge|microsoft-edge-stable|vivaldi|vivaldi-stable|vivaldi-bin|safari|arc|zen|zen browser|zen-browser|' +
    'floorp|orion|epiphany|org.gnome.epiphany|falkon|konqueror|qutebrowser|thorium|thorium-browser|tor browser'
  ).split('|'),
);

export function isBrowserApp(app: string): boolean {
  return browserApps.has(app.toLowerCase().replace(/\.exe$/, ''));
}

/**
 * Gives browser events without a device to the device whose browser windows they overlap most, bucket by bucket. Where none overlaps,
 * the device is `unknown`.
 */
export function guessDevices(events: readonly DayEvent[]): {
  readonly events: readonly DayEvent[];
  readonly guesses: readonly DayGuess[];
} {
  const isHomeless = ({ lane, device }: DayEvent): boolean => lane === 'web' && device === '';
  const homeless = groupBy(events.filter(isHomeless), ({ channel }) => channel);
  if (homeless.size === 0) return { events, guesses: [] };
  const windows = events.filter(({ lane, facts }) => lane === 'window' && isBrowserApp(facts.app ?? ''));
  const byDevice = [...groupBy(windows, ({ device }) => device)].map(
    ([device, its]) => [device, uniteIntervals(its.map(({ from, to }) => [from, to]))] as const,
  );
  byDevice.sort(([a], [b]) => compareText(a, b));
  const guesses: DayGuess[] = [];
  for (const [channel, its] of homeless) {
    const seen = uniteIntervals(its.map(({ from, to }) => [from, to]));
    let best: DayGuess = { channel, device: unknownDevice, overlap: 0 };
    for (const [device, shown] of byDevice) {
      const overlap = lengthOf(intersectIntervals(seen, shown));
      if (overlap > best.overlap) best = { channel, device, overlap };
    }
    guesses.push(best);
  }
  guesses.sort((a, b) => compareText(a.channel, b.channel));
  const found = new Map(guesses.map(({ channel, device }) => [channel, device]));
  const placed = events.map((event) =>
    isHomeless(event) ? { ...event, device: found.get(event.channel) ?? unknownDevice } : event,
  );
  return { events: placed, guesses };
}

/** The reports of the AFK source of a device. */
export interface DayInput {
  readonly input: DayIntervals;
  /** Without what overlaps with input: an overlap counts as input. */
  readonly absent: DayIntervals;
}

const nothingReported: DayInput = { input: [], absent: [] };

/** By device. Only devices whose AFK source reports anything of positive length are there. */
export function readInput(events: readonly DayEvent[]): ReadonlyMap<string, DayInput> {
  const solid = events.filter(({ lane, from, to }) => lane === 'afk' && to > from);
  return new Map(
    [...groupBy(solid, ({ device }) => device)].map(([device, its]) => {
      const spans = (input: boolean): DayIntervals =>
        uniteIntervals(its.filter((event) => (event.input === true) === input).map(({ from, to }) => [from, to]));
      const input = spans(true);
      return [device, { input, absent: subtractIntervals(spans(false), input) }];
    }),
  );
}

/** How late a device's latest input is at a moment, to be compared: reported input is later than any event. */
export interface DayLatestInput {
  readonly reported: boolean;
  /** When the device last began to report something new, marks included; `-Infinity` where there is none. */
  readonly started: number;
}

/** Answers which of several devices saw the latest input at a moment ([Y5]). */
export class LatestInputs {
  readonly #inputs: ReadonlyMap<string, DayInput>;
  readonly #given: ReadonlyMap<string, readonly number[]>;
  /** Sorted when they are asked for: one device is never compared with another. */
  readonly #sorted = new Map<string, Float64Array>();

  /** @param starts when each device began to report something new, marks included, in any order */
  constructor(inputs: ReadonlyMap<string, DayInput>, starts: ReadonlyMap<string, readonly number[]>) {
    this.#inputs = inputs;
    this.#given = starts;
  }

  /** The moments at which an answer may change. */
  *changes(): Generator<number> {
    for (const { input } of this.#inputs.values()) {
      for (const [from, to] of input) {
        yield from;
        yield to;
      }
    }
    for (const starts of this.#given.values()) yield* starts;
  }

  at(device: string, moment: number): DayLatestInput {
    const { input } = this.#inputs.get(device) ?? nothingReported;
    return { reported: containsMoment(input, moment), started: this.#lastStart(device, moment) };
  }

  #lastStart(device: string, moment: number): number {
    const starts = this.#sorted.get(device) ?? Float64Array.from(this.#given.get(device) ?? []).sort();
    this.#sorted.set(device, starts);
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= moment) low = middle + 1;
      else high = middle;
    }
    return starts[low - 1] ?? Number.NEGATIVE_INFINITY;
  }
}

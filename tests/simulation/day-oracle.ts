// The merged day again, written independently of the engine and as simply as possible: one array cell per second of the day, filled by
// brute force. All its evidence must be on whole seconds. It follows the rules [Y1] to [Y7] sentence by sentence.

import type {
  DayAttribution,
  DayEvent,
  DayEvidence,
  DayFacts,
  DayHeartbeat,
  DayOptions,
} from '../../server/day/engine/evidence.ts';

const micros = 1_000_000;

/** The source that wins one second. */
export interface OracleSecond {
  readonly lane: string;
  readonly source: string;
  readonly attribution: DayAttribution;
}

export interface OracleDay {
  /** By second: 1 if the person is present, including bridges. */
  readonly present: Uint8Array;
  readonly bridged: Uint8Array;
  /** By second: undefined while the person is absent. */
  readonly winners: readonly (OracleSecond | undefined)[];
  /** Seconds of each source. */
  readonly lanes: ReadonlyMap<string, number>;
  readonly agent: number;
  readonly agentWall: number;
  readonly attended: number;
}

interface Content {
  readonly facts: DayFacts;
  readonly events: DayEvent[];
}

interface OracleSource {
  readonly name: string;
  readonly lane: string;
  readonly device: string;
  readonly contents: readonly DayFacts[];
  /** By second: the index of the reported content; -1 for none. */
  readonly reports: Int32Array;
}

const order = ['manual', 'task', 'mob', 'meeting', 'editor', 'web', 'window', 'other', 'afk'];

export function oracleDay(evidence: DayEvidence, options: DayOptions): OracleDay {
  return new Oracle(evidence, options).day();
}

class Oracle {
  readonly #options: DayOptions;
  readonly #size: number;
  readonly #evidence: DayEvidence;
  readonly #events: DayEvent[];
  readonly #inputs = new Map<string, { input: Uint8Array; absent: Uint8Array }>();

  constructor(evidence: DayEvidence, options: DayOptions) {
    this.#options = options;
    this.#size = (options.to - options.from) / micros;
    this.#evidence = evidence;
    this.#events = this.#place([...evidence.events, ...this.#humanEvents()]);
  }

  day(): OracleDay {
    this.#readInputs();
    const { stated, removed } = this.#entries();
    const sources = [...(stated === undefined ? [] : [stated]), ...this.#sources()];
    sources.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const person = this.#person(sources, removed);
    const bridged = this.#bridges(person, removed);
    const winners = this.#winners(sources, person, bridged);
    const present = person.map((there, at) => (there === 1 || bridged[at] === 1 ? 1 : 0));
    const lanes = new Map(sources.map(({ name, reports }) => [name, countReports(reports)]));
    for (const [name, count] of lanes) if (count === 0) lanes.delete(name);
    return { present, bridged, winners, lanes, ...this.#agents(present, lanes) };
  }

  /** The cells of a span within the day. */
  #cells(from: number, to: number): readonly [number, number] {
    const cell = (moment: number): number => Math.min(this.#size, Math.max(0, (moment - this.#options.from) / micros));
    return [cell(from), cell(to)];
  }

  #paint(cells: Uint8Array, from: number, to: number, value = 1): void {
    const [first, last] = this.#cells(from, to);
    if (last > first) cells.fill(value, first, last);
  }

  #isInDay(moment: number): boolean {
    return moment >= this.#options.from && moment < this.#options.to;
  }

  /** A browser without a device belongs to the device with which it has most seconds of browser windows in common. */
  #place(events: readonly DayEvent[]): DayEvent[] {
    const devices = [...new Set(events.filter(({ lane }) => lane === 'window').map(({ device }) => device))].sort();
    const shown = devices.map((device) => {
      const cells = new Uint8Array(this.#size);
      for (const { lane, device: owner, facts, from, to } of events) {
        if (lane === 'window' && owner === device && facts.app === 'firefox') this.#paint(cells, from, to);
      }
      return cells;
    });
    const homes = new Map<string, string>();
    for (const { channel } of events.filter(({ lane, device }) => lane === 'web' && device === '')) {
      const cells = new Uint8Array(this.#size);
      for (const event of events) if (event.channel === channel) this.#paint(cells, event.from, event.to);
      const shared = shown.map((other) =>
        cells.reduce((sum, on, at) => sum + (on === 1 && other[at] === 1 ? 1 : 0), 0),
      );
      const most = Math.max(0, ...shared);
      homes.set(channel, most === 0 ? 'unknown' : (devices[shared.indexOf(most)] ?? ''));
    }
    return events.map((event) =>
      event.lane === 'web' && event.device === '' ? { ...event, device: homes.get(event.channel) ?? '' } : event,
    );
  }

  #isHuman({ by, device, at }: DayHeartbeat): boolean {
    if (by !== 'labelled') return by === 'human';
    return this.#evidence.events.some(
      (event) =>
        event.lane === 'afk' && event.device === device && event.input === true && event.from <= at && at < event.to,
    );
  }

  #humanEvents(): DayEvent[] {
    const beats = this.#evidence.heartbeats
      .filter((beat) => this.#isHuman(beat))
      .sort((a, b) => a.at - b.at || (a.key < b.key ? 1 : a.key > b.key ? -1 : 0));
    return beats.map(({ device, at, channel, key, facts }, index) => {
      const next = beats[index + 1];
      const worked = next !== undefined && next.at - at < this.#options.timeout;
      return { lane: 'editor', device, kind: 'editor', channel, key, facts, from: at, to: worked ? next.at : at };
    });
  }

  #readInputs(): void {
    for (const { lane, device, from, to } of this.#events) {
      const [first, last] = this.#cells(from, to);
      if (lane !== 'afk' || last <= first || this.#inputs.has(device)) continue;
      const [input, absent] = [new Uint8Array(this.#size), new Uint8Array(this.#size)];
      const own = this.#events.filter((event) => event.lane === 'afk' && event.device === device);
      for (const event of own) this.#paint(event.input === true ? input : absent, event.from, event.to);
      this.#inputs.set(device, { input, absent: absent.map((on, at) => (on === 1 && input[at] === 0 ? 1 : 0)) });
    }
  }

  /** The entry that was stated last wins, then the later start, then the smaller key. */
  #entries(): { stated: OracleSource | undefined; removed: Uint8Array } {
    const start = ({ from }: DayEvent): number => Math.max(from, this.#options.from);
    const entries = this.#events
      .filter(({ lane }) => lane === 'manual')
      .sort((a, b) => (a.stated ?? 0) - (b.stated ?? 0) || start(a) - start(b) || (a.key < b.key ? 1 : -1));
    if (entries.length === 0) return { removed: new Uint8Array(this.#size), stated: undefined };
    const reports = new Int32Array(this.#size).fill(-1);
    const removed = new Uint8Array(this.#size);
    for (const [number, entry] of entries.entries()) {
      const [first, last] = this.#cells(entry.from, entry.to);
      if (last <= first) continue;
      reports.fill(entry.removes === true ? -1 : number, first, last);
      removed.fill(entry.removes === true ? 1 : 0, first, last);
    }
    const contents = entries.map(({ facts }) => facts);
    return { removed, stated: { name: 'entries', lane: 'manual', device: '', contents, reports } };
  }

  #sources(): OracleSource[] {
    const sources = new Map<string, DayEvent[]>();
    for (const event of this.#events) {
      const { lane, device, kind, input } = event;
      if (lane === 'manual' || lane === 'agent' || (lane === 'afk' && input !== true)) continue;
      const name = device === '' ? kind : `${device}/${kind}`;
      sources.set(name, [...(sources.get(name) ?? []), event]);
    }
    return [...sources].flatMap(([name, events]): OracleSource[] => {
      const [first] = events;
      if (first === undefined) return [];
      const { lane, device } = first;
      const absent = lane === 'afk' ? undefined : this.#inputs.get(device)?.absent;
      const { contents, reports } = this.#mergeContents(events);
      for (const [from, to] of absent === undefined ? [] : runs(absent)) reports.fill(-1, from, to);
      return [{ name, lane, device, contents, reports }];
    });
  }

  /** Merges events of equal content. Where contents overlap, the one whose stretch starts last wins, then the smaller key. */
  #mergeContents(events: readonly DayEvent[]): Pick<OracleSource, 'contents' | 'reports'> {
    const contents = new Map<string, Content>();
    for (const event of events) {
      const name = JSON.stringify(event.facts);
      const content = contents.get(name) ?? { facts: event.facts, events: [] };
      contents.set(name, content);
      content.events.push(event);
    }
    const stretches: { readonly first: number; readonly key: string; readonly facts: DayFacts }[] = [];
    /** By second: the number of the winning stretch; -1 for none. */
    const wins = new Int32Array(this.#size).fill(-1);
    for (const { facts, events: own } of contents.values()) {
      const cells = new Uint8Array(this.#size);
      for (const { from, to } of own) this.#paint(cells, from, to);
      for (const [first, last] of runs(cells)) {
        const inside = own.filter((event) => {
          const [begin, end] = this.#cells(event.from, event.to);
          return end > begin && begin >= first && end <= last;
        });
        const key = inside.map((event) => event.key).reduce((a, b) => (a < b ? a : b));
        const number = stretches.push({ first, key, facts }) - 1;
        for (let at = first; at < last; at += 1) {
          const other = stretches[wins[at] ?? -1];
          if (other === undefined || other.first < first || (other.first === first && other.key > key))
            wins[at] = number;
        }
      }
    }
    return { contents: stretches.map(({ facts }) => facts), reports: wins };
  }

  #person(sources: readonly OracleSource[], removed: Uint8Array): Uint8Array {
    const there = new Uint8Array(this.#size);
    for (const { lane, device, reports } of sources) {
      if (lane === 'task' || lane === 'afk') continue;
      const own = ['meeting', 'mob', 'manual'].includes(lane) ? undefined : this.#inputs.get(device);
      for (let at = 0; at < this.#size; at += 1) {
        // While the AFK source reports, only input is presence.
        if (hasReport(reports, at) && (own === undefined || (own.input[at] === 0 && own.absent[at] === 0)))
          there[at] = 1;
      }
    }
    for (const { input } of this.#inputs.values()) {
      for (const [first, last] of runs(input)) there.fill(1, first, last);
    }
    const away = this.#away();
    for (const { reports } of sources.filter(({ lane }) => lane === 'task')) {
      for (let at = 0; at < this.#size; at += 1) if (hasReport(reports, at) && away[at] === 0) there[at] = 1;
    }
    return there.map((on, at) => (removed[at] === 1 ? 0 : on));
  }

  /** Stretches longer than `idle` in which every device that has an AFK source reports absence. */
  #away(): Uint8Array {
    const all = [...this.#inputs.values()];
    const cells = new Uint8Array(this.#size);
    if (all.length === 0) return cells;
    for (let at = 0; at < this.#size; at += 1) cells[at] = all.every(({ absent }) => absent[at] === 1) ? 1 : 0;
    for (const [first, last] of runs(cells)) {
      if ((last - first) * micros <= this.#options.idle) cells.fill(0, first, last);
    }
    return cells;
  }

  #bridges(person: Uint8Array, removed: Uint8Array): Uint8Array {
    const bridged = new Uint8Array(this.#size);
    const absent = person.map((on) => 1 - on);
    for (const [first, last] of runs(absent)) {
      if (first === 0 || last === this.#size || (last - first) * micros > this.#options.bridge) continue;
      if (!removed.subarray(first, last).includes(1)) bridged.fill(1, first, last);
    }
    return bridged;
  }

  #winners(sources: readonly OracleSource[], person: Uint8Array, bridged: Uint8Array): (OracleSecond | undefined)[] {
    const hours = new Array<{ weekday: number; hour: number }>(this.#size).fill({ weekday: 0, hour: -1 });
    if (this.#options.classifier.readsClock) {
      for (const { from, to, weekday, hour } of this.#options.hours ?? []) {
        const [first, last] = this.#cells(from, to);
        hours.fill({ weekday, hour }, first, last);
      }
    }
    const started = this.#startedBy();
    // Each content is classified once per hour.
    const known = new Map(sources.map((source) => [source, new Map<number, Map<DayFacts, DayAttribution>>()]));
    const classify = (source: OracleSource, facts: DayFacts, at: number): DayAttribution => {
      const { lane, device } = source;
      const clock = hours[at] ?? { weekday: 0, hour: -1 };
      const ofHour = known.get(source)?.get(clock.hour) ?? new Map<DayFacts, DayAttribution>();
      known.get(source)?.set(clock.hour, ofHour);
      const made =
        ofHour.get(facts) ?? this.#options.classifier.classify({ lane: readLane(lane), device, facts, ...clock });
      ofHour.set(facts, made);
      return made;
    };
    const winners: (OracleSecond | undefined)[] = [];
    const deciding = [...sources.map(({ reports }) => reports), ...started.values()];
    for (const { input } of this.#inputs.values()) deciding.push(Int32Array.from(input));
    /** True if all inputs of the decision are the same as in the second before. */
    const isAsBefore = (at: number): boolean =>
      person[at - 1] === 1 && hours[at] === hours[at - 1] && deciding.every((cells) => cells[at] === cells[at - 1]);
    for (let at = 0; at < this.#size; at += 1) {
      if (bridged[at] === 1) winners.push(winners[at - 1]);
      else if (person[at] === 0) winners.push(undefined);
      else if (isAsBefore(at)) winners.push(winners[at - 1]);
      else {
        let best: Candidate | undefined;
        for (const source of sources) {
          const facts = source.contents[source.reports[at] ?? -1];
          if (facts === undefined) continue;
          const attribution = classify(source, facts, at);
          const place = order.indexOf(source.lane) + (isUndecided(source.lane, attribution) ? 100 : 0);
          const input = this.#inputs.get(source.device)?.input[at] ?? 0;
          const candidate = { source, attribution, place, input, start: started.get(source.device)?.[at] ?? -1 };
          if (best === undefined || isBetter(candidate, best)) best = candidate;
        }
        winners.push(best && { lane: best.source.lane, source: best.source.name, attribution: best.attribution });
      }
    }
    return winners;
  }

  /** By device and second: the second at which the latest new content of the device started. Marks count. */
  #startedBy(): Map<string, Int32Array> {
    const begins = new Map<string, number[]>();
    const contents = new Map<string, { device: string; cells: Uint8Array }>();
    for (const { lane, device, kind, facts, from, to, input } of this.#events) {
      if (device === '' || lane === 'agent' || lane === 'manual' || (lane === 'afk' && input !== true)) continue;
      begins.set(device, begins.get(device) ?? []);
      if (to === from) {
        if (this.#isInDay(from)) begins.get(device)?.push(this.#cells(from, to)[0]);
      } else if (lane !== 'afk') {
        const name = `${device} ${kind} ${JSON.stringify(facts)}`;
        const content = contents.get(name) ?? { device, cells: new Uint8Array(this.#size) };
        contents.set(name, content);
        this.#paint(content.cells, from, to);
      }
    }
    for (const { device, cells } of contents.values()) begins.get(device)?.push(...runs(cells).map(([first]) => first));
    return new Map([...begins].map(([device, firsts]) => [device, this.#lastOf(firsts)]));
  }

  #lastOf(firsts: readonly number[]): Int32Array {
    const cells = new Int32Array(this.#size).fill(-1);
    for (const first of [...firsts].sort((a, b) => a - b)) cells.fill(first, first);
    return cells;
  }

  #agents(present: Uint8Array, lanes: Map<string, number>): Pick<OracleDay, 'agent' | 'agentWall' | 'attended'> {
    const signs = new Map<string, (readonly [number, number])[]>();
    const add = (device: string, session: string, from: number, to: number): void => {
      const name = `${device}/agent/${session}`;
      signs.set(name, [...(signs.get(name) ?? []), [from, to]]);
    };
    for (const beat of this.#evidence.heartbeats) {
      if (!this.#isHuman(beat)) add(beat.device, beat.session, beat.at, beat.at);
    }
    for (const { lane, device, session, kind, from, to } of this.#evidence.events) {
      if (lane === 'agent') add(device, session ?? kind, from, to);
    }
    const wall = new Uint8Array(this.#size);
    let agent = 0;
    for (const [name, own] of signs) {
      const cells = new Uint8Array(this.#size);
      own.sort(([a], [b]) => a - b);
      let end = Number.NEGATIVE_INFINITY;
      for (const [from, to] of own) {
        this.#paint(cells, from, to);
        if (from - end <= this.#options.timeout) this.#paint(cells, end, from);
        end = Math.max(end, to);
      }
      const count = cells.reduce((sum, on) => sum + on, 0);
      if (count > 0) lanes.set(name, count);
      agent += count;
      for (const [first, last] of runs(cells)) wall.fill(1, first, last);
    }
    const agentWall = wall.reduce((sum, on) => sum + on, 0);
    return {
      agent,
      agentWall,
      attended: countBoth(wall, present),
    };
  }
}

interface Candidate {
  readonly source: OracleSource;
  readonly attribution: DayAttribution;
  readonly place: number;
  readonly input: number;
  readonly start: number;
}

/** True for web, window and other evidence without a rule: it decides only if no other evidence does. */
function isUndecided(lane: string, { rule }: DayAttribution): boolean {
  return order.indexOf(lane) >= order.indexOf('web') && rule === null;
}

function isBetter(one: Candidate, other: Candidate): boolean {
  if (one.place !== other.place) return one.place < other.place;
  if (one.attribution.specificity !== other.attribution.specificity) {
    return one.attribution.specificity > other.attribution.specificity;
  }
  if (one.input !== other.input) return one.input > other.input;
  if (one.start !== other.start) return one.start > other.start;
  return one.source.name < other.source.name;
}

function countBoth(one: Uint8Array, other: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < one.length; at += 1) if (one[at] === 1 && other[at] === 1) count += 1;
  return count;
}

function hasReport(reports: Int32Array, at: number): boolean {
  return (reports[at] ?? -1) >= 0;
}

function countReports(reports: Int32Array): number {
  let count = 0;
  for (let at = 0; at < reports.length; at += 1) if (hasReport(reports, at)) count += 1;
  return count;
}

/** Runs of cells that are 1, as [first, end). */
export function runs(cells: Uint8Array): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  let first = -1;
  for (let at = 0; at <= cells.length; at += 1) {
    const on = cells[at] === 1;
    if (on && first === -1) first = at;
    if (!on && first !== -1) {
      found.push([first, at]);
      first = -1;
    }
  }
  return found;
}

function readLane(lane: string): DayEvent['lane'] {
  const found = (['manual', 'task', 'mob', 'meeting', 'editor', 'web', 'window', 'other', 'afk'] as const).find(
    (one) => one === lane,
  );
  if (found === undefined) throw new Error(`unknown lane: ${lane}`);
  return found;
}

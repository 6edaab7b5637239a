// Generates random evidence of a day from a seed: one to four devices, overlaps, marks, browsers without a host, AFK sources that start
// late, days with a clock change, day starts at 04:00, agents and relabelled heartbeats. It is difficult on purpose; scripts/demo generates
// realistic days.

import { boundsOfDay, type DayCalendar, hoursOf } from '../../server/day/engine/day-calendar.ts';
import {
  attributionByFacts,
  type DayClassifier,
  type DayEvent,
  type DayEvidence,
  type DayFacts,
  type DayHeartbeat,
  type DayLane,
  type DayOptions,
} from '../../server/day/engine/evidence.ts';
import { seeded } from '../harness/world.ts';

export const second = 1_000_000;
export const minute = 60 * second;

export interface GeneratedDay {
  readonly seed: number;
  readonly evidence: DayEvidence;
  readonly options: DayOptions;
}

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'UTC',
];
/** Some have 23 or 25 hours in one of the zones, and one is a leap day. */
const dates = [
  '2026-03-29',
  '2026-10-25',
  '2026-03-08',
  '2026-11-01',
  '2026-04-05',
  '2026-09-06',
  '2024-02-29',
  '2026-06-15',
];
const devices = ['anvil', 'laptop', 'phone', 'tower'];

/** @param grain all moments are multiples of this, in microseconds; the oracle needs whole seconds */
export function generateDay(seed: number, grain = second): GeneratedDay {
  const draw = new Draw(seed, grain);
  const calendar: DayCalendar = {
    zones: [{ from: 0, zone: draw.one(zones) }],
    dayStart: draw.chance(0.3) ? 240 : 0,
  };
  const [from, to] = boundsOfDay(draw.one(dates), calendar);
  const day = { from, to };
  const own = devices.slice(0, 1 + draw.below(devices.length));
  const events = own.flatMap((device) => deviceEvents(draw, day, device));
  events.push(...personEvents(draw, day));
  if (draw.chance(0.6)) {
    // A browser that does not report its device.
    events.push(
      ...spread(draw, day, { lane: 'web', device: '', kind: 'web', channel: 'aw/aw-watcher-web-firefox' }, pages, 20),
    );
  }
  const classifier = testClassifier(draw);
  return {
    seed,
    evidence: { events, heartbeats: heartbeats(draw, day, own) },
    options: {
      from,
      to,
      timeout: draw.one([2, 15, 5]) * minute,
      idle: draw.one([5, 5, 1, 20]) * minute,
      bridge: draw.one([0, 2, 10, 30]) * minute,
      classifier,
      hours: hoursOf([from, to], calendar),
    },
  };
}

/** The same evidence in another order, duplicated, split and imported a second time. */
export function rearrange({ evidence }: GeneratedDay, seed: number, grain = second): DayEvidence {
  const draw = new Draw(seed, grain);
  const events = evidence.events.flatMap((event): DayEvent[] => {
    const { lane, from, to, key } = event;
    if (draw.chance(0.2)) return [event, { ...event, facts: { ...event.facts } }];
    // A second import has later keys. Entries and events of agents are not repeated: each of them counts separately.
    if (lane === 'manual' || lane === 'agent') return [event];
    if (draw.chance(0.2)) return [event, { ...event, key: `9${key}` }];
    const middle = from + Math.floor(draw.next() * ((to - from) / grain)) * grain;
    if (to - from < 2 * grain || !draw.chance(0.2)) return [event];
    return [
      { ...event, to: middle },
      { ...event, from: middle },
    ];
  });
  const beats = evidence.heartbeats.flatMap((beat) => (draw.chance(0.2) ? [beat, { ...beat }] : [beat]));
  return { events: draw.shuffled(events), heartbeats: draw.shuffled(beats) };
}

class Draw {
  readonly next: () => number;
  readonly grain: number;
  #key = 0;

  constructor(seed: number, grain: number) {
    this.next = seeded(seed);
    this.grain = grain;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(part: number): boolean {
    return this.next() < part;
  }

  one<T>(all: readonly [T, ...T[]] | readonly T[]): T {
    const value = all[this.below(all.length)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  }

  /** Numbers of equal length, so that their order as text is mostly the order of creation. */
  key(): string {
    this.#key += 1;
    return String(100_000 + ((this.#key * 7_919) % 900_000));
  }

  moment({ from, to }: Bounds, around = 0): number {
    return from - around + Math.floor((this.next() * (to - from + 2 * around)) / this.grain) * this.grain;
  }

  /** Microseconds up to `most`: often 0, often short, rarely long. */
  length(most: number): number {
    if (this.chance(0.3)) return 0;
    const share = this.chance(0.7) ? this.next() ** 3 : this.next();
    return Math.floor((share * most) / this.grain) * this.grain;
  }

  shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((value) => ({ value, order: this.next() }))
      .sort((a, b) => a.order - b.order)
      .map(({ value }) => value);
  }
}

type Bounds = Pick<DayOptions, 'from' | 'to'>;
type SourceOf = Pick<DayEvent, 'lane' | 'device' | 'kind' | 'channel'>;

const windows: readonly DayFacts[] = [
  { app: 'code', title: 'день.ts — horai' },
  { app: 'firefox', title: 'Tickets' },
  { app: 'Slack', title: 'général' },
  { app: 'kitty', title: '日記' },
];
const pages: readonly DayFacts[] = [
  { url: 'https://github.com/horai', host: 'github.com', title: 'horai' },
  { url: 'https://news.example/1', host: 'news.example', title: 'خبر' },
  { url: 'https://docs.example/a', host: 'docs.example' },
];
const files: readonly DayFacts[] = [
  { project: 'horai', path: '/src/day.ts', language: 'TypeScript' },
  { project: 'shop', path: '/shop/a.py' },
  { path: '/tmp/scratch' },
];

function spread(
  draw: Draw,
  day: Bounds,
  source: SourceOf,
  facts: readonly DayFacts[],
  most: number,
  longest = 40,
): DayEvent[] {
  return Array.from({ length: draw.below(most + 1) }, () => {
    const from = draw.moment(day, 20 * minute);
    const to = from + draw.length(longest * minute);
    return { ...source, key: draw.key(), from, to, facts: draw.one(facts) };
  });
}

function deviceEvents(draw: Draw, day: Bounds, device: string): DayEvent[] {
  const source = (lane: DayLane, kind: string): SourceOf => ({ lane, device, kind, channel: `aw/${kind}_${device}` });
  const events: DayEvent[] = [];
  if (draw.chance(0.9)) events.push(...spread(draw, day, source('window', 'window'), windows, 40));
  if (draw.chance(0.4)) events.push(...spread(draw, day, source('web', 'web'), pages, 20));
  if (draw.chance(0.2)) events.push(...spread(draw, day, source('other', 'spotify'), [{ title: 'Fado' }], 10));
  if (draw.chance(0.7)) {
    // The AFK source of some devices starts late.
    const begin = draw.chance(0.4) ? draw.moment(day) : day.from;
    const reported = { from: begin, to: day.to };
    for (const one of spread(draw, reported, source('afk', 'afk'), [{}], 30, 90)) {
      events.push({ ...one, input: draw.chance(0.5) });
    }
  }
  if (draw.chance(0.2)) {
    for (let left = draw.below(10); left > 0; left -= 1) {
      const from = draw.moment(day);
      events.push({ ...source('afk', 'unlocks'), key: draw.key(), from, to: from, facts: {}, input: true });
    }
  }
  return events;
}

function personEvents(draw: Draw, day: Bounds): DayEvent[] {
  const events: DayEvent[] = [];
  const without = (lane: DayLane, kind: string): SourceOf => ({ lane, device: '', kind, channel: kind });
  const tasks: DayFacts[] = [
    { task: 't1', title: 'review', project: 'shop' },
    { task: 't2', title: 'write' },
  ];
  events.push(...spread(draw, day, without('task', 'tasks'), tasks, 4, 240));
  events.push(...spread(draw, day, without('mob', 'mob/garden'), [{ room: 'garden', title: 'goal' }], 4, 30));
  if (draw.chance(0.2)) events.push(...spread(draw, day, without('mob', 'mob/attic'), [{ room: 'attic' }], 3, 30));
  events.push(...spread(draw, day, without('meeting', 'meetings'), [{ project: 'team', title: 'standup' }, {}], 3, 90));
  const entries: DayFacts[] = [{ project: 'paper' }, { title: 'walk' }, {}];
  for (const longest of [120, 15]) {
    for (const one of spread(draw, day, without('manual', 'entries'), entries, 5, longest)) {
      events.push({ ...one, stated: draw.below(100), ...(draw.chance(0.4) ? { removes: true } : {}) });
    }
  }
  const agents: SourceOf = { lane: 'agent', device: 'tower', kind: 'agent', channel: 'aw/aw-watcher-agent' };
  for (const one of spread(draw, day, agents, files, 14, 120)) {
    events.push({ ...one, session: draw.one(['codex/a', 'codex/b']) });
  }
  return events;
}

function heartbeats(draw: Draw, day: Bounds, own: readonly string[]): DayHeartbeat[] {
  const beats: DayHeartbeat[] = [];
  for (let bursts = draw.below(10); bursts > 0; bursts -= 1) {
    const device = draw.one(own);
    const by = draw.one(['human', 'human', 'labelled', 'labelled', 'agent'] as const);
    const session = by === 'human' ? '' : draw.one(['claude-code/1', 'claude-code/2']);
    let at = draw.moment(day, 20 * minute);
    for (let left = draw.below(25); left >= 0; left -= 1) {
      beats.push({ device, at, channel: 'wakatime', key: draw.key(), facts: draw.one(files), by, session });
      at += draw.length(6 * minute);
    }
  }
  return beats;
}

interface TestRule {
  readonly id: string;
  readonly project: string | null;
  readonly work: boolean;
  readonly specificity: number;
  readonly fits: (subject: Parameters<DayClassifier['classify']>[0]) => boolean;
}

const allRules: readonly TestRule[] = [
  { id: 'code', project: 'horai', work: true, specificity: 1, fits: ({ facts }) => facts.app === 'code' },
  { id: 'github', project: 'horai', work: true, specificity: 2, fits: ({ facts }) => facts.host === 'github.com' },
  { id: 'news', project: null, work: false, specificity: 1, fits: ({ facts }) => facts.host === 'news.example' },
  { id: 'slack', project: 'team', work: true, specificity: 1, fits: ({ facts }) => facts.app === 'Slack' },
  {
    id: 'tower',
    project: 'garden',
    work: true,
    specificity: 3,
    fits: ({ device, facts }) => device === 'tower' && facts.app === 'code',
  },
  { id: 'room', project: 'garden', work: true, specificity: 1, fits: ({ facts }) => facts.room === 'garden' },
  {
    id: 'late',
    project: 'night',
    work: true,
    specificity: 4,
    fits: ({ facts, hour }) => facts.app === 'kitty' && hour >= 12,
  },
];

function testClassifier(draw: Draw): DayClassifier {
  const rules = allRules.filter(() => draw.chance(0.6));
  return {
    readsClock: rules.some(({ id }) => id === 'late'),
    classify(subject) {
      const [rule] = rules.filter(({ fits }) => fits(subject)).sort((a, b) => b.specificity - a.specificity);
      const facts = attributionByFacts(subject.lane, subject.facts);
      if (rule === undefined || facts.fact === 'manual project') return facts;
      const { id, project, work, specificity } = rule;
      return { ...facts, project, work, rule: id, fact: null, specificity };
    },
  };
}

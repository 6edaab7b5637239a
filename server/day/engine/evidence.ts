// The evidence from which the merged day is computed: events, heartbeats and entries as plain values. Readers make them from the channels of the
// adapters; the engine knows nothing else of an account. All moments are whole microseconds since 1970, all spans half-open.

/** The kinds of evidence, in the order in which they win ([Y5]). `afk` is presence without content; `agent` never wins. */
export const dayLanes = [
  'manual',
  'task',
  'mob',
  'meeting',
  'editor',
  'web',
  'window',
  'other',
  'afk',
  'agent',
] as const;

export type DayLane = (typeof dayLanes)[number];

/**
 * The content of an event besides its moment; an absent field means that the event does not say. Events with equal content
 * should share one object: the engine classifies each object once.
 */
export interface DayFacts {
  /** A fact that needs no rule: an editor's project, a task's `@project`, the project of an entry or a meeting. */
  readonly project?: string;
  /** The key of a task. */
  readonly task?: string;
  readonly app?: string;
  /** A window's or a page's title, a task's description, an entry's text, a room's goal. */
  readonly title?: string;
  readonly url?: string;
  /** The host name of `url`. */
  readonly host?: string;
  /** The file that an editor had open. */
  readonly path?: string;
  readonly branch?: string;
  readonly language?: string;
  /** The mob timer's room. */
  readonly room?: string;
  readonly tags?: readonly string[];
  readonly category?: string;
}

/** Where an event lies, so that a page can show it and undo it. */
export interface DayOrigin {
  /** Without the account: `aw/aw-watcher-window_laptop`. */
  readonly channel: string;
  readonly key: string;
}

export interface DayEvent extends DayOrigin {
  readonly lane: DayLane;
  /** In lower case; '' for evidence of no device, and for a browser that does not say where it runs. */
  readonly device: string;
  /** The source within the device: `window`. Of evidence without a device it is the whole source: `tasks`. */
  readonly kind: string;
  readonly from: number;
  /** Equal to `from` for a mark. */
  readonly to: number;
  readonly facts: DayFacts;
  /** Only in the lane `afk`: whether the device reports input or absence. */
  readonly input?: boolean;
  /** Only in the lane `manual`: the entry removes time. */
  readonly removes?: boolean;
  /** Only in the lane `manual`: later statements have greater numbers. */
  readonly stated?: number;
  /** Only in the lane `agent`: the name of the agent and, where the client gives one, its session: `claude-code/5f3a`. */
  readonly session?: string;
}

/** A moment at which an editor reported activity. */
export interface DayHeartbeat extends DayOrigin {
  readonly device: string;
  readonly at: number;
  readonly facts: DayFacts;
  /**
   * `agent`: sent by an agent. `labelled`: sent by an editor that calls it AI coding; human where the device reports input at that
   * moment ([Y7]).
   */
  readonly by: 'human' | 'labelled' | 'agent';
  /** See `DayEvent`. '' for a human's. */
  readonly session: string;
}

/** Everything known about one day. Heartbeats reach beyond it by the timeout on both sides. Order and duplicates do not matter. */
export interface DayEvidence {
  readonly events: readonly DayEvent[];
  readonly heartbeats: readonly DayHeartbeat[];
}

/** The reason for the project of a stretch of time: a rule by its id, or a fact by its name. */
export interface DayAttribution {
  /** null is unassigned. */
  readonly project: string | null;
  readonly task: string | null;
  readonly category: string | null;
  /** False where a rule says "not work". */
  readonly work: boolean;
  readonly rule: string | null;
  readonly fact: string | null;
  /** Of the rule; 0 for facts. The greater number is more specific. */
  readonly specificity: number;
}

/** Decides by rules and facts; pure. */
export interface DayClassifier {
  /** True if a rule looks at the weekday or the hour: then `slots` cut the evidence before it is classified. */
  readonly readsClock: boolean;
  classify(subject: DaySubject): DayAttribution;
}

export interface DaySubject {
  readonly lane: DayLane;
  readonly device: string;
  readonly facts: DayFacts;
  /** 1 Monday to 7 Sunday, 0 to 23; of the local clock. 0 and -1 where the classifier does not read the clock. */
  readonly weekday: number;
  readonly hour: number;
}

/** A part of a day in which the local clock shows one hour. */
export interface DayHour {
  readonly from: number;
  readonly to: number;
  readonly weekday: number;
  readonly hour: number;
}

export interface DayOptions {
  /** Of the day, in microseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Microseconds: a heartbeat is followed by work if the next one comes before that. */
  readonly timeout: number;
  /** Microseconds: absence longer than that ends the presence of a task ([Y3]). */
  readonly idle: number;
  /** Microseconds: gaps of at most that are filled ([Y4]). */
  readonly bridge: number;
  readonly classifier: DayClassifier;
  /** The hours of the local clock; needed only when the classifier reads the clock. */
  readonly hours?: readonly DayHour[];
}

/** By facts alone. */
export const factsOnly: DayClassifier = {
  readsClock: false,
  classify: ({ lane, facts }) => attributionByFacts(lane, facts),
};

export function attributionByFacts(lane: DayLane, { project, task, category }: DayFacts): DayAttribution {
  return {
    project: project ?? null,
    task: task ?? null,
    category: category ?? null,
    work: true,
    rule: null,
    fact: project !== undefined ? `${lane} project` : task !== undefined ? 'task' : null,
    specificity: 0,
  };
}

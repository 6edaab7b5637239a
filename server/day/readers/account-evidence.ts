// All evidence of one account within a span, channel by channel; from memory where nothing changed. The caller says which channels it may
// read.

import type { Description } from '../../adapters/activitywatch/buckets/description.ts';
import { setBounded } from '../../core/bounded.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { DayEvent } from '../engine/evidence.ts';
import type { AccountDaySettings } from '../registry/settings.ts';
import { kindOf, readBucket, takeInEvents } from './buckets.ts';
import type { EvidenceCache } from './evidence-cache.ts';
import { readHeartbeats, takeInHeartbeats } from './heartbeats.ts';
import { type ChannelEvidence, type DaySpan, DeviceNames, noEvidence, SharedFacts } from './reading.ts';
import { calendarEvents, entryEvents, externalEvents, mobEvents } from './spans.ts';
import { TaskIntervals } from './tasks.ts';

const dayLength = 86_400_000_000;

/** Channels that are whole in memory, and how their items become events. */
const spanChannels: readonly (readonly [string, (view: ChannelState, span: DaySpan) => readonly DayEvent[]])[] = [
  ['entries', entryEvents],
  ['mob_turns', mobEvents],
  ['external_durations', externalEvents],
];

/** Channels, or all that begin with `aw/`, that a day is made of. */
export const evidenceChannels: readonly string[] = [
  ...spanChannels.map(([name]) => name),
  'meetings',
  'tasks',
  'wakatime',
  'aw/*',
];

interface WantedEvidence {
  readonly span: DaySpan;
  readonly settings: AccountDaySettings;
  readonly devices: DeviceNames;
  readonly keeps: boolean;
}

interface SpanPart {
  readonly seq: number;
  readonly evidence: ChannelEvidence;
}

const mostSpanParts = 4_000;

export class AccountEvidence {
  readonly #hub: Hub;
  readonly #account: string;
  readonly #cache: EvidenceCache;
  readonly #shared = new SharedFacts();
  readonly #spanParts = new Map<string, SpanPart>();
  #tasks: TaskIntervals | undefined;

  constructor(hub: Hub, account: string, cache: EvidenceCache) {
    this.#hub = hub;
    this.#account = account;
    this.#cache = cache;
  }

  /** @param mayRead asked with the name of a channel without the account */
  async read(
    span: DaySpan,
    settings: AccountDaySettings,
    mayRead: (channel: string) => boolean,
    now: number,
  ): Promise<readonly ChannelEvidence[]> {
    const small = await this.readSmall(span, mayRead, now);
    return [...small, ...(await this.readLarge(span, settings, mayRead, true))];
  }

  /**
   * Of the channels that are read span by span.
   * @param keeps whether it stays in memory
   */
  async readLarge(
    span: DaySpan,
    settings: AccountDaySettings,
    mayRead: (channel: string) => boolean,
    keeps: boolean,
  ): Promise<readonly ChannelEvidence[]> {
    const wanted = { span, settings, devices: new DeviceNames(settings.devices), keeps };
    const large = await Promise.all([
      ...(mayRead('wakatime') ? [this.#readHeartbeats(wanted)] : []),
      ...(await this.#descriptions())
        .filter(({ id }) => mayRead(`aw/${id}`))
        .map((description) => this.#readBucket(description, wanted)),
    ]);
    return large.filter(({ events, heartbeats }) => events.length + heartbeats.length > 0);
  }

  /** Of the channels that are whole in memory. */
  async readSmall(
    span: DaySpan,
    mayRead: (channel: string) => boolean,
    now: number,
  ): Promise<readonly ChannelEvidence[]> {
    const parts = await Promise.all([
      ...spanChannels.filter(([name]) => mayRead(name)).map(([name, read]) => this.#readSpans(name, span, read)),
      ...(mayRead('meetings') ? [this.#readMeetings(span, now)] : []),
      ...(mayRead('tasks') ? [this.#readTasks(span, now)] : []),
    ]);
    return parts.filter(({ events }) => events.length > 0);
  }

  /** Names, without the account, of the channels that are read span by span. */
  async largeChannels(): Promise<readonly string[]> {
    return ['wakatime', ...(await this.#descriptions()).map(({ id }) => `aw/${id}`)];
  }

  /** Channels with evidence, as they are told to a token that may not read them: buckets by their prefix alone. */
  async existing(): Promise<readonly string[]> {
    const infos = await this.#hub.store.heads(
      [...spanChannels.map(([name]) => name), 'meetings', 'tasks', 'wakatime'].map(
        (name) => `${this.#account}/${name}`,
      ),
      [],
    );
    const names = infos.filter(({ items }) => items > 0).map(({ channel }) => channel.slice(this.#account.length + 1));
    return (await this.#descriptions()).length > 0 ? [...names, 'aw/*'] : names;
  }

  async #readSpans(
    channel: string,
    span: DaySpan,
    read: (view: ChannelState, span: DaySpan) => readonly DayEvent[],
  ): Promise<ChannelEvidence> {
    const document = await this.#hub.cachedChannel(`${this.#account}/${channel}`);
    const name = `${channel} ${span.from} ${span.to}`;
    const known = this.#spanParts.get(name);
    if (known?.seq === document.view.seq) return known.evidence;
    const view = await document.settled();
    return this.#keepSpans(name, view.seq, read(view, span));
  }

  /** They are cut at now, so the same items are other evidence later. */
  async #readMeetings(span: DaySpan, now: number): Promise<ChannelEvidence> {
    const document = await this.#hub.cachedChannel(`${this.#account}/meetings`);
    const { items, seq } = document.view;
    if (items.size === 0) return noEvidence;
    const name = `meetings ${span.from} ${span.to}`;
    const isPast = span.to <= now;
    const known = this.#spanParts.get(name);
    if (isPast && known?.seq === seq) return known.evidence;
    const view = await document.settled();
    return this.#keepSpans(name, isPast ? view.seq : -1, calendarEvents(view, span, now));
  }

  async #readTasks(span: DaySpan, now: number): Promise<ChannelEvidence> {
    this.#tasks ??= new TaskIntervals(await this.#hub.cachedChannel(`${this.#account}/tasks`));
    await this.#tasks.catchUp();
    return this.#keepSpans(`tasks ${span.from} ${span.to}`, 0, this.#tasks.events(span, now));
  }

  /** Equal events are the same object as before, so that what was computed from them stays valid. */
  #keepSpans(name: string, seq: number, events: readonly DayEvent[]): ChannelEvidence {
    const known = this.#spanParts.get(name)?.evidence;
    const evidence = known !== undefined && sameEvents(known.events, events) ? known : { events, heartbeats: [] };
    setBounded(this.#spanParts, name, { seq, evidence }, mostSpanParts);
    return evidence;
  }

  #readHeartbeats({ span, settings, devices, keeps }: WantedEvidence): Promise<ChannelEvidence> {
    const channel = `${this.#account}/wakatime`;
    const { timeout, writesOnly } = settings;
    const options = { devices, shared: this.#shared, timeout, writesOnly };
    return this.#cache.get(channel, span, {
      variant: JSON.stringify([timeout, writesOnly, settings.devices]),
      // "As before" may reach back from a day into the ones before it.
      margin: timeout + 4 * dayLength,
      keeps,
      read: () => readHeartbeats(this.#hub.store, channel, span, options),
      takeIn: (evidence, changes) => takeInHeartbeats(evidence, changes, span, options),
    });
  }

  #readBucket(
    description: Description,
    { span, settings: { timeout, devices: joined }, devices, keeps }: WantedEvidence,
  ): Promise<ChannelEvidence> {
    const channel = `${this.#account}/aw/${description.id}`;
    const kind = kindOf(description, devices);
    const options = { kind, span, shared: this.#shared, timeout };
    return this.#cache.get(channel, span, {
      variant: JSON.stringify([kind, timeout, joined]),
      margin: timeout,
      keeps,
      read: () => readBucket(this.#hub.store, channel, options),
      takeIn: (evidence, changes) => takeInEvents(evidence, changes, channel, options),
    });
  }

  /** As the adapter's document of buckets holds them. */
  async #descriptions(): Promise<readonly Description[]> {
    const { items } = await (await this.#hub.cachedChannel(`${this.#account}/aw`)).settled();
    return [...items.values()].flatMap(({ key, value }): Description[] => {
      const description: Description | undefined = key.startsWith('bucket/') ? JSON.parse(value) : undefined;
      return description === undefined ? [] : [description];
    });
  }
}

function sameEvents(before: readonly DayEvent[], now: readonly DayEvent[]): boolean {
  return before.length === now.length && JSON.stringify(before) === JSON.stringify(now);
}

// The calendars of all accounts: reads the subscribed ones on a schedule, and keeps the channel `meetings` of an account as its calendars are. A
// calendar that cannot be read keeps the meetings that it had, and says why. On several nodes, one of them reads each calendar.

import type { CalendarRequest, CalendarView, MeetingItem } from '../../protocol/calendars.ts';
import { errorMessage } from '../../protocol/error-message.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { CachedChannel } from '../core/cached-channel.ts';
import type { Hub } from '../core/hub.ts';
import { isLeaseFree, pauseAfter } from '../core/lease.ts';
import { LimitReached } from '../core/limits.ts';
import type { Op } from '../core/store.ts';
import type { Sealer } from '../outbox/sealed.ts';
import { CalendarReader } from './calendar-reader.ts';
import { type FetchCalendarDeps, type FetchedCalendar, fetchCalendar, parseAddress } from './fetch-calendar.ts';
import type { CalendarContents, ReadMeeting } from './read-calendar.ts';
import {
  type CalendarState,
  calendarKey,
  calendarsChannel,
  calendarsIn,
  emptyState,
  meetingKey,
  meetingsChannel,
  type StoredCalendar,
  stateIn,
  stateKey,
  viewOf,
} from './stored-calendars.ts';

const mostCalendars = 20;
/** How often it is looked which calendars are due: another node may have made one. */
const sweepMs = 60_000;
const refreshMs = 1_800_000;
/** The first and the longest pause after a failure. */
const pausesMs = [300_000, 6 * 3_600_000] as const;
const leaseMs = 180_000;
/** Calendars of all accounts that are read at once. */
const mostAtOnce = 4;
const dayMs = 86_400_000;
const pastMs = 10 * 366 * dayMs;
/** Of a subscribed calendar, so that its meetings are known while it is away; and of a file, which nobody reads again. */
const [aheadMs, fileAheadMs] = [60 * dayMs, 366 * dayMs];
/** Older meetings that a calendar has forgotten, because it shows no older event at all, stay. */
const retentionMs = 30 * dayMs;
const opsAtOnce = 1_000;

export interface CalendarsDeps extends FetchCalendarDeps {
  readonly hub: Hub;
  /** The names of all accounts. */
  readonly accounts: () => readonly string[];
  readonly sealer: () => Promise<Sealer>;
  /** The zone in which a person lives now. */
  readonly zoneOf: (account: string) => Promise<string>;
}

type CalendarOutcome = { readonly ok: true; readonly calendar: CalendarView } | Refusal;

export class Calendars {
  readonly #deps: CalendarsDeps;
  readonly #reader: CalendarReader;
  /** Names this process in leases. */
  readonly #self: string;
  /** Full names of calendars that are being read. */
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #cancelSweep: () => void = () => undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(deps: CalendarsDeps) {
    this.#deps = deps;
    this.#reader = new CalendarReader(deps.hub.world);
    this.#self = deps.hub.world.id();
  }

  /** Reads subscribed calendars from now on. */
  start(): void {
    this.#sweepLater(0);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#cancelSweep();
    this.#reader.close();
    await this.#sweeping;
    await Promise.all(this.#running.values());
  }

  async list(account: string): Promise<readonly CalendarView[]> {
    const { items } = await (await this.#document(account)).settled();
    return calendarsIn(items)
      .map((calendar) => viewOf(calendar, stateIn(items, calendar.id)))
      .sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1));
  }

  /** Subscribes to an address. It is read soon after the answer. */
  async subscribe(account: string, { name, url: address }: CalendarRequest): Promise<CalendarOutcome> {
    const { hub, allowed } = this.#deps;
    const parsed = parseAddress(address, allowed);
    if (!parsed.ok) return refuse('property', 'url', parsed.error);
    const { url } = parsed;
    const id = hub.world.id();
    const sealed = (await this.#deps.sealer()).seal(url.href, id);
    const created = hub.world.now();
    const calendar: StoredCalendar = { id, name, source: 'address', from: url.origin, sealed, created };
    const state = { ...emptyState, next: created };
    const added = await this.#add(account, calendar, state);
    if (!added.ok) return added;
    this.#refreshSoon(account, id);
    return { ok: true, calendar: viewOf(calendar, state) };
  }

  /**
   * Takes the events of a file. A file of the same name replaces the one before: what it does not contain any more is no meeting any more.
   * @param name '' for the name that the file gives itself, or else `file`
   */
  async importFile(
    account: string,
    { name, file, text }: { readonly name: string; readonly file: string; readonly text: string },
  ): Promise<CalendarOutcome> {
    const { world } = this.#deps.hub;
    const at = world.now();
    const span = { from: (at - pastMs) * 1_000, to: (at + fileAheadMs) * 1_000 };
    const read = await this.#reader.read({ text, zone: await this.#deps.zoneOf(account), ...span });
    if (!read.ok) return refuse('property', 'file', read.error);
    const called = name || read.value.name || file || 'calendar';
    const { items } = await (await this.#document(account)).settled();
    const known = calendarsIn(items).find((one) => one.source === 'file' && one.name === called);
    const id = known?.id ?? world.id();
    const calendar: StoredCalendar = {
      id,
      name: called,
      source: 'file',
      from: file,
      sealed: '',
      created: known?.created ?? at,
    };
    const added = known === undefined ? await this.#add(account, calendar, emptyState) : ({ ok: true } as const);
    if (!added.ok) return added;
    const stored = await this.#store(account, calendar, read.value, at);
    if (!stored.ok) {
      if (known === undefined) await this.remove(account, id);
      return stored;
    }
    const state = { ...emptyState, ...readState(read.value, at), next: null };
    await this.#change(account, id, () => state);
    return { ok: true, calendar: viewOf(calendar, state) };
  }

  /** Reads a subscribed calendar now. */
  async refresh(account: string, id: string): Promise<{ readonly ok: true } | Refusal> {
    const calendar = calendarsIn((await this.#document(account)).view.items).find((one) => one.id === id);
    if (calendar?.source !== 'address') return refuse('not_found', 'calendar');
    await this.#change(account, id, (state) => ({ ...state, next: this.#deps.hub.world.now() }));
    this.#refreshSoon(account, id);
    return { ok: true };
  }

  /** Removes a calendar and its meetings. */
  async remove(account: string, id: string): Promise<{ readonly ok: true } | Refusal> {
    const document = await this.#document(account);
    const done = await document.write(({ items }) =>
      items.has(calendarKey(id))
        ? {
            ok: true,
            write: { ops: [calendarKey(id), stateKey(id)].map((key) => ({ op: 'remove', key })), ...this.#by() },
          }
        : refuse('not_found', 'calendar', 'list them: {"type":"calendars"}'),
    );
    if (!done.ok) return done;
    await this.#running.get(`${account}/${id}`);
    const meetings = await this.#meetings(account);
    const prefix = meetingKey(id, '');
    const gone = [...(await meetings.settled()).items.keys()].filter((key) => key.startsWith(prefix));
    await this.#write(
      meetings,
      gone.map((key) => ({ op: 'remove', key })),
    );
    return { ok: true };
  }

  #by() {
    return { origin: calendarsChannel, at: this.#deps.hub.world.now() };
  }

  #document(account: string): Promise<CachedChannel> {
    return this.#deps.hub.cachedChannel(`${account}/${calendarsChannel}`);
  }

  #meetings(account: string): Promise<CachedChannel> {
    return this.#deps.hub.cachedChannel(`${account}/${meetingsChannel}`);
  }

  async #add(
    account: string,
    calendar: StoredCalendar,
    state: CalendarState,
  ): Promise<{ readonly ok: true } | Refusal> {
    const document = await this.#document(account);
    const done = await document.write(({ items }) => {
      if (calendarsIn(items).length >= mostCalendars)
        return refuse('too_many', '', `an account has at most ${mostCalendars} calendars`);
      const ops: Op[] = [
        { op: 'put', key: calendarKey(calendar.id), value: JSON.stringify(calendar) },
        { op: 'put', key: stateKey(calendar.id), value: JSON.stringify(state) },
      ];
      return { ok: true, write: { ops, ...this.#by() } };
    });
    return done.ok ? { ok: true } : done;
  }

  #sweepLater(ms: number): void {
    this.#cancelSweep = this.#deps.hub.world.after(ms, () => {
      this.#sweeping = this.#sweep()
        .catch((error: unknown) =>
          this.#deps.hub.world.log.warn({ error: errorMessage(error) }, 'calendars: cannot look for calendars'),
        )
        .then(() => {
          if (!this.#stop.signal.aborted) this.#sweepLater(sweepMs);
        });
    });
  }

  async #sweep(): Promise<void> {
    const { hub, accounts } = this.#deps;
    const names = accounts().map((account) => `${account}/${calendarsChannel}`);
    for (const { channel, items } of await hub.store.heads(names, [])) {
      if (items === 0 || this.#stop.signal.aborted) continue;
      const account = channel.slice(0, channel.indexOf('/'));
      const document = await this.#document(account);
      await document.channel.sync();
      const { items: stored } = await document.settled();
      for (const { id, source } of calendarsIn(stored)) {
        if (source === 'address' && isDue(stateIn(stored, id), hub.world.now())) this.#refreshSoon(account, id);
      }
    }
  }

  /** A calendar that finds no place waits for the next sweep. */
  #refreshSoon(account: string, id: string): void {
    const name = `${account}/${id}`;
    if (this.#stop.signal.aborted || this.#running.has(name) || this.#running.size >= mostAtOnce) return;
    const run = this.#refresh(account, id)
      .catch((error: unknown) =>
        this.#deps.hub.world.log.warn({ account, error: errorMessage(error) }, 'calendars: could not read a calendar'),
      )
      .then(() => {
        this.#running.delete(name);
      });
    this.#running.set(name, run);
  }

  async #refresh(account: string, id: string): Promise<void> {
    const { hub } = this.#deps;
    const { items } = await (await this.#document(account)).settled();
    const calendar = calendarsIn(items).find((one) => one.id === id);
    const taken = calendar === undefined ? undefined : await this.#lease(account, id);
    if (calendar === undefined || taken === undefined) return;
    const at = hub.world.now();
    const address = (await this.#deps.sealer()).open(calendar.sealed, id);
    const isFresh = taken.failing === null && at - taken.expanded < dayMs;
    const known = isFresh ? taken : { etag: '', modified: '' };
    const fetched: FetchedCalendar =
      address === undefined
        ? { kind: 'failed', error: sealedElsewhere }
        : await fetchCalendar(address, known, this.#deps, this.#stop.signal);
    // A hub that stops is no fault of the calendar.
    const after = this.#stop.signal.aborted ? taken : await this.#take(account, calendar, taken, fetched, at);
    await this.#change(account, id, () => ({ ...after, lease: null }));
  }

  /** Stores what was fetched. @returns the state after it */
  async #take(
    account: string,
    calendar: StoredCalendar,
    state: CalendarState,
    fetched: FetchedCalendar,
    at: number,
  ): Promise<CalendarState> {
    const next = Math.round(at + refreshMs * (0.9 + this.#deps.hub.world.random() / 5));
    if (fetched.kind === 'failed') return this.#stateAfterFailure(state, at, fetched.error);
    if (fetched.kind === 'unchanged') return { ...state, read: at, failing: null, next };
    const span = { from: (at - pastMs) * 1_000, to: (at + aheadMs) * 1_000 };
    const read = await this.#reader.read({ text: fetched.text, zone: await this.#deps.zoneOf(account), ...span });
    if (!read.ok) return this.#stateAfterFailure(state, at, read.error);
    const stored = await this.#store(account, calendar, read.value, at);
    if (!stored.ok)
      return this.#stateAfterFailure(
        state,
        at,
        `${stored.error}${stored.hint === undefined ? '' : `: ${stored.hint}`}`,
      );
    const { etag, modified } = fetched;
    return { ...state, ...readState(read.value, at), next, etag, modified };
  }

  #stateAfterFailure(state: CalendarState, at: number, error: string): CalendarState {
    const { since, tries } = state.failing ?? { since: at, tries: 0 };
    const next = Math.round(at + pauseAfter(tries, pausesMs, () => this.#deps.hub.world.random()));
    return { ...state, failing: { since, tries: tries + 1, error }, next };
  }

  /** Writes the differences between the meetings that a calendar had and those that it has. */
  async #store(
    account: string,
    calendar: StoredCalendar,
    contents: CalendarContents,
    at: number,
  ): Promise<{ readonly ok: true } | Refusal> {
    const meetings = await this.#meetings(account);
    await meetings.channel.sync();
    const { items } = await meetings.settled();
    const now = new Map(contents.meetings.map((meeting) => [meetingKey(calendar.id, meeting.key), meeting]));
    const prefix = meetingKey(calendar.id, '');
    const forgotten = Math.min(contents.first ?? at * 1_000, (at - retentionMs) * 1_000);
    const gone = [...items.values()].filter(({ key, time, end }) => {
      if (!key.startsWith(prefix) || now.has(key)) return false;
      return (time ?? 0) >= contents.from && (end ?? 0) > forgotten;
    });
    const puts = [...now].flatMap(([key, meeting]): Op[] => {
      const value = JSON.stringify(itemOf(meeting, calendar));
      const known = items.get(key);
      const isSame = known?.value === value && known.time === meeting.from && known.end === meeting.to;
      return isSame ? [] : [{ op: 'put', key, value, time: meeting.from, end: meeting.to }];
    });
    try {
      await this.#write(meetings, [...gone.map(({ key }): Op => ({ op: 'remove', key })), ...puts]);
      return { ok: true };
    } catch (error) {
      if (!(error instanceof LimitReached)) throw error;
      return error.refusal;
    }
  }

  async #write(document: CachedChannel, ops: readonly Op[]): Promise<void> {
    for (let from = 0; from < ops.length; from += opsAtOnce) {
      const some = ops.slice(from, from + opsAtOnce);
      await document.write(() => ({ ok: true, write: { ops: some, ...this.#by() } }));
    }
  }

  /** @returns the state, or undefined if it is not due, or another process reads it */
  async #lease(account: string, id: string): Promise<CalendarState | undefined> {
    const now = this.#deps.hub.world.now();
    let taken: CalendarState | undefined;
    await this.#change(account, id, (state) => {
      const isFree = isLeaseFree(state.lease, { self: this.#self, isShared: this.#deps.hub.isShared, now });
      taken = isFree && isDue(state, now) ? { ...state, lease: { by: this.#self, until: now + leaseMs } } : undefined;
      return taken ?? state;
    });
    return taken;
  }

  async #change(account: string, id: string, change: (state: CalendarState) => CalendarState): Promise<void> {
    const document = await this.#document(account);
    await document.write(({ items }) => {
      const value = JSON.stringify(change(stateIn(items, id)));
      // A calendar that was removed meanwhile has no state any more.
      const isSame = !items.has(calendarKey(id)) || value === items.get(stateKey(id))?.value;
      return { ok: true, write: { ops: isSame ? [] : [{ op: 'put', key: stateKey(id), value }], ...this.#by() } };
    });
  }
}

const sealedElsewhere =
  'its address was encrypted with another key: set HORAI_SECRET_KEY to the same on all nodes, or subscribe again';

function isDue({ next }: CalendarState, now: number): boolean {
  return next !== null && next <= now;
}

function readState({ events, meetings, skipped, problems }: CalendarContents, at: number) {
  const counts = { events, meetings: meetings.length, skipped, problems: [...problems] };
  return { read: at, failing: null, expanded: at, lease: null, ...counts };
}

function itemOf({ uid, title, place, tags }: ReadMeeting, { name }: StoredCalendar): MeetingItem {
  return {
    calendar: name,
    uid,
    title,
    ...(place === '' ? {} : { place }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
  };
}

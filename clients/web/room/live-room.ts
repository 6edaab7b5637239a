// One open room: its event stream, the hub's clock, and the requests that change the room. It draws nothing; components subscribe to it.

import type { RoomTexts } from '../languages/room.ts';
import { pathTo } from '../shared/address.ts';
import { explainRefusal } from '../shared/refusal.ts';
import { askTheTime } from '../shared/request.ts';
import { Stream } from '../shared/stream.ts';
import { type Clock, guess, haveClocksParted, hubTime } from './clock.ts';
import type { RoomLink } from './connection.ts';
import { applyNews, clockFace, emptyRoom, type Room, remainingMs } from './room-state.ts';
import { type Entry, type Kind, newsOf, startBody } from './sse-protocol.ts';
import { type Look, momentOf, type TurnMoment } from './turn-events.ts';

/** The page asks for the time again after this time, in milliseconds: clocks drift by about 50 ms in it. */
const maxClockAgeMs = 10 * 60_000;
/** Delay before the next request if the hub did not answer, in milliseconds. */
const clockRetryMs = 5_000;
/** A request without an answer fails after this time, in milliseconds. */
const requestTimeoutMs = 5_000;

export interface LiveRoomDeps {
  readonly texts: RoomTexts;
  readonly name: string;
  /** Called when the room or the connection changed. */
  readonly changed: () => void;
  readonly moment: (moment: TurnMoment, entry: Entry) => void;
}

export class LiveRoom {
  #deps: LiveRoomDeps;
  #room: Room = emptyRoom;
  #clock: Clock = guess(Date.now(), performance.now());
  #wallClockOffset = Date.now() - performance.now();
  #clockRequestedAt = Number.NEGATIVE_INFINITY;
  #isRequestingClock = false;
  #look: Look | undefined;
  /** True once the hub has sent the current entry. Before that, the page must not announce an end. */
  #isCurrentKnown = false;
  #stream: Stream;
  #tickTimer: ReturnType<typeof setInterval>;
  #tickListeners = new Set<() => void>();
  /** Shown as the page's title instead of the clock, while it is not ''. */
  heading = '';

  constructor(deps: LiveRoomDeps) {
    this.#deps = deps;
    this.#tickTimer = setInterval(() => this.#tick(), 100);
    this.#stream = new Stream({
      path: `/${deps.name}/events?presence=true`,
      heard: (event, data) => this.#receive(event, data),
      changed: (link) => {
        if (link.state === 'live') void this.#updateClock();
        deps.changed();
      },
    });
  }

  get room(): Room {
    return this.#room;
  }

  get link(): RoomLink {
    return this.#stream.link;
  }

  /** Hub time, milliseconds since 1970. */
  get now(): number {
    return hubTime(this.#clock, performance.now());
  }

  /** True if `now` is the hub's time; at first it is this machine's. */
  get exact(): boolean {
    return Number.isFinite(this.#clock.error);
  }

  /** Calls `listener` ten times a second. @returns a function that removes the listener */
  onTick(listener: () => void): () => void {
    this.#tickListeners.add(listener);
    return () => this.#tickListeners.delete(listener);
  }

  start(kind: Kind, minutes: number, user: string): Promise<string> {
    return this.#send('PUT', `/${this.#deps.name}`, startBody(kind, minutes, user));
  }

  /** Stops the timer. `user` is always sent, even if it is '': clients treat a stop without a user as a reset of the room. */
  stop(user: string): Promise<string> {
    return this.#send('PUT', `/${this.#deps.name}`, startBody('turn', 0, user));
  }

  setGoal(goal: string, user: string): Promise<string> {
    return this.#send('PUT', `/${this.#deps.name}/goal`, JSON.stringify({ goal, user }));
  }

  deleteGoal(user: string): Promise<string> {
    return this.#send('DELETE', `/${this.#deps.name}/goal`, JSON.stringify({ user }));
  }

  close(): void {
    clearInterval(this.#tickTimer);
    this.#stream.close();
  }

  /** Sends a request. @returns '' if the hub accepted it (the stream then shows it), else the reason for people */
  async #send(method: string, path: string, body: string): Promise<string> {
    const { text } = this.#deps.texts;
    const headers = { 'content-type': 'application/json' };
    try {
      // The timeout also ends a request that waits for a free connection: it must not take effect later, when nobody expects it.
      const response = await fetch(pathTo(path), {
        method,
        headers,
        body,
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      const { status } = response;
      if (status === 202) return '';
      const configuration = await explainRefusal(response);
      if (configuration !== '') return configuration;
      if (status === 401 || status === 403) return text('room.refused-members');
      if (status === 429) return text('room.refused-busy');
      return text('room.refused', { status });
    } catch (error) {
      return text(error instanceof DOMException && error.name === 'TimeoutError' ? 'room.no-answer' : 'room.no-hub');
    }
  }

  #receive(event: string, data: string): void {
    const news = newsOf(event, data);
    if (news === undefined) return;
    const before = this.#room;
    this.#room = applyNews(before, news);
    if (news.type === 'timer') this.#isCurrentKnown = true;
    if (this.#room !== before) this.#deps.changed();
    // A browser may run the timers of a hidden tab only once a minute, but it delivers every event. So events drive the clock too.
    this.#tick();
  }

  #tick(): void {
    const steady = performance.now();
    if (haveClocksParted(this.#wallClockOffset, Date.now(), steady) || steady - this.#clockRequestedAt > maxClockAgeMs)
      void this.#updateClock();
    const { current } = this.#room;
    // With this machine's own clock a turn could seem to end twice. So nothing is announced before the hub's clock is known.
    if (this.#isCurrentKnown && this.exact) {
      const [look, moment] = momentOf(this.#look, current, this.now);
      this.#look = look;
      if (moment !== undefined && current !== undefined) this.#deps.moment(moment, current);
    }
    const title = `${this.heading || clockFace(remainingMs(current, this.now))} #${this.#deps.name}`;
    if (document.title !== title) document.title = title;
    for (const notify of this.#tickListeners) notify();
  }

  async #updateClock(): Promise<void> {
    if (this.#isRequestingClock) return;
    this.#isRequestingClock = true;
    this.#wallClockOffset = Date.now() - performance.now();
    this.#clockRequestedAt = performance.now();
    const clock = await askTheTime();
    if (clock !== undefined) this.#clock = clock;
    else this.#clockRequestedAt += clockRetryMs - maxClockAgeMs;
    this.#isRequestingClock = false;
  }
}

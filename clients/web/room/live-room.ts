// One open room: its stream, the hub's clock, and the requests that change it. Draws nothing; those who draw listen.

import { askTheTime } from '../shared/request.ts';
import { Stream } from '../shared/stream.ts';
import { type Clock, guess, hubTime, parted } from './clock.ts';
import type { Link } from './connection.ts';
import { clockFace, emptyRoom, hear, left, type Room } from './room-state.ts';
import { type Entry, type Kind, newsOf, startBody } from './sse-protocol.ts';
import { type Look, type Moment, momentOf } from './turn-events.ts';

/** Clocks of machines drift by some 50 ms in this time. */
const clockAge = 10 * 60_000;
/** When asking failed. */
const soon = 5_000;

export interface LiveRoomDeps {
  readonly name: string;
  readonly token: () => string;
  /** Room or connection changed. */
  readonly changed: () => void;
  readonly moment: (moment: Moment, entry: Entry) => void;
}

export class LiveRoom {
  #deps: LiveRoomDeps;
  #room: Room = emptyRoom;
  #clock: Clock = guess(Date.now(), performance.now());
  #apart = Date.now() - performance.now();
  #asked = Number.NEGATIVE_INFINITY;
  #asking = false;
  #look: Look | undefined;
  /** The hub said what is running; before that, nothing is not the same as over. */
  #informed = false;
  #stream: Stream;
  #beat: ReturnType<typeof setInterval>;
  #tellers = new Set<() => void>();

  constructor(deps: LiveRoomDeps) {
    this.#deps = deps;
    this.#beat = setInterval(() => this.#tick(), 100);
    this.#stream = new Stream({
      path: `/${deps.name}/events`,
      token: deps.token,
      heard: (event, data) => this.#heard(event, data),
      changed: (link) => {
        if (link.state === 'live') void this.#setClock();
        deps.changed();
      },
    });
  }

  get room(): Room {
    return this.#room;
  }

  get link(): Link {
    return this.#stream.link;
  }

  /** Hub time, milliseconds. */
  get now(): number {
    return hubTime(this.#clock, performance.now());
  }

  /** Whether `now` is the hub's time; at first it is this machine's. */
  get exact(): boolean {
    return Number.isFinite(this.#clock.error);
  }

  /** Called ten times a second, for those who show the time. The answer ends it. */
  onTick(tell: () => void): () => void {
    this.#tellers.add(tell);
    return () => this.#tellers.delete(tell);
  }

  start(kind: Kind, minutes: number, user: string): Promise<string> {
    return this.#send('PUT', `/${this.#deps.name}`, startBody(kind, minutes, user));
  }

  /** A stop names somebody, if only '': without a user, the hub's clients take it for a reset of the room. */
  stop(user: string): Promise<string> {
    return this.#send('PUT', `/${this.#deps.name}`, startBody('turn', 0, user));
  }

  setGoal(goal: string, user: string): Promise<string> {
    return this.#send('PUT', `/${this.#deps.name}/goal`, JSON.stringify({ goal, user }));
  }

  deleteGoal(user: string): Promise<string> {
    return this.#send('DELETE', `/${this.#deps.name}/goal`, JSON.stringify({ user }));
  }

  /** Tries to connect at once, with the token as it is now. */
  wake(): void {
    this.#stream.wake();
  }

  close(): void {
    clearInterval(this.#beat);
    this.#stream.close();
  }

  /** '' when the hub took it; it shows in the stream. Otherwise why not, for people. */
  async #send(method: string, path: string, body: string): Promise<string> {
    const token = this.#deps.token();
    const headers = {
      'content-type': 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    };
    try {
      const { status } = await fetch(path, { method, headers, body });
      if (status === 202) return '';
      if (status === 401 || status === 403) return 'The hub refused: this room is for members.';
      if (status === 429) return 'The hub is busy: try again in a moment.';
      return `The hub refused (${status}).`;
    } catch {
      return 'The hub cannot be reached: nothing was changed.';
    }
  }

  #heard(event: string, data: string): void {
    const news = newsOf(event, data);
    if (news === undefined) return;
    const before = this.#room;
    this.#room = hear(before, news);
    if (news.type === 'timer') this.#informed = true;
    if (this.#room !== before) this.#deps.changed();
    // A tab out of sight gets its timers once a minute at worst, but every event of the stream: they are its heartbeat.
    this.#tick();
  }

  #tick(): void {
    const steady = performance.now();
    if (parted(this.#apart, Date.now(), steady) || steady - this.#asked > clockAge) void this.#setClock();
    const { current } = this.#room;
    // By this machine's own clock a turn could seem to end twice: nothing is told before the hub's is known.
    if (this.#informed && this.exact) {
      const [look, moment] = momentOf(this.#look, current, this.now);
      this.#look = look;
      if (moment !== undefined && current !== undefined) this.#deps.moment(moment, current);
    }
    const title = `${clockFace(left(current, this.now))} #${this.#deps.name}`;
    if (document.title !== title) document.title = title;
    for (const tell of this.#tellers) tell();
  }

  async #setClock(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    this.#apart = Date.now() - performance.now();
    this.#asked = performance.now();
    const clock = await askTheTime();
    if (clock !== undefined) this.#clock = clock;
    else this.#asked += soon - clockAge;
    this.#asking = false;
  }
}

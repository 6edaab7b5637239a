// One day on a live connection: at first as `GET /-/day` answers it, then as the channel `day/<date>` says. day-page.tsx draws it.

import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { Channel } from '../../typescript/index.ts';
import { LiveConnection } from '../shared/live-connection.ts';
import type { PageSource } from '../shared/page-source.ts';

const liveKey = 'day';
const today = 'today';

export interface LiveDayDeps {
  /** `2026-11-28`, or `today`. */
  readonly date: string;
  /** Called when the day or the connection changed. */
  readonly changed: () => void;
}

export class LiveDay implements PageSource {
  readonly live: LiveConnection;
  /** Why the hub gave no day; '' if it did. */
  problem = '';
  #deps: LiveDayDeps;
  #answer: MergedDayView | undefined;
  #channel: Channel<MergedDayView> | undefined;
  /** True after the channel was in step with the hub once: from then on it is newer than the first answer. */
  #hasChannel = false;

  constructor(deps: LiveDayDeps) {
    this.#deps = deps;
    this.live = new LiveConnection(deps.changed);
    this.live.connection.start();
    void this.ask();
  }

  get isKnown(): boolean {
    return this.day !== undefined;
  }

  get day(): MergedDayView | undefined {
    const item = this.#channel?.items.get(liveKey)?.item;
    if (this.#channel?.isCurrent === true && item !== undefined) this.#hasChannel = true;
    return this.#hasChannel ? item : (this.#answer ?? item);
  }

  /** The date that is shown; '' while nobody has said which day today is. */
  get date(): string {
    return this.day?.date ?? (this.#deps.date === today ? '' : this.#deps.date);
  }

  /** An item of the day's channel beside the day: `suggestions`, `questions`. */
  item(key: string): { readonly item: unknown; readonly seq: number } | undefined {
    return this.#channel?.items.get(key);
  }

  /** Asks for the day: at first, after a sign-in, and when the day is over and today is another. */
  async ask(): Promise<void> {
    const { date, changed } = this.#deps;
    if (date !== today) this.#follow(date);
    const answer = await this.live.connection.day(date);
    if (answer.ok) {
      this.problem = '';
      if (this.#answer?.date !== answer.day.date) this.#hasChannel = false;
      this.#answer = answer.day;
      this.#follow(answer.day.date);
    } else {
      this.problem = answer.code === 'offline' ? '' : answer.error;
      // Without the hub, today is what this machine's calendar says: the browser may have that day.
      if (answer.code === 'offline' && date === today && this.#channel === undefined) this.#follow(localDate());
    }
    changed();
  }

  close(): void {
    this.live.close();
  }

  #follow(date: string): void {
    const name = `day/${date}`;
    if (this.#channel?.name === name) return;
    const channel = this.live.connection.channel<MergedDayView>(name);
    this.#channel = channel;
    channel.onItems(() => this.#deps.changed());
    channel.open().then(this.#deps.changed, () => undefined);
  }
}

function localDate(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

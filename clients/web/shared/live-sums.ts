// The sums of a span of days on a live connection. They come from `GET /-/days`; a change of today, heard on its channel, asks for them again.

import type { DayTotalsView } from '../../../protocol/day-answer.ts';
import { datesBetween } from './dates.ts';
import { LiveConnection } from './live-connection.ts';
import type { PageSource } from './page-source.ts';
import type { SummedDay } from './summed-day.ts';

/** The first and the last date. */
export type ShownSpan = readonly [from: string, to: string];

export interface LiveSumsDeps {
  /** The span that is shown, by today's date. */
  readonly spanAt: (today: string) => ShownSpan;
  readonly changed: () => void;
}

export class LiveSums implements PageSource {
  readonly live: LiveConnection;
  /** Why the hub gave no days; '' if it did. */
  problem = '';
  /** Today by the account's calendar; '' until the hub said so. */
  today = '';
  zone = 'UTC';
  /** The end of today, in microseconds since 1970. */
  end = 0;
  days: readonly SummedDay[] | undefined;
  /** The dates that are shown; empty until today is known. */
  dates: readonly string[] = [];
  #deps: LiveSumsDeps;
  #isAsking = false;
  #isStale = false;

  constructor(deps: LiveSumsDeps) {
    this.#deps = deps;
    this.live = new LiveConnection(deps.changed);
    this.live.connection.start();
    void this.begin();
  }

  get isKnown(): boolean {
    return this.days !== undefined;
  }

  /** Learns which day today is, and follows it */
  async begin(): Promise<void> {
    const answer = await this.live.connection.day('today');
    if (answer.ok) {
      this.problem = '';
      this.today = answer.day.date;
      this.zone = answer.day.zone;
      this.end = answer.day.to;
      this.dates = datesBetween(...this.#deps.spanAt(this.today));
      this.#followToday();
      await this.#ask();
    } else this.problem = answer.code === 'offline' ? '' : answer.error;
    this.#deps.changed();
  }

  close(): void {
    this.live.close();
  }

  #followToday(): void {
    if (!this.dates.includes(this.today)) return;
    const channel = this.live.connection.channel(`day/${this.today}`);
    channel.onItems(() => void this.#ask());
    channel.open().catch(() => undefined);
  }

  /** One question at a time; a change that comes meanwhile asks once more. */
  async #ask(): Promise<void> {
    this.#isStale = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#isStale) {
      this.#isStale = false;
      const [from = '', to = ''] = [this.dates[0], this.dates.at(-1)];
      const answer = await this.live.get(`/-/days?from=${from}&to=${to}`);
      if (answer.ok && isDays(answer.value)) this.days = answer.value.days;
      else if (!answer.ok && this.days === undefined) this.problem = answer.reason;
      this.#deps.changed();
    }
    this.#isAsking = false;
  }
}

/** The hub's answers are trusted in their parts: this only tells an answer from an error page of a proxy. */
function isDays(value: unknown): value is DayTotalsView {
  return typeof value === 'object' && value !== null && 'days' in value && Array.isArray(value.days);
}

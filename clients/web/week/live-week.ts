// The days of one week on a live connection. The sums come from `GET /-/days`; a change of today, heard on its channel, asks for them again.

import type { DayTotalsView } from '../../../protocol/day-answer.ts';
import { shiftDate, weekOf } from '../shared/dates.ts';
import { LiveConnection } from '../shared/live-connection.ts';
import type { WeekDay } from './week-view.ts';

export interface LiveWeekDeps {
  /** A date of the week, or `today`. */
  readonly date: string;
  /** 1 Monday to 7 Sunday. */
  readonly firstDay: number;
  readonly changed: () => void;
}

export class LiveWeek {
  readonly live: LiveConnection;
  /** Why the hub gave no week; '' if it did. */
  problem = '';
  /** Today by the account's calendar; '' until the hub said so. */
  today = '';
  zone = 'UTC';
  days: readonly WeekDay[] | undefined;
  /** The seven dates that are shown; empty until today is known. */
  dates: readonly string[] = [];
  #deps: LiveWeekDeps;
  #isAsking = false;
  #isStale = false;

  constructor(deps: LiveWeekDeps) {
    this.#deps = deps;
    this.live = new LiveConnection(deps.changed);
    this.live.connection.start();
    void this.begin();
  }

  /** Learns which day today is, and follows it; at first, and after a sign-in. */
  async begin(): Promise<void> {
    const { date, firstDay, changed } = this.#deps;
    if (date !== 'today') this.dates = weekOf(date, firstDay);
    const answer = await this.live.connection.day('today');
    if (answer.ok) {
      this.problem = '';
      this.today = answer.day.date;
      this.zone = answer.day.zone;
      if (date === 'today') this.dates = weekOf(this.today, firstDay);
      this.#followToday();
      await this.#ask();
    } else this.problem = answer.code === 'offline' ? '' : answer.error;
    changed();
  }

  async enter(token: string): Promise<void> {
    await this.live.enter(token);
    await this.begin();
  }

  /** The date of the neighbouring week. @param weeks 1 or -1 */
  neighbour(weeks: number): string {
    return shiftDate(this.dates[0] ?? this.today, weeks * 7);
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
      this.#deps.changed();
    }
    this.#isAsking = false;
  }
}

/** The hub's answers are trusted in their parts: this only tells an answer from an error page of a proxy. */
function isDays(value: unknown): value is DayTotalsView {
  return typeof value === 'object' && value !== null && 'days' in value && Array.isArray(value.days);
}

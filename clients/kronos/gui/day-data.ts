// The data of the day view of the terminal GUI: the intervals of this device, and the merged day of the hub. While the hub is asked, and
// without it, the day is that of this device's tasks. Draws nothing.

import { parseIntervals } from '../../../protocol/intervals.ts';
import { actionContext, type CliContext } from '../cli/cli-context.ts';
import { slotTitle } from '../cli/verbs/slot-change.ts';
import { spanOfDate } from '../data/change-slots.ts';
import type { KronosDatabase } from '../data/database.ts';
import { slotsIn, type TimeSlot } from '../data/time-slots.ts';
import type { DateContext } from '../day/dates.ts';
import { localDay, type ShownDay } from '../day/local-day.ts';
import type { LiveDatabase } from './live.ts';

/** How often the hub is asked for the day that is shown, in milliseconds. */
const askEveryMs = 30_000;

/** The data computed for a database and a date. */
interface Computed {
  readonly database: KronosDatabase;
  readonly date: string;
  /** The tasks of the database that were worked on that day. */
  readonly tasks: KronosDatabase['tasks'];
  readonly day: ShownDay;
  /** Seconds since 1970. */
  readonly at: number;
}

export class DayData {
  #cli: CliContext;
  #live: LiveDatabase;
  #onChange: () => void;
  #computed: Computed | undefined;
  #ofHub: { readonly day: ShownDay; readonly date: string } | undefined;
  #asked: { readonly database: KronosDatabase; readonly date: string; readonly at: number } | undefined;
  #isAsking = false;
  #problem = '';

  constructor(cli: CliContext, live: LiveDatabase, onChange: () => void) {
    this.#cli = cli;
    this.#live = live;
    this.#onChange = onChange;
  }

  get context(): DateContext {
    const { now, zone } = actionContext(this.#cli, Math.floor(this.#cli.now() / 1_000));
    return { now, zone };
  }

  /** The intervals of this device on a date. */
  slots(date: string): readonly TimeSlot[] {
    const { tasks, database } = this.#compute(date);
    return slotsIn({ tasks, entries: database.entries }, spanOfDate(date, this.context), this.context.now);
  }

  /** The day of the hub, if it has answered for this date. */
  day(date: string): ShownDay {
    void this.#ask(date);
    return this.#ofHub?.date === date ? this.#ofHub.day : this.#compute(date).day;
  }

  /** A note on data that the day lacks, for a person; '' if it lacks none. */
  note(date: string): string {
    const { state } = this.#live.link;
    const isOfHub = this.#ofHub?.date === date;
    const own = 'only the tasks of this device';
    if (state === 'off') return `${own}: there is no hub`;
    if (state === 'live') {
      if (this.#problem !== '') return `${own}: ${this.#problem}`;
      return isOfHub ? '' : `${own} yet: the hub is asked`;
    }
    const why = state === 'busy' ? 'another kronos is connected to the hub' : 'the hub is not reached';
    return isOfHub ? `${why}: its lanes are as they were` : `${own}: ${why}`;
  }

  /** The id and the title of a task, or the text of an entry. */
  title(slot: TimeSlot): readonly [string, string] {
    return slotTitle(slot, this.#live.database);
  }

  #compute(date: string): Computed {
    const { database } = this.#live;
    const { now, zone } = this.context;
    const known = this.#computed;
    if (known?.database === database && known.date === date && now - known.at < 60) return known;
    const span = spanOfDate(date, { now, zone });
    const isOfDay = (from: number, to: number) => from < span.to && to > span.from;
    const tasks =
      known?.database === database && known.date === date
        ? known.tasks
        : database.tasks.filter(
            ({ active, intervals }) =>
              active !== 0 || parseIntervals(intervals).some(({ from, to }) => isOfDay(from, to)),
          );
    const day = localDay({ ...database, tasks }, date, { zone, zoneName: this.#cli.zoneName(), now });
    this.#computed = { database, date, tasks, day, at: now };
    return this.#computed;
  }

  /** Asks the hub again after each change, and now and then. One request at a time. */
  async #ask(date: string): Promise<void> {
    const { database } = this.#live;
    const now = this.#cli.now();
    const last = this.#asked;
    const isKnown = last?.date === date && last.database === database && Math.abs(now - last.at) < askEveryMs;
    if (isKnown || this.#isAsking || this.#live.link.state !== 'live') return;
    this.#isAsking = true;
    this.#asked = { database, date, at: now };
    const answer = await this.#live.requestDay(date).catch(() => undefined);
    this.#isAsking = false;
    if (answer?.ok === true) this.#ofHub = { day: answer.day, date };
    this.#problem = answer === undefined || answer.ok || answer.code === 'offline' ? '' : answer.error;
    this.#onChange();
  }
}

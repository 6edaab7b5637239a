// Writes the report of the last seven days into `<account>/weekly_reports` at the weekday and time that the account chose. From there it goes
// where changes of channels go: to followers, and to webhooks, signed and with their queue. One date has one report, whichever node is first.

import { areReportSettings } from '../../protocol/day.ts';
import type { ReportSettingsItem } from '../../protocol/day-report.ts';
import type { Hub } from '../core/hub.ts';
import { calendarOf } from '../day/account-days.ts';
import { boundsOfDay, dateOfMoment, datesBetween, nextDate } from '../day/engine/day-calendar.ts';
import type { MergedDays } from '../day/merged-days.ts';
import { readTimeReport } from './read-report.ts';

export const weeklyChannel = 'weekly_reports';
const everyMs = 60_000;
const everything = (): boolean => true;

export interface WeeklyReportDeps {
  readonly days: MergedDays;
  /** Names of all accounts. */
  readonly accounts: () => readonly string[];
}

interface Schedule {
  readonly weekly: NonNullable<ReportSettingsItem['weekly']>;
  /** Microseconds since 1970: when it was set. What was due before is not made up for. */
  readonly since: number;
}

export class WeeklyReports {
  readonly #days: MergedDays;
  readonly #hub: Hub;
  /** Of the accounts that want reports. */
  readonly #schedules = new Map<string, Schedule>();
  /** The date of the last report, by account. */
  readonly #written = new Map<string, string>();
  readonly #stop: () => void;
  #cancel: () => void;
  #running: Promise<void> = Promise.resolve();

  constructor({ days, accounts }: WeeklyReportDeps) {
    this.#days = days;
    this.#hub = days.hub;
    this.#stop = this.#hub.watch(({ name }) => {
      const [, account] = /^([^@/]+)\/settings$/.exec(name) ?? [];
      if (account !== undefined) this.#do(account, () => this.#readSchedule(account));
    });
    this.#cancel = this.#later();
    for (const account of accounts()) this.#do(account, () => this.#readSchedule(account));
  }

  close(): void {
    this.#stop();
    this.#cancel();
  }

  #later(): () => void {
    return this.#hub.world.after(everyMs, () => {
      this.#cancel = this.#later();
      for (const account of this.#schedules.keys()) this.#do(account, () => this.#check(account));
    });
  }

  /** One after the other. Never rejects. */
  #do(account: string, act: () => Promise<void>): void {
    this.#running = this.#running
      .then(act)
      .catch((error: unknown) =>
        this.#hub.world.log.error({ account, error }, 'reports: could not make a weekly report'),
      );
  }

  async #readSchedule(account: string): Promise<void> {
    const [item] = await this.#hub.store.read(`${account}/settings`, { key: 'report', limit: 1 });
    const settings: unknown = JSON.parse(item?.value ?? 'null');
    const weekly = areReportSettings(settings) ? settings.weekly : undefined;
    if (weekly === undefined || item === undefined) this.#schedules.delete(account);
    else {
      this.#schedules.set(account, { weekly, since: item.at * 1_000 });
      await this.#check(account);
    }
  }

  async #check(account: string): Promise<void> {
    const schedule = this.#schedules.get(account);
    if (schedule === undefined) return;
    const settings = await this.#days.of(account).days.settings();
    const now = this.#hub.world.now() * 1_000;
    const [hours = 0, minutes = 0] = schedule.weekly.at.split(':').map(Number);
    const clock = { ...calendarOf(settings, undefined), dayStart: hours * 60 + minutes };
    let date = dateOfMoment(now, clock);
    while (weekdayOf(date) !== schedule.weekly.weekday) date = nextDate(date, -1);
    const [due] = boundsOfDay(date, clock);
    if (due <= schedule.since || this.#written.get(account) === date) return;
    const channel = await this.#hub.channel(`${account}/${weeklyChannel}`);
    if ((await channel.read({ key: date })).length === 0) await this.#write(account, date, schedule);
    this.#written.set(account, date);
  }

  /** @param date the report is about the seven days before it */
  async #write(account: string, date: string, { weekly }: Schedule): Promise<void> {
    const reader = { account, mayRead: everything, mayReadDays: everything };
    const made = await readTimeReport(
      this.#days,
      [reader],
      {
        dates: datesBetween(nextDate(date, -7), nextDate(date, -1)),
        by: [...new Set(weekly.by ?? ['project' as const])],
        filters: { project: undefined, task: undefined, tag: undefined },
        rounding: undefined,
      },
      () => false,
    );
    if (!made.ok) return;
    const op = { op: 'add', key: date, value: JSON.stringify(made.report) } as const;
    const channel = await this.#hub.channel(`${account}/${weeklyChannel}`);
    await channel.write({ ops: [op], origin: 'reports', at: this.#hub.world.now() });
  }
}

/** 1 Monday to 7 Sunday. */
function weekdayOf(date: string): number {
  return ((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7) + 1;
}

// The content of the page of reports, on a live connection: the report, the weeks and the feeds as the hub answers them. It asks again when
// today, an entry, a project or a setting changes.

import type { ReportView } from '../../../protocol/day-report.ts';
import { isObject } from '../shared/hub-values.ts';
import { LiveAnswer } from '../shared/live-answer.ts';
import type { LiveConnection } from '../shared/live-connection.ts';
import { askSession } from '../shared/session.ts';
import type { TimeFormat } from '../shared/time-format.ts';
import { fieldsIn, type ListedWeek, queryOf, type ReportFields, type ReportTexts, rangesTo } from './reports-view.ts';

export interface CalendarFeed {
  readonly id: string;
  readonly name: string;
  readonly days: number;
  readonly titles: boolean;
  readonly url: string;
}

export interface ShownReport {
  /** Undefined where the hub refuses the question. */
  readonly report: ReportView | undefined;
  /** The error in the question; '' if it has none. */
  readonly problem: string;
  readonly fields: ReportFields;
  readonly today: string;
  readonly zone: string;
  readonly account: string;
  readonly isAdmin: boolean;
  /** Names of accounts, for administrators; empty for others. */
  readonly people: readonly string[];
  /** Whose weeks are listed; '' if several people are asked for. */
  readonly weeksOf: string;
  readonly weeks: readonly ListedWeek[];
  readonly feeds: readonly CalendarFeed[];
}

export type LiveReport = LiveAnswer<ShownReport>;

/** The properties of each part of the page. */
export interface ReportPartProps {
  readonly shown: ShownReport;
  readonly live: LiveReport;
  readonly texts: ReportTexts;
  readonly format: TimeFormat;
}

const channels = ['entries', 'projects', 'settings', 'submitted_weeks', 'shares'];

/** @param search of the address */
export function openReport(search: string, changed: () => void): LiveReport {
  let followed = '';
  const live: LiveReport = new LiveAnswer({
    changed,
    channels,
    load: async (connection) => {
      const now = await connection.connection.day('today');
      if (!now.ok) return { ok: false, reason: now.error };
      const { date: today, zone } = now.day;
      if (followed !== today) {
        followed = today;
        follow(connection, today, () => void live.ask());
      }
      const fields = withRange(fieldsIn(new URLSearchParams(search)), today);
      const [asked, facts] = await Promise.all([connection.get(`/-/report?${queryOf(fields)}`), factsOf(connection)]);
      if (!asked.ok && asked.status !== 400 && asked.status !== 404) return { ok: false, reason: asked.reason };
      const report = asked.ok && isReport(asked.value) ? asked.value : undefined;
      const weeksOf = weeksOfWhom(fields.people, facts.account);
      const weeks =
        weeksOf === '' ? [] : await listIn<ListedWeek>(connection, weeksQuery(weeksOf, facts.account), 'weeks');
      const problem = asked.ok ? '' : asked.reason;
      return { ok: true, value: { report, problem, fields, today, zone, weeksOf, weeks, ...facts } };
    },
  });
  return live;
}

/** This month, unless the address says another range. */
function withRange(fields: ReportFields, today: string): ReportFields {
  const month = rangesTo(today, 1).find(({ name }) => name === 'month.this');
  return { ...fields, from: fields.from || (month?.from ?? today), to: fields.to || (month?.to ?? today) };
}

function follow(connection: LiveConnection, today: string, ask: () => void): void {
  const channel = connection.connection.channel(`day/${today}`);
  channel.onItems(() => {
    if (channel.isCurrent) ask();
  });
  channel.open().catch(() => undefined);
}

async function factsOf(connection: LiveConnection) {
  const [session, feeds] = await Promise.all([askSession(), listIn<CalendarFeed>(connection, '/-/feeds', 'feeds')]);
  const isAdmin = session?.admin === true;
  const listed = isAdmin ? await listIn<{ readonly account: string }>(connection, '/-/people', 'people') : [];
  return { account: session?.account ?? '', isAdmin, people: listed.map(({ account }) => account), feeds };
}

function weeksOfWhom(people: string, account: string): string {
  if (people === '') return account;
  return people === '*' || people.includes(',') ? '' : people;
}

function weeksQuery(whose: string, account: string): string {
  return whose === account ? '/-/weeks' : `/-/weeks?account=${encodeURIComponent(whose)}`;
}

/** A list of an answer; empty if the hub refuses it. The hub is trusted in the parts of its answers. */
async function listIn<T>(connection: LiveConnection, path: string, name: string): Promise<readonly T[]> {
  const answer = await connection.get(path);
  const list: unknown = answer.ok && isObject(answer.value) ? answer.value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

function isReport(value: unknown): value is ReportView {
  return isObject(value) && Array.isArray(value['rows']) && isObject(value['total']);
}

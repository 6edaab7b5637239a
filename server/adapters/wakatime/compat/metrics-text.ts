// Wakapi's metrics as text for Prometheus. The values come from stats/ and prometheus.ts. The caller checks access.

import type { MemorySizes } from '../auth/authorize.ts';
import { toSeconds } from '../model/format-time.ts';
import { type Grouped, type NamedSum, sortRows } from '../stats/group-by.ts';
import { isSameName } from '../stats/names.ts';
import type { TimeQuery } from '../stats/query.ts';
import { allTimeSpan, computeSpan } from '../stats/stats.ts';
import type { AccountMetric } from './prometheus.ts';

/** Sums by label: an account's own name for several projects. A project may have more than one. */
export function sumLabels({ person }: TimeQuery, { rows }: Grouped): readonly NamedSum[] {
  const projects = rows('projects');
  const sumOf = (names: readonly string[]): number =>
    projects.reduce((sum, row) => (names.some((name) => isSameName(name, row.name)) ? sum + row.sum : sum), 0);
  return sortRows([...person.settings.labels].map(([name, names]) => ({ name, sum: sumOf(names) })));
}

type Value = readonly [label: string, value: number];

/** All metrics are gauges: today's values fall at midnight, and every value falls when heartbeats are deleted. */
function gauge(name: string, help: string, values: readonly Value[]): string {
  const lines = values.map(([label, value]) => `wakatime_${name}${label} ${value}\n`);
  return `# HELP wakatime_${name} ${help}\n# TYPE wakatime_${name} gauge\n${lines.join('')}`;
}

/** The metrics of one account, of today and of all time, in the text format of Prometheus. */
export async function writeMetrics(question: TimeQuery, rank: number | null): Promise<string> {
  const { now, person } = question;
  const { all: today } = await computeSpan(question, { first: now.today, last: now.today });
  const { all } = await computeSpan(question, allTimeSpan(question));
  const namedRows = (rows: readonly NamedSum[]) =>
    rows.map(({ name, sum }): Value => [`{name=${quoteLabel(name)}}`, Math.floor(toSeconds(sum))]);
  const of = (name: string, kind: string, rows: readonly NamedSum[]) =>
    gauge(`${name}_seconds_total`, `Seconds of today by ${kind}.`, namedRows(rows));
  return [
    gauge('seconds_total', 'Seconds of today.', [['', Math.floor(toSeconds(today.total))]]),
    gauge('cumulative_seconds_total', 'Seconds of all time.', [['', Math.floor(toSeconds(all.total))]]),
    gauge('heartbeats_total', 'Heartbeats of all time.', [['', person.beats.size]]),
    of('project', 'project', today.rows('projects')),
    of('language', 'language', today.rows('languages')),
    of('editor', 'editor', today.rows('editors')),
    of('operating_system', 'system', today.rows('operating_systems')),
    of('machine', 'machine', today.rows('machines')),
    of('category', 'category', today.rows('categories')),
    of('label', 'label', sumLabels(question, today)),
    rank === null ? '' : gauge('rank', 'Rank among the accounts that share their time.', [['', rank]]),
  ].join('');
}

/** The metrics of the hub, for administrators: every account, the memory and the store. */
export function writeHubMetrics(accounts: readonly AccountMetric[], sizes: MemorySizes | undefined): string {
  const sum = (of: (one: AccountMetric) => number): readonly Value[] => [
    ['', Math.floor(accounts.reduce((all, one) => all + of(one), 0))],
  ];
  const each = (of: (one: AccountMetric) => number) =>
    accounts.map((one): Value => [`{user=${quoteLabel(one.account)}}`, Math.floor(of(one))]);
  const bytes = (name: string, help: string, value: number | undefined) =>
    value === undefined ? '' : gauge(name, `Bytes: ${help}.`, [['', value]]);
  return [
    gauge(
      'admin_seconds_total',
      'Seconds of all accounts, all time.',
      sum(({ seconds }) => seconds),
    ),
    gauge(
      'admin_heartbeats_total',
      'Heartbeats of all accounts.',
      sum(({ heartbeats }) => heartbeats),
    ),
    gauge('admin_users_total', 'Accounts.', [['', accounts.length]]),
    gauge(
      'admin_users_active_total',
      'Accounts with a heartbeat of the last seven days.',
      sum(({ isActive }) => Number(isActive)),
    ),
    gauge(
      'admin_user_heartbeats_total',
      'Heartbeats by account.',
      each(({ heartbeats }) => heartbeats),
    ),
    gauge(
      'admin_user_time_seconds_total',
      'Seconds by account, all time.',
      each(({ seconds }) => seconds),
    ),
    bytes('mem_sys', 'what the process has of the machine', sizes?.resident),
    bytes('mem_alloc', 'objects on the heap', sizes?.heapUsed),
    bytes('mem_heap_sys', 'the heap', sizes?.heap),
    bytes('mem_heap_inuse', 'objects on the heap', sizes?.heapUsed),
    bytes('mem_heap_idle', 'the heap without them', sizes && sizes.heap - sizes.heapUsed),
    bytes('db_total_bytes', 'the files of the store', sizes?.store),
  ].join('');
}

function quoteLabel(value: string): string {
  return `"${value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')}"`;
}

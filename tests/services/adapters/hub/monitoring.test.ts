// docs/monitoring.md, the Grafana dashboard and the alert rules, against what a whole hub with some traffic really measures.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { RunningHub } from '../../../../server/compose.ts';
import { startComposed } from '../../../harness/compose.ts';
import { Socket } from '../../../harness/socket.ts';

/** Metrics without a value before an event that a test cannot cause: a garbage collection, a request to the system that is under way. */
const onlyAfterAnEvent = ['nodejs_gc_duration_seconds', 'nodejs_active_requests'];
/** Metrics that Prometheus makes itself. */
const ofPrometheus = ['up'];
/** Metrics of a hub on SQLite; one on another store has none of them. */
const onlyOnSqlite = ['horai_disk_low', 'horai_store_bytes', 'horai_store_queue', 'horai_store_wal_bytes'];
/** Metrics of a hub on PostgreSQL: tests/services/storage/connections.postgres.test.ts. */
const isOnlyOnPostgres = (name: string) =>
  read('monitoring.md')
    .split('\n')
    .some((row) => row.startsWith(`| \`${name}\``) && row.endsWith('PostgreSQL only |'));
/** Metrics of a hub with `HORAI_BACKUP`. */
const onlyWithBackup = ['horai_last_backup_failed', 'horai_last_backup_timestamp_seconds'];

const docs = fileURLToPath(new URL('../../../../docs/', import.meta.url));
const read = (file: string) => readFileSync(join(docs, file), 'utf8');

interface Scrape {
  /** The name and the type of each metric that was announced. */
  readonly types: ReadonlyMap<string, string>;
  /** Names of metrics with at least one value; of a histogram without `_bucket`, `_sum` and `_count`. */
  readonly valued: ReadonlySet<string>;
  /** Each label as `name{label}`, and with its values as `name{label="value"}`. */
  readonly labels: ReadonlySet<string>;
}

let folder: string;
let hub: RunningHub;
let scraped: Scrape;
let inMemory: Scrape;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'horai-monitoring-'));
  const backup = { folder: join(folder, 'backups'), minute: 180, keep: 1 };
  hub = await startComposed({ host: '0.0.0.0', store: 'sqlite', data: join(folder, 'data'), backup });
  await makeTraffic(hub);
  scraped = await scrape(hub);
  const other = await startComposed({ host: '0.0.0.0' });
  inMemory = await scrape(other);
  await other.stop();
});
afterAll(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A write, a sign-in, a failed one and a limit that is reached. */
async function makeTraffic({ url, ownerSecret = '' }: RunningHub): Promise<void> {
  const socket = await Socket.open(url);
  await socket.ask({ type: 'login', user_id: ownerSecret });
  await socket.ask({ type: 'create', task: { id: 1, desc: 'x' }, ref: 1 });
  await socket.close();
  await fetch(`${url}-/tickets`, { method: 'POST', body: 'x'.repeat(1_048_577) });
  await fetch(`${url}-/metrics`, { headers: { authorization: 'Bearer wrong' } });
}

async function scrape({ url, ownerSecret = '' }: RunningHub): Promise<Scrape> {
  const answer = await fetch(`${url}-/metrics`, { headers: { authorization: `Bearer ${ownerSecret}` } });
  const lines = (await answer.text()).split('\n');
  const types = new Map(
    lines.flatMap((line) => matches(line, /^# TYPE (\w+) (\w+)$/g).map(([name, type]) => [name, type])),
  );
  const isKnown = (name: string) => types.has(name);
  const samples = lines.flatMap((line) => matches(line, /^(\w+)(?:\{(.*)\})? \S+$/g));
  return {
    types,
    valued: new Set(samples.map(([name]) => baseOf(name, isKnown))),
    labels: new Set(
      samples.flatMap(([name, labels]) =>
        matches(labels, /(\w+)="([^"]*)"/g).flatMap(([label, value]) => [
          `${baseOf(name, isKnown)}{${label}}`,
          `${baseOf(name, isKnown)}{${label}="${value}"}`,
        ]),
      ),
    ),
  };
}

/** The two groups of every match. */
function matches(text: string, form: RegExp): (readonly [string, string])[] {
  return [...text.matchAll(form)].map(([, first = '', second = '']) => [first, second] as const);
}

/** The metric of a series: a histogram has three kinds of them. */
function baseOf(series: string, isKnown: (name: string) => boolean): string {
  const base = series.replace(/_(?:bucket|sum|count)$/, '');
  return !isKnown(series) && isKnown(base) ? base : series;
}

const documented = new Map(
  read('monitoring.md')
    .split('\n')
    .flatMap((line) => {
      const [, cell = '', type = ''] = /^\| (`[^|]+`) \| (counter|gauge|histogram) \|/.exec(line) ?? [];
      return matches(cell, /`(\w+)`/g).map(([name]) => [name, type] as const);
    }),
);

/** Every `expr` within a value. */
function expressionsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'expr' && typeof inner === 'string' ? [inner] : expressionsIn(inner),
  );
}

const files: readonly (readonly [string, () => unknown])[] = [
  ['monitoring/grafana-dashboard.json', () => JSON.parse(read('monitoring/grafana-dashboard.json'))],
  ['monitoring/alerts.yml', () => parse(read('monitoring/alerts.yml'))],
];

describe('the tables of docs/monitoring.md', () => {
  test('have every metric that a hub measures, with its type', () => {
    const missing = [...scraped.types].filter(([name, type]) => documented.get(name) !== type);
    expect(missing).toEqual([]);
    expect(scraped.types.size).toBeGreaterThan(50);
  });

  test('have no metric that a hub does not measure after some traffic', () => {
    const absent = [...documented.keys()].filter((name) => !scraped.valued.has(name));
    expect(absent.filter((name) => !onlyAfterAnEvent.includes(name) && !isOnlyOnPostgres(name))).toEqual([]);
  });

  test('say which metrics only a hub on SQLite or with backups has', () => {
    const absent = [...scraped.types.keys()].filter((name) => !inMemory.types.has(name));
    expect(absent.sort()).toEqual([...onlyOnSqlite, ...onlyWithBackup].sort());
    const rows = read('monitoring.md').split('\n');
    const saying = (text: string) =>
      rows
        .filter((row) => row.endsWith(`${text} |`))
        .flatMap((row) => matches(row, /^\| `(\w+)`/g).map(([name]) => name));
    expect(saying('SQLite only').sort()).toEqual(onlyOnSqlite);
    expect(saying('only with `HORAI_BACKUP`').sort()).toEqual(onlyWithBackup);
  });

  test('have every outcome of a sign-in and of a write, and every source that was heard', () => {
    const text = read('monitoring.md');
    const named = [...scraped.labels].flatMap((label) =>
      matches(label, /^(horai_\w+)\{(?:outcome|source|kind)="(.+)"\}$/g),
    );
    expect(named.length).toBeGreaterThan(10);
    for (const [name, value] of named) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      expect(row).toContain(`\`${value}\``);
    }
  });
});

describe.each(files)('%s', (_, load) => {
  test('asks for metrics and labels that the hub has', () => {
    const expressions = expressionsIn(load());
    expect(expressions.length).toBeGreaterThan(10);
    const isKnown = (name: string) => scraped.types.has(name);
    for (const expression of expressions) {
      const asked = matches(expression, /\b((?:horai|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g);
      expect([expression, asked.length]).not.toEqual([expression, 0]);
      for (const [series, selectors] of asked) {
        const name = baseOf(series, isKnown);
        const isMeasured = scraped.valued.has(name) || ofPrometheus.includes(name) || onlyAfterAnEvent.includes(name);
        expect([name, isMeasured]).toEqual([name, true]);
        expect([series, scraped.types.get(name)]).toEqual([
          series,
          ofPrometheus.includes(name)
            ? undefined
            : name === series
              ? expect.not.stringMatching('histogram')
              : 'histogram',
        ]);
        expectLabels(name, selectors);
      }
    }
  });
});

/** Prometheus adds `instance` and `job` to every metric. */
function expectLabels(name: string, selectors: string): void {
  for (const [, label = '', operator, value] of selectors.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
    if (label === 'instance' || label === 'job') continue;
    const wanted = operator === '=' ? `${name}{${label}="${value}"}` : `${name}{${label}}`;
    expect(scraped.labels).toContain(wanted);
  }
}

test('every alert has a severity, says what happened, and says what to do', () => {
  const { groups }: { groups: { rules: Record<string, unknown>[] }[] } = parse(read('monitoring/alerts.yml'));
  const rules = groups.flatMap((group) => group.rules);
  for (const rule of rules) {
    expect(rule).toMatchObject({
      alert: expect.stringMatching(/^Horai\w+$/),
      labels: { severity: expect.stringMatching(/^(?:critical|warning|info)$/) },
      annotations: { summary: expect.stringMatching(/\.$/), action: expect.stringMatching(/\.$/) },
    });
  }
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
});

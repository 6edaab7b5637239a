// The numbers of every page that has some are those of the API, read from the page's tables. The pages come from their type: a page without
// a row here is a type error. What a page has beyond that (sums, apportioned minutes) is in numbers.chromium.test.ts and
// day.chromium.test.ts.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { DayTotalsView } from '../../protocol/day-answer.ts';
import { afternoon, type PictureHub, startDemoHub, today } from '../../scripts/pictures/demo-hub.ts';
import type { Sheet } from '../../server/pages/sheet.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { Socket } from '../harness/socket.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(400_000);

const browsers = new TestBrowsers();
let hub: PictureHub | undefined;
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
  await browsers.clear();
});

type Ask = (path: string) => Promise<readonly unknown[]>;

interface NumberCheck {
  readonly path: string;
  /** `data-table` of the table. */
  readonly table: string;
  /** Which of the numbers of a row. */
  readonly column: number;
  /** The hub's answer: the same numbers, sorted here. */
  readonly wanted: (ask: Ask) => Promise<readonly number[]>;
}

/** Why a page has no number of the hub's to compare, where it has none. */
type Without = string;

const month = [`${today.slice(0, 8)}01`, `${today.slice(0, 8)}30`] as const;
const firstOf = (days: number) => new Date(Date.parse(today) - days * 86_400_000).toISOString().slice(0, 10);
const user = 'api/v1/users';

/** @param path and, with dots, where the numbers are in its answer; `*` is each of a list */
const numbersAt = (path: string, place: string, factor = 1) => {
  const walk = (values: readonly unknown[], [step, ...rest]: readonly string[]): readonly unknown[] => {
    if (step === undefined) return values;
    const next = values.flatMap((value) =>
      step === '*' ? (Array.isArray(value) ? value : []) : value instanceof Object ? [Reflect.get(value, step)] : [],
    );
    return walk(next, rest);
  };
  return async (ask: Ask) => walk(await ask(path), place.split('.')).map((value) => Math.round(Number(value) * factor));
};

const second = 1_000_000;
const checks: Readonly<Record<Sheet['name'], readonly NumberCheck[] | Without>> = {
  day: [
    {
      path: `day/${today}`,
      table: 'projects',
      column: 0,
      wanted: numbersAt(`-/day/${today}`, 'projects.*.time'),
    },
    { path: `day/${today}`, table: 'sources', column: 0, wanted: numbersAt(`-/day/${today}`, 'lanes.*.time') },
  ],
  week: [
    {
      path: `week/${today}`,
      table: 'days',
      column: 0,
      wanted: numbersAt(`-/days?from=2026-11-22&to=2026-11-28`, 'days.*.total'),
    },
  ],
  month: [
    {
      path: `month/${today}`,
      table: 'days',
      column: 0,
      wanted: numbersAt(`-/days?from=${month[0]}&to=${month[1]}`, 'days.*.total'),
    },
  ],
  trends: [
    {
      path: 'trends?days=30',
      table: 'days',
      column: 0,
      wanted: numbersAt(`-/days?from=${firstOf(29)}&to=${today}`, 'days.*.total'),
    },
    {
      path: 'trends?days=30',
      table: 'languages',
      column: 0,
      wanted: numbersAt(`${user}/current/insights/languages/last_30_days`, 'data.languages.*.total_seconds', second),
    },
  ],
  reports: [
    {
      path: `reports?from=${month[0]}&to=${today}&by=project,day`,
      table: 'report',
      column: 0,
      wanted: numbersAt(`-/report?from=${month[0]}&to=${today}&by=project,day`, 'rows.*.time'),
    },
  ],
  projects: [
    {
      path: 'projects/ledger',
      table: 'days',
      column: 0,
      wanted: async (ask) => {
        const days = await daysOf(ask, firstOf(89));
        const times = days.flatMap(({ projects }) => projects.filter(({ project }) => project === 'ledger'));
        return times.map(({ time }) => time);
      },
    },
  ],
  goals: [
    {
      path: 'goals',
      table: '',
      column: 0,
      wanted: numbersAt(`${user}/current/goals`, 'data.*.chart_data.*.actual_seconds', second),
    },
  ],
  leaderboards: [
    {
      path: 'leaderboards',
      table: 'leaders',
      column: 0,
      wanted: numbersAt('api/v1/leaders', 'data.*.running_total.total_seconds', second),
    },
  ],
  profile: [
    {
      path: 'profile/owner',
      table: 'projects',
      column: 0,
      wanted: numbersAt(`${user}/owner/stats/last_7_days`, 'data.projects.*.total_seconds', second),
    },
    {
      path: 'profile/owner',
      table: 'languages',
      column: 0,
      wanted: numbersAt(`${user}/owner/stats/last_7_days`, 'data.languages.*.total_seconds', second),
    },
  ],
  devices: [{ path: 'devices', table: 'tools', column: 0, wanted: numbersAt('-/devices', 'tools.*.today') }],
  tasks: 'work of tasks is counted from their intervals: tests/unit/clients/web/tasks.test.ts',
  rules: 'the preview shows what POST /-/rules/preview answers',
  history: 'no numbers',
  'set-up': 'no numbers',
  'sign-in': 'no numbers',
  settings: 'the settings as they are stored: sign-in.chromium.test.ts',
  people: 'sizes of accounts, as people read them: tests/unit/clients/web/manage.test.ts',
  inspector: 'what passes: tests/unit/clients/web/manage.test.ts',
  rooms: 'counts of people and timers: room.chromium.test.ts',
  room: 'the clock of a room: room.chromium.test.ts',
  help: 'no numbers',
  stats: 'drawn by the hub itself: tests/unit/clients/web/pages.test.ts',
  reference: 'no numbers',
  missing: 'no numbers',
};

/** `GET /-/days` until today. */
async function daysOf(ask: Ask, from: string): Promise<DayTotalsView['days']> {
  const [answer] = await ask(`-/days?from=${from}&to=${today}`);
  const { days = [] }: Partial<DayTotalsView> = Object(answer);
  return days;
}

/** @param table '' for all tables of the page */
async function shownIn({ page }: Visitor, table: string, column: number): Promise<readonly number[]> {
  const place = table === '' ? '[data-table]' : `[data-table="${table}"]`;
  await page.locator(`${place} tbody tr`).first().waitFor();
  const rows: readonly (readonly string[])[] = await page
    .locator(`${place} tbody tr`)
    .evaluateAll((all: { querySelectorAll(selector: string): Iterable<{ value: string }> }[]) =>
      all.map((row) => [...row.querySelectorAll('data')].map(({ value }) => value)),
    );
  return rows.map((row) => Math.round(Number(row[column])));
}

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

(hasChromium ? describe : describe.skip)('the numbers of every page', () => {
  test('are those of the API', async () => {
    hub = await startDemoHub();
    const { url } = hub;
    const socket = await Socket.open(url);
    const shared = { logged_time_public: true, languages_used_public: true, editors_used_public: true };
    await socket.ask({ type: 'create', channel: 'settings', key: 'wakatime', item: shared, ref: 1 });
    await socket.close();
    const ask: Ask = async (path) => [JSON.parse(await fetch(url + path).then((answer) => answer.text()))];
    const visitor = await browsers.visit(url, { ahead: afternoon - Date.now() });
    const names = new Set<string>();
    for (const [name, list] of Object.entries(checks)) {
      if (typeof list === 'string') continue;
      for (const { path, table, column, wanted } of list) {
        await visitor.page.goto(`${url}${path}#table`);
        await visitor.page.reload();
        // The hub may still be making the answers of its first minute (leaderboards).
        await eventually(async () => {
          const numbers = await wanted(ask);
          expect([path, table, numbers.length > 0 && numbers.some((one) => one > 0)]).toEqual([path, table, true]);
          expect([path, table, sorted(await shownIn(visitor, table, column))]).toEqual([path, table, sorted(numbers)]);
          return true;
        }, `the table ${table} of ${path} to have the hub’s numbers`);
        names.add(name);
      }
    }
    expect([...names].sort()).toEqual(
      Object.keys(checks)
        .filter((name) => Array.isArray(Reflect.get(checks, name)))
        .sort(),
    );
  });
});

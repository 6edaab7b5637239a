// Names in answers: readable ones for what plugins send, and one row for names that differ only in case.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { editorName, systemName } from '../../../../server/adapters/wakatime/model/display-names.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name);

test.each([
  ['vscode', 'VS Code'],
  ['nvim', 'Neovim'],
  ['kakoune', 'Kakoune'],
  ['my-editor', 'My Editor'],
  ['HBuilder X', 'HBuilder X'],
  ['TextMate2', 'TextMate2'],
  ['', 'Unknown Editor'],
])('the editor %j is called %s', (raw, name) => expect(editorName(raw)).toBe(name));

test.each([
  ['darwin', 'Mac'],
  ['Freebsd', 'FreeBSD'],
  ['Windows_NT', 'Windows'],
  ['haiku', 'Haiku'],
  ['', 'Unknown OS'],
])('the system %j is called %s', (raw, name) => expect(systemName(raw)).toBe(name));

describe('names that differ only in case', () => {
  let testHub: TestHub;
  beforeEach(async () => {
    testHub = await openTestHub();
    const lower = { project: 'shop', language: 'typescript', branch: 'main', machine: 'desk', dependencies: ['react'] };
    const upper = { project: 'Shop', language: 'TypeScript', branch: 'Main', machine: 'DESK', dependencies: ['React'] };
    await testHub.send([
      beat(now - 600, lower),
      beat(now - 540, upper),
      beat(now - 480, { ...lower, ai_line_changes: 3 }),
      beat(now - 420, upper),
      beat(now - 86_400, lower),
      beat(now - 86_340, lower),
    ]);
  });
  afterEach(() => testHub.close());

  test('are one row of every list, spelled the same on every day', async () => {
    for (const day of ['today', 'yesterday']) {
      const [one] = (await testHub.get(`summaries?range=${day}`)).data;
      expect([one.projects, one.languages, one.machines, one.dependencies].map(names)).toEqual([
        ['Shop'],
        ['TypeScript'],
        ['DESK'],
        ['React'],
      ]);
    }
    const [today] = (await testHub.get('summaries?range=today')).data;
    expect(today.projects).toMatchObject([{ total_seconds: 180, ai_additions: 3 }]);
    const stats = (await testHub.get('stats/today')).data;
    expect([stats.projects, stats.languages, stats.machines].map(names)).toEqual([['Shop'], ['TypeScript'], ['DESK']]);
  });

  test('are one project, machine and language of the account', async () => {
    for (const [list, name] of [
      ['projects', 'Shop'],
      ['machine_names', 'DESK'],
      ['languages', 'TypeScript'],
    ] as const)
      expect(names((await testHub.get(list)).data)).toEqual([name]);
    for (const name of ['shop', 'SHOP']) expect((await testHub.get(`projects/${name}`)).data.name).toBe('Shop');
  });

  test('are one filter, and one stretch of a day', async () => {
    for (const project of ['shop', 'SHOP']) {
      expect((await testHub.get(`stats/today?project=${project}`)).data.total_seconds).toBe(180);
      expect((await testHub.get(`durations?date=today&project=${project}&branches=MAIN`)).data).toMatchObject([
        { project: 'Shop', duration: 180 },
      ]);
    }
    const [day] = (await testHub.get('summaries?range=today&project=shop')).data;
    expect(names(day.branches)).toEqual(['Main']);
  });

  test('are one line of Wakapi’s summary and of the metrics', async () => {
    const answer = await testHub.ask('GET', '/api/summary?interval=today', { headers: basic(testHub.owner) });
    expect(JSON.parse(answer.body)).toMatchObject({ projects: [{ key: 'Shop', total: 180 }] });
    const metrics = await testHub.ask('GET', '/api/metrics', { headers: basic(testHub.owner) });
    expect(metrics.body.match(/wakatime_project_seconds_total\{.*/g)).toEqual([
      'wakatime_project_seconds_total{name="Shop"} 180',
    ]);
  });

  test('get the new spelling also in earlier days', async () => {
    await testHub.get('summaries?range=yesterday');
    await testHub.send([beat(now - 300, { project: 'SHOP' })]);
    const { data } = await testHub.get('summaries?start=yesterday&end=today');
    expect(data.flatMap((day: { projects: { name: string }[] }) => names(day.projects))).toEqual(['SHOP', 'SHOP']);
  });

  test('a filter by editor takes the raw name, too', async () => {
    for (const editor of ['vscode', 'VS%20Code'])
      expect((await testHub.get(`stats/today?editor=${editor}`)).data.total_seconds).toBe(180);
  });
});

// Wakapi's own paths: the periods of its summary, and the answer to a single heartbeat.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
const accepted = [{ data: null, error: null }, 201];

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
});
afterEach(() => testHub.close());

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function summary(query: string, status = 200): Promise<any> {
  const answer = await testHub.ask('GET', `/api/summary?${query}`, { headers: basic(testHub.owner) });
  expect([query, answer.status]).toEqual([query, status]);
  return JSON.parse(answer.body);
}

const seconds = (body: { projects: { total: number }[] }) => body.projects.reduce((sum, { total }) => sum + total, 0);

describe('the span of /api/summary', () => {
  beforeEach(async () => {
    // A minute of work at 11:00, and one that starts at 23:59:30 and ends after midnight.
    await testHub.send([beat(now - 3_600), beat(now - 3_540), beat(now - 43_230), beat(now - 43_170)]);
  });

  test.each([
    ['from=2026-01-05T11:00:30Z&to=2026-01-05T11:00:50Z', 20],
    ['from=2026-01-05T11:00:30&to=2026-01-05T12:00:00', 30],
    ['from=2026-01-05%2011:00:30&to=2026-01-05%2011:00:40', 10],
    ['from=2026-01-05T12:00:30%2B01:00&to=2026-01-05T12:00:40%2B01:00', 10],
    ['from=2026-01-04&to=2026-01-05', 30],
    ['from=2026-01-05&to=2026-01-06', 90],
    ['from=2026-01-05&to=2026-01-05', 0],
    ['start=2026-01-04&end=2026-01-06', 120],
    ['start=today', 90],
    ['start=yesterday', 30],
    ['start=last_7_days', 120],
    ['interval=Last%207%20Days%20from%20Yesterday', 30],
    ['interval=today', 90],
  ])('%s has %d seconds', async (query, total) => {
    expect(seconds(await summary(query))).toBe(total);
  });

  test('begins and ends at the moments that were asked for', async () => {
    expect(await summary('from=2026-01-05T00:00:00%2B03:00&to=2026-01-05T00:00:00%2B03:00')).toMatchObject({
      from: '2026-01-04T21:00:00Z',
      to: '2026-01-04T21:00:00Z',
      projects: [],
    });
  });

  test('reads a time without an offset in the account’s zone', async () => {
    await testHub.settle({ timezone: 'Europe/Berlin' });
    expect(seconds(await summary('from=2026-01-05T12:00:30&to=2026-01-05T13:00:00'))).toBe(30);
  });

  test.each([
    'from=2026-01-05',
    'from=2026-01-06&to=2026-01-05',
    'start=nonsense',
    'from=x&to=y',
    '',
  ])('%j is refused, and the answer describes the right form', async (query) => {
    expect((await summary(query, 400)).error).toContain('interval=today');
  });
});

describe('a single heartbeat', () => {
  const post = (path: string, body = beat(now)) => testHub.ask('POST', path, { body, headers: basic(testHub.owner) });

  test.each([
    '/api/heartbeat',
    '/api/heartbeats',
    '/api/users/current/heartbeats',
    '/api/compat/wakatime/v1/users/current/heartbeats',
  ])('is answered at %s as Wakapi does', async (path) => {
    const answer = await post(path);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([201, { responses: [accepted] }]);
  });

  test.each([
    '/api/v1/users/current/heartbeats',
    '/v1/users/current/heartbeats',
  ])('is answered at %s as WakaTime does', async (path) => {
    const answer = await post(path);
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([202, { data: { time: now } }]);
  });
});

test('durations have the fields that WakaTime documented first', async () => {
  await testHub.send([beat(now - 60), beat(now)]);
  const { data } = await testHub.get('durations?date=today');
  expect(data).toMatchObject([
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      created_at: '2026-01-05T12:00:00Z',
      user_id: (await testHub.get('')).data.id,
      machine_name_id: (await testHub.get('machine_names')).data[0].id,
      cursorpos: null,
      lineno: null,
    },
  ]);
  expect((await testHub.get('durations?date=today')).data).toEqual(data);
});

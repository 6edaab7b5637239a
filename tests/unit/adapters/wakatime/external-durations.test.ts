// External durations, such as meetings, are stored once and count while there are no heartbeats.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const path = '/api/v1/users/current/external_durations';

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
});
afterEach(() => testHub.close());

const meeting = (id: string, from: number, to: number, more: object = {}) => ({
  external_id: id,
  entity: 'Standup',
  type: 'app',
  provider: 'calendar',
  category: 'meeting',
  start_time: from,
  end_time: to,
  project: 'hub',
  ...more,
});

const ask = (method: string, to: string, body: unknown, secret = testHub.owner) =>
  testHub.ask(method, to, { body, headers: basic(secret) });

describe('an external duration', () => {
  test('is returned whole, and replaced when it is sent again', async () => {
    const first = await ask('POST', path, meeting('a', noon - 600, noon, { meta: 'notes', branch: 'main' }));
    expect(first.status).toBe(201);
    const { data } = JSON.parse(first.body);
    expect(data).toEqual({
      id: expect.any(String),
      external_id: 'a',
      entity: 'Standup',
      type: 'app',
      provider: 'calendar',
      category: 'meeting',
      start_time: noon - 600,
      end_time: noon,
      project: 'hub',
      branch: 'main',
      language: null,
      meta: 'notes',
      created_at: '2026-01-05T12:00:00Z',
    });
    await ask('POST', path, meeting('a', noon - 300, noon));
    await ask('POST', path, meeting('a', noon - 60, noon, { provider: 'other' }));
    const listed = await testHub.get('external_durations?date=today');
    expect(listed).toMatchObject({ timezone: 'UTC', start: '2026-01-05T00:00:00Z', end: '2026-01-05T23:59:59Z' });
    expect(listed.data).toMatchObject([{ id: data.id, start_time: noon - 300 }, { provider: 'other' }]);
  });

  test('that is invalid is refused with a reason, without failing its batch', async () => {
    const wrong = [
      meeting('', noon - 60, noon),
      meeting('a', noon, noon),
      meeting('a', noon - 60, noon, { entity: null }),
      meeting('a', noon * 1_000, noon * 1_000 + 5),
      meeting('a', noon - 90_000, noon),
      meeting('a', noon + 90_000, noon + 90_060),
      meeting('a', noon - 60, noon, { meta: 'x'.repeat(2_084) }),
      7,
    ];
    const answer = await ask('POST', `${path}.bulk`, [...wrong, meeting('b', noon - 60, noon)]);
    const { responses } = JSON.parse(answer.body);
    expect([answer.status, responses.map(([, status]: [object, number]) => status)]).toEqual([
      201,
      [...wrong.map(() => 400), 201],
    ]);
    for (const [body] of responses.slice(0, -1)) expect(Array.isArray(Object.values(body.errors)[0])).toBe(true);
    expect((await ask('POST', path, wrong[1])).status).toBe(400);
    expect((await ask('POST', `${path}.bulk`, {})).status).toBe(400);
    expect(
      (
        await ask(
          'POST',
          `${path}.bulk`,
          Array.from({ length: 1_001 }, () => 7),
        )
      ).status,
    ).toBe(400);
  });

  test('is deleted by its id and its day', async () => {
    const answer = await ask('POST', `${path}.bulk`, [
      meeting('a', noon - 60, noon),
      meeting('b', noon - 160, noon - 100),
    ]);
    const ids = JSON.parse(answer.body).responses.map(([{ data }]: [{ data: { id: string } }]) => data.id);
    await ask('DELETE', `${path}.bulk`, { date: '2026-01-04', ids });
    expect((await testHub.get('external_durations?date=today')).data).toHaveLength(2);
    const gone = await ask('DELETE', `${path}.bulk`, { date: '2026-01-05', ids: ids.slice(0, 1) });
    expect([gone.status, JSON.parse(gone.body)]).toEqual([200, { data: {} }]);
    expect((await testHub.get('external_durations?date=today')).data).toMatchObject([{ external_id: 'b' }]);
  });

  test('is listed by project, branch and time zone', async () => {
    await ask('POST', `${path}.bulk`, [
      meeting('a', noon - 60, noon, { branch: 'main' }),
      meeting('b', noon - 160, noon - 100, { project: 'web', branch: 'fix' }),
    ]);
    expect((await testHub.get('external_durations?date=today&project=web')).data).toMatchObject([{ external_id: 'b' }]);
    expect((await testHub.get('external_durations?date=today&branches=main,x')).data).toMatchObject([
      { external_id: 'a' },
    ]);
    expect((await testHub.get('external_durations?date=2026-01-06&timezone=Pacific/Kiritimati')).data).toHaveLength(2);
    await testHub.get('external_durations', 400);
  });

  test('counts in totals where no heartbeat does, and no second twice', async () => {
    await testHub.send([beat(noon - 600, { language: 'Go' }), beat(noon - 480, { language: 'Go' })]);
    await ask('POST', `${path}.bulk`, [meeting('a', noon - 540, noon - 300), meeting('b', noon - 360, noon - 240)]);
    const total = async () => (await testHub.get('statusbar/today')).data.grand_total.total_seconds;
    expect(await total()).toBe(360);
    const { data } = await testHub.get('summaries?range=today');
    expect(data[0].categories).toMatchObject([
      { name: 'Meeting', total_seconds: 240 },
      { name: 'Coding', total_seconds: 120 },
    ]);
    expect((await testHub.get('stats/today')).data.total_seconds_including_other_language).toBe(360);
    expect((await testHub.get('durations?date=today&slice_by=category')).data).toMatchObject([
      { category: 'Coding', duration: 120 },
      { category: 'Meeting', time: noon - 480, duration: 240 },
    ]);
    expect((await testHub.get('summaries?range=today&writes_only=true')).cumulative_total.seconds).toBe(0);
    await testHub.send([beat(noon - 400)]);
    expect(await total()).toBe(360);
    await testHub.send([beat(noon - 100)]);
    expect(await total()).toBe(500);
  });

  test('changes the channel of today', async () => {
    const guest = await testHub.socket();
    guest.send(JSON.stringify({ type: 'subscribe', channel: 'wakatime/today' }));
    const total = async (): Promise<number> => {
      for (;;) {
        const { key, item } = JSON.parse(await guest.messages.next());
        if (key !== undefined) return item.data.grand_total.total_seconds;
      }
    };
    expect(await total()).toBe(0);
    testHub.world.pass(2_000);
    await ask('POST', path, meeting('a', noon - 60, noon));
    expect(await total()).toBe(60);
  });

  test('before all heartbeats counts for all time, too', async () => {
    await ask('POST', path, meeting('a', noon - 86_400 * 3, noon - 86_400 * 3 + 60));
    const { data } = await testHub.get('all_time_since_today');
    expect([data.total_seconds, data.range.start_date]).toEqual([60, '2026-01-02']);
  });

  test('is visible to its account alone', async () => {
    await ask('POST', path, meeting('a', noon - 60, noon));
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    const other = path.replace('current', 'owner');
    expect((await ask('GET', `${other}?date=today`, undefined, bob.secret)).status).toBe(404);
    expect((await ask('POST', other, meeting('b', noon - 60, noon), bob.secret)).status).toBe(404);
    expect((await ask('POST', path, meeting('b', noon - 60, noon), 'wrong')).status).toBe(401);
  });
});

// The merged day of two nodes on one PostgreSQL: both nodes give the same answer, whichever node received the writes.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { generateExport } from '../../../scripts/demo/real-export.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';

const minute = 60_000_000;

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('the merged day of two nodes', () => {
    let postgres: Postgres;
    const open: DayHub[] = [];
    beforeAll(async () => {
      postgres = await Postgres.start();
    }, 60_000);
    afterEach(async () => {
      for (const hub of open.splice(0)) await hub.close();
    });
    afterAll(() => postgres.remove());

    async function start(overrides: Parameters<typeof DayHub.start>[0]): Promise<DayHub> {
      const hub = await DayHub.start(overrides);
      open.push(hub);
      return hub;
    }

    async function twoNodes(): Promise<readonly [DayHub, DayHub]> {
      const store = await postgres.database();
      const first = await start({ store, data: postgres.folder() });
      return [first, await start({ store, data: postgres.folder() })];
    }

    const level = (hubs: readonly DayHub[]) => Promise.all(hubs.map((hub) => hub.node.catchUp()));

    test('[Y1] is the same at both, and that of one hub in memory, whichever the evidence went to', async () => {
      const nodes = await twoNodes();
      const alone = await start({});
      const buckets = generateExport(2, Date.UTC(2026, 10, 28)).map((bucket) => ({
        ...bucket,
        events: bucket.events.filter((_, index) => index % 12 === 0),
      }));
      let turn = 0;
      for (const { id, events, ...description } of buckets) {
        await alone.post(`/api/0/buckets/${id}`, description);
        await nodes[0].post(`/api/0/buckets/${id}`, description);
        await level(nodes);
        for (let at = 0; at < events.length; at += 25) {
          const batch = events.slice(at, at + 25);
          await alone.post(`/api/0/buckets/${id}/events`, batch);
          await (turn % 2 === 0 ? nodes[0] : nodes[1]).post(`/api/0/buckets/${id}/events`, batch);
          turn += 1;
        }
      }
      await nodes[0].heartbeats('10:00', '10:30', 2, { project: 'horai' });
      await nodes[1].heartbeats('10:32', '11:00', 2, { project: 'horai' });
      await alone.heartbeats('10:00', '11:00', 2, { project: 'horai' });
      await level(nodes);
      const [first, second] = [await nodes[0].day(), await nodes[1].day()];
      expect(second).toEqual(first);
      const figures = ({ total, projects, breaks, lanes }: typeof first) => ({ total, projects, breaks, lanes });
      expect(figures(first)).toEqual(figures(await alone.day()));
      expect(first.total).toBeGreaterThan(0);
    });

    test('sums at one node follow late evidence and rules written at the other', async () => {
      const [a, b] = await twoNodes();
      const bucket = 'aw-watcher-window_laptop';
      await a.post(`/api/0/buckets/${bucket}`, { client: 'w', type: 'currentwindow', hostname: 'laptop' });
      const window = (time: string, minutes: number) =>
        a.post(`/api/0/buckets/${bucket}/events`, [
          { timestamp: `2026-11-25T${time}:00Z`, duration: minutes * 60, data: { app: 'code' } },
        ]);
      await window('09:00', 60);
      const sums = async (hub: DayHub) => {
        const { days } = await hub.get('/-/days?from=2026-11-25&to=2026-11-25');
        return days[0].projects.map(({ project, time }: { project: string | null; time: number }) => [
          project,
          time / minute,
        ]);
      };
      await level([a, b]);
      expect([await sums(a), await sums(b)]).toEqual([[[null, 60]], [[null, 60]]]);
      await window('11:00', 15);
      await level([a, b]);
      expect([await sums(a), await sums(b)]).toEqual([[[null, 75]], [[null, 75]]]);
      const item = { when: { app: { is: 'code' } }, project: 'horai' };
      await a.write({ type: 'create', channel: 'rules', key: 'r', item });
      await level([a, b]);
      expect([await sums(a), await sums(b)]).toEqual([[['horai', 75]], [['horai', 75]]]);
    });

    test('[Y9] a follower on one node gets the change when evidence is written on the other', async () => {
      const [a, b] = await twoNodes();
      const follower = await b.follow('day/2026-11-28');
      expect((await follower.next()).item.total).toBe(0);
      await a.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '10:00', { app: 'code' }]]);
      await level([a, b]);
      b.world.pass(1_000);
      expect((await follower.next()).item.total).toBe(60 * minute);
      await follower.close();
    });

    test('has a turn of a mob room once, though both nodes copy it', async () => {
      const [a, b] = await twoNodes();
      await a.write({ type: 'create', channel: 'settings', key: 'mob_names', item: ['ann'] });
      await level([a, b]);
      const put = await fetch(new URL('/garden', a.node.hub.url), {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ timer: 10, user: 'ann' }),
      });
      expect(put.ok).toBe(true);
      await level([a, b]);
      for (const hub of [a, b]) hub.moveTo('08:20');
      const turns = () => a.node.store.read('owner/mob_turns', {});
      await eventually(async () => (await turns()).length > 0, 'the turn is copied');
      await level([a, b]);
      expect([(await a.day()).total, (await b.day()).total]).toEqual([10 * minute, 10 * minute]);
      expect(await turns()).toHaveLength(1);
    });
  });
}

// One account's plugins at two nodes on one database: the same queue is flushed at both at once in different orders, a node is killed
// meanwhile, heartbeats are deleted and settings changed at one node. In the end both nodes give the same answers, and nothing counts twice.

import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { eventually } from '../../../harness/eventually.ts';
import { Postgres, postgresBin } from '../../../harness/postgres.ts';
import { HubProcess, Leftovers } from '../../../harness/process.ts';
import { basic, cliAgent } from '../../../harness/wakatime.ts';
import { seeded } from '../../../harness/world.ts';

const key = randomUUID();
const size = 25;

interface Beat {
  readonly time: number;
  readonly project: string;
  readonly human_line_changes: number;
}

/** Seconds by project, and lines: a gap belongs to the heartbeat before it. */
function expected(beats: readonly Beat[], timeout: number) {
  const projects = new Map<string, number>();
  for (const [index, { time, project }] of beats.entries()) {
    const gap = (beats[index + 1]?.time ?? Number.POSITIVE_INFINITY) - time;
    if (gap < timeout) projects.set(project, (projects.get(project) ?? 0) + gap);
  }
  return { projects, lines: beats.reduce((sum, { human_line_changes: lines }) => sum + lines, 0) };
}

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  test('plugins at two nodes: the same totals at both, whatever befalls one of them', async () => {
    const leftovers = new Leftovers();
    const postgres = await Postgres.start(['fsync=off']);
    try {
      const store = await postgres.database();
      const start = async () => {
        const env = { HORAI_STORE: store, HORAI_DATA: leftovers.folder(), HORAI_OWNER_TOKEN: key };
        const hub = new HubProcess(leftovers, env);
        return { hub, url: await hub.up() };
      };
      const nodes = [await start(), await start()];
      const urlOf = (at: number): string => nodes[at % nodes.length]?.url ?? '';
      const headers = { ...basic(key), 'user-agent': cliAgent, 'x-machine-name': 'laptop' };
      const get = async (at: number, path: string) =>
        JSON.parse(await (await fetch(`${urlOf(at)}api/v1/users/current/${path}`, { headers })).text());

      const random = seeded(5);
      let time = Math.floor(Date.now() / 1_000) - 200_000;
      const beats = Array.from({ length: 2_000 }, (_, index): Beat => {
        time += random() < 0.01 ? 1_000 : 1 + Math.floor(random() * 90);
        return { time, project: `project-${Math.floor(random() * 4)}`, human_line_changes: index % 3 };
      });
      const shuffled = beats.map((one) => [random(), one] as const).sort(([a], [b]) => a - b);
      const queue = Array.from({ length: beats.length / size }, (_, index) =>
        shuffled.slice(index * size, (index + 1) * size).map(([, one]) => one),
      );

      /** Like wakatime-cli, sends a batch again until a node accepts it. */
      const flush = async (batches: readonly (readonly Beat[])[], first: number, taken: (count: number) => void) => {
        let at = first;
        for (const [index, batch] of batches.entries()) {
          const body = JSON.stringify(
            batch.map((one) => ({ entity: '/home/ann/main.ts', type: 'file', category: 'coding', ...one })),
          );
          for (;;) {
            const answer = await fetch(`${urlOf(at)}api/v1/users/current/heartbeats.bulk`, {
              method: 'POST',
              headers,
              body,
            }).catch(() => undefined);
            const answered = await answer?.text().catch(() => undefined);
            if (answer?.status === 202 && answered !== undefined) break;
            at += 1;
          }
          taken(index + 1);
        }
      };
      let back: Promise<unknown> = Promise.resolve();
      await Promise.all([
        flush(queue, 0, (count) => {
          if (count !== 30) return;
          nodes[0]?.hub.signal('SIGKILL');
          back = start().then((node) => {
            nodes[0] = node;
          });
        }),
        flush([...queue].reverse(), 1, () => undefined),
      ]);
      await back;

      /** Waits until a node's totals are as expected. */
      const totals = async (at: number, wanted: ReturnType<typeof expected>) => {
        const check = async () => {
          const { data } = await get(at, 'stats/all_time');
          const projects = new Map<string, number>(
            data.projects.map(({ name, total_seconds }: { name: string; total_seconds: number }) => [
              name,
              total_seconds,
            ]),
          );
          const found = { projects, lines: data.human_additions };
          const seconds = (all: ReadonlyMap<string, number>) => [...all.values()].reduce((sum, one) => sum + one, 0);
          return seconds(projects) === seconds(wanted.projects) ? found : undefined;
        };
        return eventually(check, `node ${at} to have heard of all heartbeats`, { deadlineMs: 90_000 });
      };
      for (const at of [0, 1]) {
        expect(await totals(at, expected(beats, 900))).toEqual(expected(beats, 900));
        const metrics = await (await fetch(`${urlOf(at)}api/metrics?api_key=${key}`)).text();
        expect(metrics).toContain(`\nwakatime_heartbeats_total ${beats.length}\n`);
      }

      // A delete at one node takes effect at both.
      const date = new Date((beats[0]?.time ?? 0) * 1_000).toISOString().slice(0, 10);
      const { data } = await get(0, `heartbeats?date=${date}&timezone=UTC`);
      const gone: readonly { readonly id: string; readonly time: number }[] = data.slice(0, 40);
      const deleted = await fetch(`${urlOf(0)}api/v1/users/current/heartbeats.bulk`, {
        method: 'DELETE',
        headers,
        body: JSON.stringify({ date, ids: gone.map(({ id }) => id) }),
      });
      expect(deleted.status).toBe(200);
      const times = new Set(gone.map(({ time: its }) => its));
      const left = beats.filter(({ time: its }) => !times.has(its));
      for (const at of [1, 0]) expect(await totals(at, expected(left, 900))).toEqual(expected(left, 900));
    } finally {
      await leftovers.clear();
      await postgres.remove();
    }
  }, 120_000);
}

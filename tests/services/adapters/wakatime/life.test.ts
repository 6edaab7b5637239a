// A plugin over some days with a real hub and a real folder: online, offline for a day, then a flush of its queue while a second editor
// flushes the same queue and the hub is killed. Also the requests that a composed hub accepts from pages.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startComposed } from '../../../harness/compose.ts';
import { HubProcess, Leftovers } from '../../../harness/process.ts';
import { basic, cliAgent } from '../../../harness/wakatime.ts';
import { seeded } from '../../../harness/world.ts';

jest.setTimeout(120_000);

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

interface Sent {
  readonly time: number;
  readonly project: string;
}

describe.each(['uws', 'ws'])('the days of a plugin on %s', (engine) => {
  test('ends with the right totals, and nothing counts twice', async () => {
    const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const env = { HORAI_DATA: leftovers.folder(), HORAI_OWNER_TOKEN: key, HORAI_LOG: 'trace', HORAI_ENGINE: engine };
    let hub = new HubProcess(leftovers, env);
    let url = await hub.up();
    /** Resolves when the hub is up again. */
    let back: Promise<unknown> = Promise.resolve();

    const post = async (heartbeats: readonly Sent[]): Promise<boolean> => {
      const body = heartbeats.map((one) => ({ entity: '/home/ann/main.ts', type: 'file', category: 'coding', ...one }));
      const answer = await fetch(`${url}api/v1/users/current/heartbeats.bulk`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          ...basic(key),
          'user-agent': cliAgent,
          'x-machine-name': 'laptop',
          'content-type': 'application/json',
        },
      }).catch(() => undefined);
      if (answer?.status !== 202) return false;
      const text = await answer.text().catch(() => '{"responses":[]}');
      const { responses }: { responses: [unknown, number][] } = JSON.parse(text);
      return responses.length === body.length && responses.every(([, status]) => status === 201);
    };
    /** Like wakatime-cli, sends a batch again later if it was not accepted. */
    const flush = async (queue: readonly (readonly Sent[])[], taken: (count: number) => void) => {
      for (const [index, batch] of queue.entries()) {
        while (!(await post(batch))) await back;
        taken(index + 1);
      }
    };

    const random = seeded(11);
    const now = Math.floor(Date.now() / 1_000);
    expect(await post([{ time: now - 200_000, project: 'first' }])).toBe(true);

    let time = now - 100_000;
    const offline = Array.from({ length: 10_000 }, () => {
      time += random() < 0.002 ? 1_000 : 1 + Math.floor(random() * 10);
      return { time, project: `project-${Math.floor(random() * 5)}` };
    });
    const shuffled = offline.map((one) => [random(), one] as const).sort(([a], [b]) => a - b);
    const queue = Array.from({ length: 400 }, (_, index) =>
      shuffled.slice(index * 25, index * 25 + 25).map(([, one]) => one),
    );
    const crash = async () => {
      hub.signal('SIGKILL');
      await hub.ended;
      hub = new HubProcess(leftovers, env);
      url = await hub.up();
    };
    await Promise.all([
      flush(queue, (count) => {
        if (count === 150) back = crash();
      }),
      flush([...queue].reverse(), () => undefined),
    ]);

    const ask = (path: string) => fetch(`${url}${path}`, { headers: basic(key) }).then((answer) => answer.text());
    const expected = new Map<string, number>();
    for (const [index, { time: at, project }] of offline.entries()) {
      const gap = (offline[index + 1]?.time ?? at) - at;
      if (gap < 900) expected.set(project, (expected.get(project) ?? 0) + gap);
    }
    const { data } = JSON.parse(await ask('api/v1/users/current/stats/all_time?timeout=15'));
    const totals = new Map(
      data.projects.map(({ name, total_seconds }: { name: string; total_seconds: number }) => [name, total_seconds]),
    );
    expect(totals).toEqual(expected);
    expect(await ask(`api/metrics?api_key=${key}`)).toContain('\nwakatime_heartbeats_total 10001\n');

    const { out, err, code } = await hub.stop();
    expect(code).toBe(0);
    for (const secret of [key, Buffer.from(key).toString('base64')]) expect(out + err).not.toContain(secret);
  });
});

describe('a composed hub', () => {
  test('lets pages of any origin request WakaTime’s paths with a key, and nothing else', async () => {
    const hub = await startComposed({ ownerToken: '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b' });
    const asked = (path: string, method = 'GET') =>
      fetch(`${hub.url}${path}`, { method, headers: { origin: 'chrome-extension://abc' } }).then(
        ({ status }) => status,
      );
    const key = '?api_key=6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    expect(await asked(`api/v1/users/current${key}`)).toBe(200);
    expect(await asked('api/v1/users/current')).toBe(401);
    expect(await asked('api/v1/users/current/heartbeats.bulk', 'OPTIONS')).toBe(204);
    expect(await asked('-/metrics')).toBe(403);
    expect(await asked('some-room')).toBe(403);
    for (const path of ['api/0/buckets/', 'api/%30/buckets/', 'api/%30/export', '%61pi/0/buckets/']) {
      expect([path, await asked(path)]).toEqual([path, 403]);
    }
    await hub.stop();
  });
});

// `horai import wakatime`: a dump into a running hub, as a process; and its parser with valid and invalid files.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { streamParts } from '../../../server/commands/import/json.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';

jest.setTimeout(60_000);

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const monday = Date.UTC(2025, 5, 2, 9) / 1_000;
const day = (index: number) => ({
  date: `2025-06-0${index + 2}`,
  heartbeats: Array.from({ length: 700 }, (_, at) => ({
    entity: `/home/ann/"quoted" {${at}}].ts`,
    type: 'file',
    category: 'coding',
    time: monday + index * 86_400 + at * 20,
    project: 'hub',
    dependencies: ['a', 'b'],
    id: `0000${at}`,
    user_agent_id: 'x',
  })),
});
const dump = {
  user: { username: 'ann', city: { name: '{[' } },
  range: { start: monday, end: monday + 259_200 },
  days: [day(0), day(1), { date: '2025-06-04', heartbeats: [{ type: 'file' }] }],
};

async function parts(text: string, size: number): Promise<unknown[]> {
  async function* pieces() {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  }
  const all: unknown[] = [];
  for await (const { path, value } of streamParts(pieces(), ['$.days.*.heartbeats.*'])) all.push([path, value]);
  return all;
}

describe('the reader of large JSON', () => {
  test.each([1, 2, 7, 64, 1_000_000])('finds every heartbeat in pieces of %d', async (size) => {
    const small = { ...dump, days: dump.days.map((one) => ({ ...one, heartbeats: one.heartbeats.slice(0, 5) })) };
    expect(await parts(JSON.stringify(small), size)).toEqual(
      small.days.flatMap(({ heartbeats }, day) =>
        heartbeats.map((heartbeat, at) => [['days', day, 'heartbeats', at], heartbeat]),
      ),
    );
  });

  test('reports a file that is cut off or is not a dump', async () => {
    await expect(parts(JSON.stringify(dump).slice(0, 5_000), 100)).rejects.toThrow('ends in the middle');
    await expect(parts('no JSON', 100)).rejects.toThrow();
  });
});

describe('horai import wakatime', () => {
  test('brings a dump in, and the same again changes nothing', async () => {
    const folder = leftovers.folder();
    const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const env = { HORAI_DATA: join(folder, 'data'), HORAI_OWNER_TOKEN: key };
    const file = join(folder, 'dump.json');
    writeFileSync(file, JSON.stringify(dump));
    const run = (...args: string[]) => new HubProcess(leftovers, env, ['import', 'wakatime', ...args]).ended;
    expect(await run(file)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('start it first') });

    const url = await new HubProcess(leftovers, env).up();
    const total = () =>
      fetch(`${url}api/metrics?api_key=${key}`)
        .then((answer) => answer.text())
        .then((text) => /^wakatime_heartbeats_total .*$/m.exec(text)?.[0]);
    for (const _ of ['once', 'twice']) {
      expect(await run(file)).toEqual({ code: 0, out: '1400 heartbeats stored; 1 heartbeat refused.\n', err: '' });
      expect(await total()).toBe('wakatime_heartbeats_total 1400');
    }
    expect(await run(join(folder, 'nothing'))).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('ENOENT'),
    });
    expect(await run(file, '--key', '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b')).toMatchObject({
      code: 1,
      err: expect.stringContaining('401'),
    });
  });
});

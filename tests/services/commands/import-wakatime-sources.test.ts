// The sources of imported heartbeats: tables, and live accounts with pages, rate limits, hidden days and broken connections.

import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Checkpoint } from '../../../server/commands/import/checkpoint.ts';
import { ImportHub } from '../../../server/commands/import/hub.ts';
import { importHeartbeats } from '../../../server/commands/import/wakatime.ts';
import { WakatimeAccount } from '../../../server/commands/import/wakatime-account.ts';
import { openHeartbeatFile } from '../../../server/commands/import/wakatime-file.ts';
import { type HeartbeatSource, noNames } from '../../../server/commands/import/wakatime-source.ts';
import type { RunningHub } from '../../../server/compose.ts';
import type { World } from '../../../server/core/world.ts';
import { realWorld } from '../../../server/world.ts';
import { startComposed } from '../../harness/compose.ts';
import { Leftovers } from '../../harness/process.ts';

const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const agentId = '11111111-2222-4333-8444-555555555555';
const machineId = '99999999-2222-4333-8444-555555555555';
const agent = 'wakatime/v1.90.0 (linux-6.1-x86_64) go1.22 vscode/1.90.0 vscode-wakatime/24.6.0';
/** Records each wait, which ends at once. */
const waits: number[] = [];
const world: World = {
  ...realWorld('silent'),
  after(ms, act) {
    waits.push(ms);
    setImmediate(act);
    return () => undefined;
  },
};

const leftovers = new Leftovers();
let hub: RunningHub;
let deps: ImportHub;
let folder: string;

beforeEach(async () => {
  waits.length = 0;
  folder = leftovers.folder();
  hub = await startComposed({ ownerToken: key });
  deps = new ImportHub(hub.url, key);
});

afterEach(async () => {
  await hub.stop();
  await leftovers.clear();
});

const take = (source: HeartbeatSource) =>
  importHeartbeats(source, deps, new Checkpoint(folder, source.identity), () => undefined);

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function heartbeats(date: string): Promise<any[]> {
  const { data } = JSON.parse(await deps.get(`api/v1/users/current/heartbeats?date=${date}&timezone=UTC`));
  return data;
}

describe('a table', () => {
  const table = (...lines: string[]): string => {
    const file = join(folder, 'heartbeats.csv');
    writeFileSync(file, lines.join('\r\n'));
    return file;
  };

  test('as the download script of Wakapi writes it', async () => {
    const file = table(
      'branch,category,entity,is_write,language,project,time,type,user_id,machine_name_id,user_agent_id,created_at,lines,lineno,cursorpos,line_deletions,line_additions',
      `main,coding,"/home/ann/a, ""b"".ts",True,TypeScript,hub,1717408800.5,file,ann,laptop,${agent},2024-06-03T10:00:01Z,100,5,7,,3`,
      `,,/home/ann/c.ts,False,,hub,1717408860,file,ann,laptop,${agent},2024-06-03T10:01:01Z,,,,,`,
      '',
    );
    for (const _ of ['once', 'twice']) {
      expect(await take(await openHeartbeatFile(file, noNames))).toEqual({ stored: 2, refused: 0, remarks: [] });
    }
    expect(await heartbeats('2024-06-03')).toMatchObject([
      {
        entity: '/home/ann/a, "b".ts',
        branch: 'main',
        is_write: true,
        time: 1_717_408_800.5,
        lines: 100,
        line_additions: 3,
        line_deletions: null,
      },
      { entity: '/home/ann/c.ts', is_write: false, language: null, category: 'coding' },
    ]);
    const { data } = JSON.parse(await deps.get('api/v1/users/current/machine_names'));
    expect(data).toMatchObject([{ value: 'laptop' }]);
    expect(JSON.parse(await deps.get('api/v1/users/current/user_agents')).data).toMatchObject([{ value: agent }]);
  });

  test('as its database writes it, with moments instead of numbers', async () => {
    const file = table(
      'id,user_id,entity,type,project,is_write,machine,user_agent,time',
      '1,ann,/a.ts,file,hub,t,laptop,x,2024-06-03 10:00:00.25+00:00',
      '2,ann,/a.ts,file,hub,0,laptop,x,2024-06-03 12:00:10 +02:00',
      '3,ann,/a.ts,file,hub,0,laptop,x,1717408820000',
      '4,ann,,file,hub,0,laptop,x,1717408830',
      '5,ann,/a.ts,file,hub,0,laptop,x,never',
    );
    expect(await take(await openHeartbeatFile(file, noNames))).toMatchObject({ stored: 3, refused: 2 });
    expect((await heartbeats('2024-06-03')).map(({ time, is_write }) => [time, is_write])).toEqual([
      [1_717_408_800.25, true],
      [1_717_408_810, false],
      [1_717_408_820, false],
    ]);
  });

  test.each([
    ['a,b\n1,2\n', 'not a table of heartbeats'],
    ['{"days": 5}', 'not a data dump'],
    ['{"days": [{"heartbeats": [', 'in the middle'],
  ])('%j is refused with a sentence', async (text, sentence) => {
    const file = join(folder, 'file');
    writeFileSync(file, text);
    await expect(openHeartbeatFile(file, noNames).then(take)).rejects.toThrow(sentence);
  });
});

describe('a live account', () => {
  let server: Server;
  let url: string;
  /** The server's answers by path, in order. The last one is repeated. */
  let answers: Map<string, (readonly [status: number, body: unknown])[]>;
  let asked: string[];

  const beat = (second: number) => ({
    id: `00000000-0000-4000-8000-${String(second).padStart(12, '0')}`,
    entity: '/a.ts',
    type: 'file',
    time: 1_717_408_800 + second,
    project: 'hub',
    user_agent_id: agentId,
    machine_name_id: machineId,
  });

  beforeEach(async () => {
    asked = [];
    answers = new Map([
      ['users/current', [[200, { data: { id: 'x' } }]]],
      ['users/current/user_agents?page=1', [[200, { data: [{ id: 'other', value: 'other' }], total_pages: 2 }]]],
      ['users/current/user_agents?page=2', [[200, { data: [{ id: agentId, value: agent }], total_pages: 2 }]]],
      ['users/current/machine_names?page=1', [[200, { data: [{ id: machineId, value: 'laptop' }], total_pages: 1 }]]],
      [
        'users/current/all_time_since_today',
        [[200, { data: { range: { start_date: '2024-06-03', end_date: '2024-06-05' } } }]],
      ],
      ['users/current/heartbeats?date=2024-06-03', [[200, { data: [beat(0), beat(60)] }]]],
      ['users/current/heartbeats?date=2024-06-04', [[200, { data: [] }]]],
      ['users/current/heartbeats?date=2024-06-05', [[200, { data: [beat(172_800)] }]]],
      ['users/current/heartbeats?date=2024-06-06', [[200, { data: [] }]]],
    ]);
    server = createServer((request: IncomingMessage, response) => {
      const path = (request.url ?? '').replace('/api/v1/', '');
      asked.push(path);
      const right = request.headers.authorization === `Basic ${Buffer.from('waka_key').toString('base64')}`;
      const list = answers.get(path);
      const [status, body] = right ? ((list?.length === 1 ? list[0] : list?.shift()) ?? [404, {}]) : [401, {}];
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, { 'retry-after': '7' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  test('is found below the address that a person knows, and taken day by day with the names of editors', async () => {
    for (const place of ['', '/', '/api/v1']) {
      expect(await take(await WakatimeAccount.open(url + place, 'waka_key', world))).toEqual({
        stored: 3,
        refused: 0,
        remarks: [],
      });
    }
    expect(await heartbeats('2024-06-03')).toHaveLength(2);
    expect(JSON.parse(await deps.get('api/v1/users/current/machine_names')).data).toMatchObject([{ value: 'laptop' }]);
    expect(JSON.parse(await deps.get('api/v1/users/current/user_agents')).data).toMatchObject([{ value: agent }]);
  });

  test('is asked again, as late as it wants, where it is busy or breaks off', async () => {
    answers.get('users/current/heartbeats?date=2024-06-03')?.unshift([429, {}], [502, 'gateway'], [0, null]);
    expect(await take(await WakatimeAccount.open(url, 'waka_key', world))).toMatchObject({ stored: 3 });
    expect(waits).toContain(7_000);
  });

  test('that stopped answering is continued from the day where it stopped', async () => {
    const day = 'users/current/heartbeats?date=2024-06-05';
    const fine = answers.get(day) ?? [];
    answers.set(day, [[500, {}]]);
    await expect(WakatimeAccount.open(url, 'waka_key', world).then(take)).rejects.toThrow('answered 500');
    answers.set(day, fine);
    asked = [];
    expect(await take(await WakatimeAccount.open(url, 'waka_key', world))).toMatchObject({ stored: 1 });
    expect(asked).not.toContain('users/current/heartbeats?date=2024-06-03');
    expect(await heartbeats('2024-06-05')).toHaveLength(1);
  });

  test('names the days that its plan hides', async () => {
    answers.set('users/current/heartbeats?date=2024-06-03', [[402, {}]]);
    const { remarks } = await take(await WakatimeAccount.open(url, 'waka_key', world));
    expect(remarks).toEqual([expect.stringMatching(/^Your plan there does not show one day: .* data dump/)]);
  });

  test('names the editors of a dump', async () => {
    const file = join(folder, 'dump.json');
    writeFileSync(file, JSON.stringify({ days: [{ heartbeats: [beat(0)] }], range: {} }));
    const names = await (await WakatimeAccount.open(url, 'waka_key', world)).names();
    expect(await take(await openHeartbeatFile(file, names))).toMatchObject({ stored: 1 });
    expect(JSON.parse(await deps.get('api/v1/users/current/user_agents')).data).toMatchObject([{ value: agent }]);
  });

  test('refuses a wrong key, and a server of another kind', async () => {
    await expect(WakatimeAccount.open(url, 'wrong', world)).rejects.toThrow('refuses the key');
    answers.clear();
    await expect(WakatimeAccount.open(url, 'waka_key', world)).rejects.toThrow('does not answer as WakaTime');
  });
});

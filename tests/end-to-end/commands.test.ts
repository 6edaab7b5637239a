// Runs every command as a process and checks its output on both streams and its exit code. The folders `commands` of tests/unit and
// tests/services test the details. The last test fails if the help lists a command that is not in this table.

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type } from '../harness/command.ts';
import { type Ended, HubProcess, Leftovers } from '../harness/process.ts';

jest.setTimeout(120_000);

const leftovers = new Leftovers();

const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/;

/** A WakaTime server with one heartbeat, whose editor it names by an id. */
function wakatimeServer(): Promise<Server> {
  const answers: Readonly<Record<string, unknown>> = {
    'users/current': { data: { id: 'x' } },
    'users/current/user_agents?page=1': { data: [{ id: 'agent', value: 'vim/9 vim-wakatime/11' }], total_pages: 1 },
    'users/current/machine_names?page=1': { data: [], total_pages: 1 },
    'users/current/all_time_since_today': { data: { range: { start_date: '2024-06-03', end_date: '2024-06-03' } } },
    'users/current/heartbeats?date=2024-06-03': { data: [{ ...heartbeat, user_agent_id: 'agent' }] },
  };
  const server = createServer((request, response) => {
    const [, path] = /^\/api\/v1\/(.+)$/.exec(request.url ?? '') ?? [];
    const answer = path === undefined ? {} : (answers[path] ?? { data: [] });
    response.writeHead(path === undefined ? 404 : 200).end(JSON.stringify(answer));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const heartbeat = { entity: '/a.ts', type: 'file', time: 1_717_408_800, project: 'hub' };
const dump = { range: {}, days: [{ heartbeats: [{ ...heartbeat, user_agent_id: 'agent' }] }] };
const event = { timestamp: '2026-01-05T10:00:00Z', duration: 60, data: { app: 'Vim' } };
const calendar = [
  ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:test', 'BEGIN:VEVENT', 'UID:1', 'DTSTAMP:20260105T100000Z'],
  ...['DTSTART:20260105T100000Z', 'DTEND:20260105T110000Z', 'SUMMARY:standup', 'END:VEVENT', 'END:VCALENDAR', ''],
].join('\r\n');
const bucket = { type: 'currentwindow', client: 'test', hostname: 'laptop', events: [event] };

interface Place {
  /** The folder of the command's input files. */
  readonly folder: string;
  /** The URL of the WakaTime server. */
  readonly wakatime: string;
  /** The URL of the hub that runs. */
  readonly hub: string;
}

interface Row {
  readonly command: string;
  readonly args: (place: Place) => readonly string[];
  /** True if a hub runs on the data folder during the command; else one has run there before. */
  readonly running: boolean;
  readonly code: number;
  readonly out: RegExp;
  readonly err: RegExp;
}

const nothing = /^$/;
/** Lines of the log at the level info, and nothing else. */
const informs = /^(?:\{"level":30,[^\n]*\n)*$/;
/** The progress, line by line. */
const progress = /^(?:[^\n]+ …\n)+$/;
const oneLine = /^[^\n]+\n$/;

const rows: readonly Row[] = [
  ...[true, false].flatMap((running): readonly Row[] => [
    { command: 'token create', args: () => ['--name', 'x'], running, code: 0, out: uuid, err: oneLine },
    { command: 'token list', args: () => [], running, code: 0, out: /^ID +ACCOUNT.+owner/s, err: nothing },
    { command: 'token revoke', args: () => ['x'], running, code: 1, out: nothing, err: /token not found/ },
    { command: 'account create', args: () => [`ann-${running}`], running, code: 0, out: uuid, err: oneLine },
    { command: 'account list', args: () => [], running, code: 0, out: /^NAME.+owner/s, err: nothing },
    {
      command: 'token change',
      args: () => ['x', '--name', 'y'],
      running,
      code: 1,
      out: nothing,
      err: /token not found/,
    },
    { command: 'account disable', args: () => [`ann-${running}`], running, code: 0, out: /is disabled/, err: nothing },
    { command: 'account enable', args: () => [`ann-${running}`], running, code: 0, out: /is enabled/, err: nothing },
    {
      command: 'account rename',
      args: () => [`ann-${running}`, `anna-${running}`],
      running,
      code: 0,
      out: /is anna-\w+ now/,
      err: nothing,
    },
    { command: 'account erase', args: () => [`anna-${running}`], running, code: 1, out: nothing, err: /--yes/ },
    {
      command: 'account erase',
      args: () => [`anna-${running}`, '--yes'],
      running,
      code: 0,
      out: /erased/,
      err: nothing,
    },
    { command: 'limits', args: () => [], running, code: 0, out: /^LIMIT.+rooms/s, err: nothing },
    { command: 'limits set', args: () => ['rooms', '1000'], running, code: 0, out: /rooms.+1,000/, err: nothing },
    { command: 'verify', args: () => [], running, code: 0, out: /^The store is intact: /, err: oneLine },
    { command: 'compact', args: () => [], running, code: 0, out: /The store takes/, err: nothing },
    { command: 'login-link', args: () => [], running, code: 0, out: /\/sign-in#[0-9a-f-]{36}\n$/, err: oneLine },
    {
      command: 'backup create',
      args: ({ folder }) => [join(folder, `new-${running}.backup`)],
      running,
      code: 0,
      out: /\.backup has \d+ channels? with \d+ steps?\.\n$/,
      err: nothing,
    },
  ]),
  {
    command: 'import wakatime',
    args: ({ wakatime }) => [wakatime, '--api-key', key],
    running: true,
    code: 0,
    out: /^1 heartbeat\b.*\n$/,
    err: nothing,
  },
  {
    command: 'import wakatime',
    args: ({ folder, wakatime }) => [join(folder, 'dump.json'), '--api-key', key, '--api-url', wakatime],
    running: true,
    code: 0,
    out: /^1 heartbeat\b.*\n$/,
    err: nothing,
  },
  { command: 'import wakatime', args: () => ['dump.json'], running: false, code: 1, out: nothing, err: /hub/ },
  {
    command: 'import activitywatch',
    args: ({ folder }) => [join(folder, 'buckets.json')],
    running: true,
    code: 0,
    out: /1 new event in 1 bucket/,
    err: nothing,
  },
  {
    command: 'import ics',
    args: ({ folder }) => [join(folder, 'work.ics')],
    running: true,
    code: 0,
    out: /^work\.ics: 1 event read; 1 meeting\.\n$/,
    err: nothing,
  },
  {
    command: 'conform',
    args: ({ hub }) => [hub, '--rules', 'B1', '--quick'],
    running: true,
    code: 0,
    out: /^not run \[B1\.8\].*\n.*\n16 checks: 15 kept, 0 broken, 1 not run\.\n$/,
    err: progress,
  },
  {
    command: 'load',
    args: ({ hub }) => [hub, '--clients', '2', '--seconds', '1'],
    running: true,
    code: 0,
    out: /^ROW .*\nfan-out .*\nwrites .*\nheartbeats .*\nread-all .*\n$/,
    err: progress,
  },
  // After the import, which creates this bucket.
  { command: 'bucket list', args: () => [], running: true, code: 0, out: /^BUCKET.+aw-window/s, err: nothing },
  {
    command: 'bucket rename',
    args: () => ['aw-window', 'aw-window_laptop'],
    running: true,
    code: 0,
    out: /aw-window renamed to aw-window_laptop/,
    err: nothing,
  },
  {
    command: 'bucket host',
    args: () => ['aw-window_laptop', 'desk'],
    running: true,
    code: 0,
    out: /now belongs to host desk/,
    err: nothing,
  },
  { command: 'bucket changes', args: () => [], running: true, code: 0, out: /now belongs to host desk/, err: nothing },
  { command: 'bucket join', args: () => ['aw-window_laptop', 'x'], running: true, code: 1, out: nothing, err: /x/ },
  { command: 'bucket undo', args: () => ['x'], running: true, code: 1, out: nothing, err: oneLine },
  {
    command: 'backup verify',
    args: ({ folder }) => [join(folder, 'new-false.backup')],
    running: false,
    code: 0,
    out: /new-false\.backup/,
    err: nothing,
  },
  {
    command: 'backup restore',
    args: ({ folder }) => [join(folder, 'new-false.backup'), '--replace'],
    running: false,
    code: 0,
    out: /^Restored \d+ channels? with/,
    err: /new-false\.backup/,
  },
  {
    command: 'migrate',
    args: () => ['--from', 'sqlite', '--to', 'sqlite'],
    running: false,
    code: 1,
    out: nothing,
    err: oneLine,
  },
  {
    command: 'account export',
    args: ({ folder }) => ['owner', join(folder, 'owner.json')],
    running: true,
    code: 0,
    out: /owner\.json/,
    err: nothing,
  },
  {
    command: 'account export',
    args: ({ folder }) => ['owner', join(folder, 'late.json')],
    running: false,
    code: 1,
    out: nothing,
    err: /hub/,
  },
  { command: 'edge', args: () => [], running: false, code: 2, out: nothing, err: /HORAI_EDGE_HUB/ },
];

let server: Server;
let place: Place;
let env: Readonly<Record<string, string>>;
let hub: HubProcess;

const command = (...args: readonly string[]): Promise<Ended> => new HubProcess(leftovers, env, args).ended;

beforeAll(async () => {
  server = await wakatimeServer();
  const folder = leftovers.folder();
  place = { folder, wakatime: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hub: '' };
  env = { HORAI_DATA: join(folder, 'data'), HORAI_OWNER_TOKEN: key };
  writeFileSync(join(folder, 'dump.json'), JSON.stringify(dump));
  writeFileSync(join(folder, 'work.ics'), calendar);
  const buckets = { 'aw-window': { id: 'aw-window', ...bucket } };
  writeFileSync(join(folder, 'buckets.json'), JSON.stringify({ buckets }));
  hub = new HubProcess(leftovers, env, ['start']);
  place = { ...place, hub: await hub.up() };
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await leftovers.clear();
});

async function endsAs({ command: name, args, code, out, err }: Row): Promise<void> {
  expect(await command(...name.split(' '), ...args(place))).toEqual({
    code,
    out: expect.stringMatching(out),
    err: expect.stringMatching(err),
  });
}

test.each(rows.filter(({ running }) => running))('horai $command ends with $code while a hub runs', endsAs);

test('horai start runs until a signal stops it, and exits with 0', async () => {
  expect(await hub.stop()).toMatchObject({ code: 0, err: expect.stringMatching(informs) });
  expect(existsSync(env['HORAI_DATA'] ?? '')).toBe(true);
});

test.each(rows.filter(({ running }) => !running))('horai $command ends with $code while no hub runs', endsAs);

test('every command in the help is in the table', async () => {
  const named = (help: string): string[] =>
    [...(help.split(/^Commands:$/m)[1] ?? '').matchAll(/^ {2}([a-z-]+)(?= |$)/gm)].map(([, name = '']) => name);
  const found: string[] = [];
  const walk = async (words: readonly string[]): Promise<void> => {
    const { code, out } = await type(place.folder, ...words, '--help');
    expect(code).toBe(0);
    const inner = named(out.split(/^Environment/m)[0] ?? '').filter((name) => name !== 'help');
    if (inner.length === 0) found.push(words.join(' '));
    else for (const name of inner) await walk([...words, name]);
  };
  await walk([]);
  // demo.test.ts runs `demo`, and mcp-stdio.test.ts `mcp`.
  const covered = new Set(['start', 'demo', 'mcp', ...rows.map((row) => row.command)]);
  expect(found.filter((name) => !covered.has(name))).toEqual([]);
});

test('`horai` is there as an installed command, too', () => {
  const bin = fileURLToPath(new URL('../../bin/horai.js', import.meta.url));
  const { PATH, HOME } = process.env;
  const horai = (...args: readonly string[]) =>
    spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { PATH, HOME }, cwd: leftovers.folder() });
  expect(horai('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect(horai('nonsense')).toMatchObject({ status: 2, stdout: '' });
});

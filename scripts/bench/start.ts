// The start of a hub as a user sees it: from `node bin/horai.js` with an empty data folder to the first answer that has written to the store
// and read from it; the processor time until then; the memory a few seconds later. The same of the release, installed by npm into an empty
// folder, and its size; and `npx` of the release on a machine that has nothing else. The control is the smallest HTTP server of Node.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median } from '../../clients/load/figures.ts';
import { programs } from '../node-cache.ts';
import type { BenchRow } from './store.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));
const rounds = 9;
const settleMs = 3_000;
/** Rounds of `npx`, each of a new user. */
const npxRounds = 3;

const bareServer = `require('node:http').createServer((request, response) => response.end('{}'))
  .listen(0, '127.0.0.1', function () { console.log('is at http://127.0.0.1:' + this.address().port + '/'); });`;

interface Start {
  /** milliseconds */
  readonly untilAnswer: number;
  /** milliseconds of processor time of all threads until the answer */
  readonly processor: number;
  /** bytes of resident memory */
  readonly memory: number;
}

export async function benchStart(): Promise<readonly BenchRow[]> {
  return rowsOf('start', [process.execPath, join(top, 'bin/horai.js')]);
}

/** The release as people install it. */
export async function benchInstalled(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  try {
    const tarball = packRelease(folder);
    const installed = install(tarball, join(folder, 'prefix'));
    return [
      ...(await rowsOf('start of the installed release', [programs.node('22'), join(installed, 'bin/horai.js')])),
      {
        name: 'installed release, with the sources and --omit=dev as control',
        ours: mebibytes(installed),
        control: sourceMebibytes(),
        unit: 'MiB',
      },
      await firstHeartbeat(folder, tarball),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `npx` of a tarball to the first stored heartbeat, with the folders of a new user. The control is a package of the smallest HTTP server. */
async function firstHeartbeat(folder: string, tarball: string): Promise<BenchRow> {
  const bare = packBare(folder);
  const ours: number[] = [];
  const control: number[] = [];
  const heartbeat = async (url: string): Promise<Response> => {
    const body = JSON.stringify({ entity: '/src/main.ts', type: 'file', time: Date.now() / 1_000 });
    const headers = { 'content-type': 'application/json' };
    return fetch(`${url}api/v1/users/current/heartbeats`, { method: 'POST', headers, body });
  };
  for (let round = 0; round < npxRounds; round += 1) {
    for (const [file, times] of [[tarball, ours] as const, [bare, control] as const]) {
      const home = join(folder, `home-${round}-${times === ours ? 'ours' : 'control'}`);
      mkdirSync(home);
      const node = dirname(programs.node('22'));
      const env = {
        HOME: home,
        PATH: `${node}:${process.env['PATH']}`,
        HORAI_PORT: '0',
        HORAI_KRONOS_PORT: '0',
        HORAI_LOG: 'error',
      };
      const { untilAnswer } = await measure(['npx', '--yes', `file:${file}`], env, heartbeat, 0);
      times.push(untilAnswer);
    }
  }
  return {
    name: 'npx of the release to a first heartbeat',
    ours: Math.round(median(ours)),
    control: Math.round(median(control)),
    unit: 'ms',
  };
}

/** A package with the smallest HTTP server. @returns its tarball */
function packBare(folder: string): string {
  const bare = join(folder, 'bare');
  mkdirSync(bare);
  writeFileSync(join(bare, 'bare.js'), `#!/usr/bin/env node\n${bareServer}\n`);
  writeFileSync(join(bare, 'package.json'), '{"name":"bare","version":"1.0.0","bin":{"bare":"bare.js"}}');
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: bare, stdio: 'pipe' });
  return join(folder, 'bare-1.0.0.tgz');
}

async function rowsOf(title: string, [node = '', file = '']: readonly string[]): Promise<readonly BenchRow[]> {
  // The first start builds or compiles the hub and is not measured.
  await measureHub(node, file);
  const ours: Start[] = [];
  const control: Start[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measureHub(node, file));
    control.push(await measure([node, '-e', bareServer], {}, (url) => fetch(url)));
  }
  const row = (name: string, unit: string, of: (start: Start) => number): BenchRow => ({
    name: `${title}, ${name}`,
    ours: Math.round(median(ours.map(of))),
    control: Math.round(median(control.map(of))),
    unit,
  });
  return [
    row('until the first answer', 'ms', ({ untilAnswer }) => untilAnswer),
    row('processor until then', 'ms', ({ processor }) => processor),
    row('resident memory', 'MiB', ({ memory }) => memory / 2 ** 20),
  ];
}

/** Makes a release. @returns its tarball */
function packRelease(folder: string): string {
  execFileSync('npm', ['run', '--silent', 'release', '--', '--no-deb', '--out', folder], { cwd: top, stdio: 'pipe' });
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
}

/** Installs a release with npm. Releases run on Node 22 (`npm run nodes`). @returns the installed package */
function install(tarball: string, prefix: string): string {
  execFileSync('npm', ['install', '--global', '--prefix', prefix, tarball], { stdio: 'pipe' });
  return join(prefix, 'lib/node_modules/horai');
}

function mebibytes(folder: string): number {
  const sizes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(folder, name)));
  return Math.round(sizes.reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0) / 2 ** 20);
}

/** The packages that `npm ci --omit=dev` installs in a clone: those that package-lock.json does not mark as for development. */
function sourceMebibytes(): number {
  const lock: { readonly packages: Readonly<Record<string, { readonly dev?: boolean }>> } = JSON.parse(
    readFileSync(join(top, 'package-lock.json'), 'utf8'),
  );
  const folders = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  const outer = folders.map(([path]) => path).filter((path) => !/node_modules\/.*node_modules\//.test(path));
  const present = outer.filter((path) => statSync(join(top, path), { throwIfNoEntry: false }) !== undefined);
  return present.reduce((sum, path) => sum + mebibytes(join(top, path)), 0);
}

async function measureHub(node: string, file: string): Promise<Start> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const env = { HORAI_DATA: folder, HORAI_PORT: '0', HORAI_KRONOS_PORT: '0' };
  try {
    return await measure([node, file], env, async (url) => {
      const headers = { 'content-type': 'application/json' };
      await fetch(`${url}bench`, { method: 'PUT', headers, body: '{"timer":1,"user":"bench"}' });
      return fetch(`${url}-/health`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param command the program and its arguments
 * @param ask the first requests; resolves when their answers have arrived
 * @param restMs milliseconds after which the memory is read
 */
async function measure(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  ask: (url: string) => Promise<Response>,
  restMs = settleMs,
): Promise<Start> {
  const began = performance.now();
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // npx starts the program as a child: the group of both is killed.
    detached: true,
  });
  try {
    const answer = await ask(await addressOf(child));
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const untilAnswer = performance.now() - began;
    const processor = processorTime(child.pid);
    await pause(restMs);
    return { untilAnswer, processor, memory: residentMemory(child.pid) };
  } finally {
    const ended = once(child, 'exit');
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /is at (http:\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it listened');
}

/** Linux counts processor time in hundredths of a second, in the 14th and 15th field. */
function processorTime(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMemory(pid: number | undefined): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1_024;
}

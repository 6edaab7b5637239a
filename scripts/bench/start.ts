// The start of a hub as a user sees it: from `node bin/horai.js` with an empty data folder to the first answer that has written to the store
// and read from it; the processor time until then; the memory a few seconds later. The control is the smallest HTTP server of Node.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BenchRow, median } from './store.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));
const rounds = 9;
const settleMs = 3_000;

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
  // The first start builds the hub and is not measured.
  await measureHub();
  const ours: Start[] = [];
  const control: Start[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measureHub());
    control.push(await measure(['-e', bareServer], {}, (url) => fetch(url)));
  }
  const row = (name: string, unit: string, of: (start: Start) => number): BenchRow => ({
    name: `start, ${name}`,
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

async function measureHub(): Promise<Start> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const env = { HORAI_DATA: folder, HORAI_PORT: '0', HORAI_KRONOS_PORT: '0' };
  try {
    return await measure([join(top, 'bin/horai.js')], env, async (url) => {
      const headers = { 'content-type': 'application/json' };
      await fetch(`${url}bench`, { method: 'PUT', headers, body: '{"timer":1,"user":"bench"}' });
      return fetch(`${url}-/health`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param ask the first requests; resolves when their answers have arrived */
async function measure(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ask: (url: string) => Promise<Response>,
): Promise<Start> {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const answer = await ask(await addressOf(child));
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const untilAnswer = performance.now() - began;
    const processor = processorTime(child.pid);
    await pause(settleMs);
    return { untilAnswer, processor, memory: residentMemory(child.pid) };
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
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

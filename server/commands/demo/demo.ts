// `horai demo`: a hub on a free port, in a folder of its own that is removed when it ends, with 30 days of three people and of their room.
// New events keep arriving, by the requests that editors and watchers send.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Config, configure } from '../../config.ts';
import type { World } from '../../core/world.ts';
import type { CommandContext } from '../command-context.ts';
import { connectToHub } from '../connect-to-hub.ts';
import { type Demo, type DemoAccount, generateDemo, turnsOf } from './generate.ts';
import { type DemoTarget, post, sendDemo, sendTurns } from './send.ts';

const dayMs = 86_400_000;
const trickleMs = 5_000;
const patienceMs = 30_000;

interface DemoCommandOptions {
  readonly seed: string;
  readonly days: string;
  readonly port?: string;
}

export function addDemo(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('run a hub with a month of three invented people; it keeps nothing')
    .option('--port <number>', 'the port; a free one unless given')
    .option('--seed <number>', 'the same seed makes the same people', '7')
    .option('--days <number>', 'how many days, 1 to 366', '30')
    .action(async ({ seed, days, port }: DemoCommandOptions) => {
      if (!/^\d{1,9}$/.test(seed)) return context.fail('--seed is a whole number, such as 7.');
      if (!/^\d{1,3}$/.test(days) || Number(days) < 1 || Number(days) > 366)
        return context.fail('--days is a whole number from 1 to 366.');
      const folder = await mkdtemp(join(tmpdir(), 'horai-demo-'));
      try {
        await runDemo(context, {
          folder,
          seed: Number(seed),
          days: Number(days),
          port: port ?? String(await freePort()),
        });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
}

interface DemoRun {
  readonly folder: string;
  readonly seed: number;
  readonly days: number;
  readonly port: string;
}

async function runDemo(context: CommandContext, { folder, port, ...shown }: DemoRun): Promise<void> {
  const { sources } = context.runtime;
  // The configuration of a real hub of this machine is not the demo's.
  const configured = configure({
    ...sources,
    env: {
      HORAI_DATA: folder,
      HORAI_PORT: port,
      HORAI_KRONOS_PORT: '0',
      HORAI_LOG: 'error',
      PATH: sources.env['PATH'],
    },
  });
  if (!configured.ok) {
    for (const error of configured.errors) context.fail(error);
    return;
  }
  const { config } = configured;
  const world = context.runtime.world('error');
  const filling = new AbortController();
  const filled = fillDemo(context, config, world, shown, filling.signal).catch((error: unknown) => {
    if (!filling.signal.aborted) context.printError(`The demo could not be filled: ${error}`);
  });
  // Ends with a signal, as a hub does.
  context.exitCode = await context.runtime.serve(config);
  filling.abort();
  await filled;
}

/** Sends everything, prints the links, and then lets new events trickle in until the signal. */
async function fillDemo(
  context: CommandContext,
  config: Config,
  world: World,
  { seed, days }: Pick<DemoRun, 'seed' | 'days'>,
  signal: AbortSignal,
): Promise<void> {
  const url = `http://127.0.0.1:${config.port}/`;
  await untilHealthy(url, world, signal);
  const midnight = Math.floor(world.now() / dayMs) * dayMs;
  const demo = generateDemo({ seed, from: midnight - (days - 1) * dayMs, days: days + 1, workday: midnight });
  const until = world.now();
  const targets: DemoTarget[] = [];
  for (const [index, account] of demo.accounts.entries()) {
    const token = index === 0 ? undefined : await makeAccount(config, world, account.name);
    const target = { url, until, zone: account.zone, ...(token === undefined ? {} : { token }) };
    targets.push(target);
    await sendPerson(demo, account, target);
    if (signal.aborted) return;
  }
  const links = await Promise.all(demo.accounts.slice(1).map(({ name }) => loginLink(config, world, name, url)));
  const [first, ...others] = demo.accounts;
  context.print(`\n${first?.name ?? ''}'s day:  ${url}day`);
  for (const [index, { name }] of others.entries())
    context.print(`${name}'s day:  ${links[index]}  (a private window; works once)`);
  context.print(`their room: ${url}room/garden\n\nCtrl-C ends the demo and removes its data.`);
  await trickle(demo, targets, world, signal);
}

async function sendPerson(demo: Demo, account: DemoAccount, target: DemoTarget): Promise<void> {
  await sendDemo(account, target);
  const [name] = account.mobNames;
  if (name !== undefined) await sendTurns(turnsOf(demo.mob, name), account.mobNames, target);
}

async function untilHealthy(url: string, world: World, signal: AbortSignal): Promise<void> {
  const end = world.now() + patienceMs;
  while (!signal.aborted) {
    const answer = await fetch(`${url}actuator/health`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (world.now() > end) throw new Error('the hub does not answer');
    await pause(world, 100, signal);
  }
}

/** @returns the account's first token */
async function makeAccount(config: Config, world: World, name: string): Promise<string> {
  const hub = await connectToHub(config, world);
  if (!hub.ok) throw new Error(hub.error);
  const made = await hub.client.request('account', { name });
  await hub.close();
  if (!made.ok) throw new Error(made.error);
  return made.answer.secret;
}

async function loginLink(config: Config, world: World, account: string, url: string): Promise<string> {
  const hub = await connectToHub(config, world);
  if (!hub.ok) throw new Error(hub.error);
  const made = await hub.client.request('link', { account });
  await hub.close();
  if (!made.ok) throw new Error(made.error);
  return `${url}sign-in#${made.answer.code}`;
}

/** Each person's editor and watchers report, every few seconds, that they go on with what they did last. */
async function trickle(demo: Demo, targets: readonly DemoTarget[], world: World, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    const now = world.now();
    await Promise.all(
      demo.accounts.map(async ({ heartbeats, buckets }, index) => {
        const target = targets[index];
        const beat = heartbeats[(round * 7) % Math.max(1, heartbeats.length)];
        if (target === undefined || beat === undefined) return;
        await post(target, 'api/v1/users/current/heartbeats', { ...beat, ai_session: undefined, time: now / 1_000 });
        for (const { id, type } of buckets) {
          const data = type === 'afkstatus' ? { status: 'not-afk' } : { app: 'code', title: beat.entity };
          if (type !== 'afkstatus' && type !== 'currentwindow') continue;
          const event = { timestamp: new Date(now).toISOString(), duration: 0, data };
          await post(target, `api/0/buckets/${id}/heartbeat?pulsetime=${(3 * trickleMs) / 1_000}`, event);
        }
      }),
    ).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    await pause(world, trickleMs, signal);
  }
}

/** Ends early when the signal says so. */
function pause(world: World, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = world.after(ms, end);
    function end(): void {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    }
    signal.addEventListener('abort', end);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

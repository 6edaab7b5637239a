// A hub in memory with the month of `horai demo`, as it is on a Thursday afternoon: the same in every picture. Everything arrives by the
// requests that clients send. The hub's clock is moved, so that turns in the room are as old as they would be.

import { generateDemo, turnsOf } from '../../server/commands/demo/generate.ts';
import { post, sendDemo, sendTurns, sendWire } from '../../server/commands/demo/send.ts';
import { compose } from '../../server/compose.ts';
import { configure } from '../../server/config.ts';
import { realWorld } from '../../server/world.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
const days = 30;
/** Milliseconds since 1970. */
export const afternoon = Date.UTC(2026, 10, 26, 15, 40);
export const today = '2026-11-26';

/** The tasks that the owner wants to do, beside the tasks that the demo has. */
const tasks = [
  { desc: 'water the plants', tags: ['home'], due: afternoon + 3 * 60 * minuteMs },
  { desc: 'call the dentist', tags: ['home', 'health'], due: afternoon - dayMs },
  { desc: 'plan the beds for spring', tags: ['garden'] },
  { desc: 'write the report of November', tags: ['ledger'], due: afternoon + 4 * dayMs },
] as const;

const goals = [
  { title: 'Four hours of code', delta: 'day', seconds: 14_400 },
  { title: 'The garden project', delta: 'week', seconds: 36_000, projects: ['garden'] },
] as const;

export interface PictureHub {
  readonly url: string;
  stop(): Promise<void>;
}

/** A hub to which nothing has come yet. */
export function startEmptyHub(): Promise<PictureHub> {
  return startHub(async () => undefined);
}

export function startDemoHub(): Promise<PictureHub> {
  return startHub(fill);
}

type Fill = (url: string, setClock: (moment: number) => void) => Promise<void>;

async function startHub(fillHub: Fill): Promise<PictureHub> {
  const configured = configure({
    env: { HORAI_STORE: 'memory', HORAI_PORT: '0', HORAI_KRONOS_PORT: '0', HORAI_LOG: 'silent' },
    platform: process.platform,
    home: '/',
  });
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  const world = realWorld('silent');
  let ahead = 0;
  const setClock = (moment: number) => {
    ahead = moment - world.now();
  };
  const composed = await compose(configured.config, { ...world, now: () => world.now() + ahead });
  if (!composed.ok) throw new Error(composed.error);
  const { hub } = composed;
  try {
    setClock(afternoon);
    await fillHub(hub.url, setClock);
  } catch (error) {
    await hub.stop();
    throw error;
  }
  return { url: hub.url, stop: () => hub.stop() };
}

async function fill(url: string, setClock: (moment: number) => void): Promise<void> {
  const midnight = Date.parse(today);
  const demo = generateDemo({ seed: 7, from: midnight - (days - 1) * dayMs, days, workday: midnight });
  const owner = { url, until: afternoon };
  for (const [index, account] of demo.accounts.entries()) {
    const own = index === 0 ? {} : { token: await createAccount(url, account.name) };
    const target = { ...owner, ...own, zone: account.zone };
    await sendDemo(account, target);
    const [name] = account.mobNames;
    if (name !== undefined) await sendTurns(turnsOf(demo.mob, name), account.mobNames, target);
  }
  await sendWire(
    owner,
    tasks.map((item, at) => ({ type: 'create', channel: 'tasks', key: `own-${at}`, item: { id: 100 + at, ...item } })),
  );
  for (const goal of goals) await post(owner, 'api/v1/users/current/goals', goal);
  await playTurns(url, setClock);
}

/** @returns a token of the new account */
async function createAccount(url: string, name: string): Promise<string> {
  const [answer] = await sendWire({ url, until: afternoon }, [{ type: 'account', name }]);
  const { secret } = JSON.parse(answer ?? '{}');
  return String(secret);
}

/** An afternoon in the room: turns of ten minutes, one break, and a turn that is running. */
async function playTurns(url: string, setClock: (moment: number) => void): Promise<void> {
  const names = ['ada', 'Bao', 'caro'];
  const starts = [95, 84, 73, 62, 50, 44, 33, 22, 11.5, 3];
  for (const [at, minutesAgo] of starts.entries()) {
    setClock(afternoon - minutesAgo * minuteMs);
    const body = at === 4 ? { breaktimer: 5, user: 'ada' } : { timer: 10, user: names[at % names.length] };
    await put(`${url}garden`, body);
  }
  await put(`${url}garden/goal`, { goal: 'Balconies are watered in the morning', user: 'ada' });
  setClock(afternoon);
}

async function put(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`PUT ${url}: ${answer.status} ${await answer.text()}`);
}

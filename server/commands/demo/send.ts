// Sends a generated person to a hub, by the requests that their clients would make. What lies after a moment is left out: it has not
// happened yet.

import { WebSocket } from 'ws';
import { doneId } from '../../../protocol/task.ts';
import type { DemoAccount, DemoBucket, DemoTask, DemoTurn } from './generate.ts';

export interface DemoTarget {
  /** With a trailing slash. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** Days have this zone; the zone of the hub's machine otherwise. */
  readonly zone?: string;
  /** Of the account; without one the hub's owner gets it. */
  readonly token?: string;
}

/** The settings that a person of the demo would have chosen about their browser. */
const rules = [
  { when: { host: { is: 'docs.example.org' } }, project: 'garden' },
  { when: { url: { contains: 'issues.example.org/garden' } }, project: 'garden' },
  { when: { url: { contains: 'issues.example.org/ledger' } }, project: 'ledger' },
  { when: { app: { is: 'kitty' } }, project: 'ledger' },
] as const;

export async function sendDemo(account: DemoAccount, target: DemoTarget): Promise<void> {
  for (const bucket of account.buckets) await sendBucket(bucket, target);
  const beats = account.heartbeats.filter(({ time }) => time * 1_000 <= target.until);
  for (let at = 0; at < beats.length; at += 1_000) {
    await post(target, 'api/v1/users/current/heartbeats.bulk', beats.slice(at, at + 1_000));
  }
  await sendWire(target, [
    ...account.tasks
      .filter(({ start: [began = 0] }) => began <= target.until)
      .map((item, at) => ({ type: 'create', channel: 'tasks', key: `t${at}`, item: cutTask(item, target.until) })),
    ...rules.map((item, at) => ({ type: 'create', channel: 'rules', key: `r${at}`, item })),
    ...(target.zone === undefined
      ? []
      : [{ type: 'create', channel: 'settings', key: 'day', item: { zone: target.zone } }]),
  ]);
}

const dayMs = 86_400_000;
/** A task that was stopped longer ago is done. */
const openDays = 3;

/** The task as it is at a moment: one that is stopped later is running. A client of 2019 makes the id of a done task negative. */
function cutTask(task: DemoTask, until: number): object {
  const stop = task.stop.filter((at) => at <= until);
  const last = stop.at(-1) ?? until;
  const isDone = until - last > openDays * dayMs;
  return { ...task, stop, ...(isDone ? { id: -doneId(task.id, last), done: last } : {}) };
}

async function sendBucket({ id, events, ...description }: DemoBucket, target: DemoTarget): Promise<void> {
  await post(target, `api/0/buckets/${id}`, description);
  const past = events.filter(({ timestamp }) => Date.parse(timestamp) <= target.until);
  for (let at = 0; at < past.length; at += 2_000) {
    const some = past.slice(at, at + 2_000).map((event) => {
      const left = (target.until - Date.parse(event.timestamp)) / 1_000;
      return { ...event, duration: Math.min(event.duration, left) };
    });
    await post(target, `api/0/buckets/${id}/events`, some);
  }
}

function authorization({ token }: DemoTarget): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Turns in mob rooms, as the hub copies them into the account of who was there. */
export async function sendTurns(
  turns: readonly DemoTurn[],
  names: readonly string[],
  target: DemoTarget,
): Promise<void> {
  const past = turns.filter(({ end }) => end <= target.until);
  await sendWire(target, [
    { type: 'create', channel: 'settings', key: 'mob_names', item: names },
    ...past.map(({ time, end, ...item }, at) => ({
      type: 'create',
      channel: 'mob_turns',
      key: `d${at}`,
      item,
      time: time * 1_000,
      end: end * 1_000,
    })),
  ]);
}

export async function post(target: DemoTarget, path: string, body: unknown): Promise<void> {
  const answer = await fetch(target.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization(target) },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok && answer.status !== 304) throw new Error(`POST ${path}: ${answer.status} ${text}`);
}

/** One request after another; each is acknowledged before the next. @returns the answers */
export async function sendWire(target: DemoTarget, requests: readonly object[]): Promise<readonly string[]> {
  const socket = new WebSocket(target.url.replace('http', 'ws'), { headers: authorization(target) });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const answers: string[] = [];
  for (const request of requests) {
    const answered = new Promise<string>((resolve) => {
      socket.once('message', (data) => resolve(String(data)));
    });
    socket.send(JSON.stringify({ ref: 'demo', ...request }));
    const answer = await answered;
    if (!answer.includes('"success":true')) throw new Error(`${JSON.stringify(request)}: ${answer}`);
    answers.push(answer);
  }
  socket.close();
  return answers;
}

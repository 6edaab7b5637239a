// Sends a generated person to a hub, by the requests that their clients would make. What lies after a moment is left out: it has not
// happened yet.

import { WebSocket } from 'ws';
import type { DemoAccount, DemoBucket } from './generate.ts';

export interface DemoTarget {
  /** With a trailing slash. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** Days have this zone; the zone of the hub's machine otherwise. */
  readonly zone?: string;
}

/** What a person of the demo would have told the hub about their browser. */
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

/** A task that is stopped later is running. */
function cutTask<T extends { readonly stop: readonly number[] }>(task: T, until: number): T {
  return { ...task, stop: task.stop.filter((at) => at <= until) };
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

async function post({ url }: DemoTarget, path: string, body: unknown): Promise<void> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok && answer.status !== 304) throw new Error(`POST ${path}: ${answer.status} ${text}`);
}

/** One request after another; each is acknowledged before the next. */
async function sendWire({ url }: DemoTarget, requests: readonly object[]): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  for (const request of requests) {
    const answered = new Promise<string>((resolve) => {
      socket.once('message', (data) => resolve(String(data)));
    });
    socket.send(JSON.stringify({ ref: 'demo', ...request }));
    const answer = await answered;
    if (!answer.includes('"success":true')) throw new Error(`${JSON.stringify(request)}: ${answer}`);
  }
  socket.close();
}

// An edge before a real hub: what watchers are answered, what the hub gets, and what is read back, with the hub there and without.

import { afterEach, expect, test } from '@jest/globals';
import type { Running } from '../../server/compose.ts';
import { startComposed } from '../support/compose.ts';
import { ask, drained, ownerToken, type StartedEdge, startEdge, tokenFor, Wire } from './house.ts';

const open: { stop(): Promise<void> }[] = [];
const wires: Wire[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
  for (const wire of wires.splice(0)) wire.close();
});

async function hubHere(): Promise<Running> {
  const hub = await startComposed({ ownerToken });
  open.push(hub);
  return hub;
}

async function house(device = 'laptop'): Promise<{ hub: Running; wire: Wire; edge: StartedEdge; token: string }> {
  const hub = await hubHere();
  const wire = await Wire.open(() => Number(new URL(hub.url).port));
  wires.push(wire);
  const { secret } = await tokenFor(hub.url, device);
  const edge = await startEdge(wire.url, secret, { patience: 500 });
  open.push(edge);
  return { hub, wire, edge, token: secret };
}

const beat = (second: number, title = 'a', duration = 0) => ({
  timestamp: new Date(Date.UTC(2026, 0, 5, 12, 0, second)).toISOString(),
  duration,
  data: { app: 'vim', title },
});
const window = '/api/0/buckets/aw-watcher-window_box';

test('heartbeats are answered here, joined, and come to the hub under the same id', async () => {
  const { hub, edge } = await house();
  await ask(edge.url, 'POST', window, { client: 'c', type: 'currentwindow', hostname: 'box' });
  const first = await ask(edge.url, 'POST', `${window}/heartbeat?pulsetime=5`, beat(0));
  const second = await ask(edge.url, 'POST', `${window}/heartbeat?pulsetime=5`, beat(3));
  expect(first.status).toBe(200);
  expect(second.value).toMatchObject({ id: first.value.id, duration: 3 });
  await drained(edge.url);
  const there = await ask(hub.url, 'GET', `${window}/events`);
  expect(there.value).toEqual([second.value]);
  const bucket = await ask(hub.url, 'GET', window);
  expect(bucket.value).toMatchObject({ type: 'currentwindow', hostname: 'box', client: 'c' });
});

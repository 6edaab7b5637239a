// The relay of events to ActivityWatch's own server: what a hub has is there once and the same, after each was down and the hub was killed.

import { eventually } from '../../../tests/harness/eventually.ts';
import { freePort } from '../../prove/free-port.ts';
import { check, checkEqual } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import type { Workbench } from '../workbench.ts';
import { startAwServer } from './reference-server.ts';

export const eventRelayRows: readonly ClientRow[] = [{ name: 'relay to aw-server', source: 'PyPI', run: runRelay }];

const bucket = 'aw-watcher-window_laptop';
const start = Date.UTC(2026, 2, 1, 10);
const json = { 'content-type': 'application/json' };

interface RelayState {
  readonly waiting: number;
  readonly failing: object | null;
  readonly refused: number;
}

async function runRelay(bench: Workbench): Promise<RunReport> {
  const [port, home, data] = [await freePort(), bench.folder(), bench.folder()];
  // The server starts after the first events: until then nothing is there.
  const server = `http://127.0.0.1:${port}/`;
  const settings = { HORAI_OWNER_TOKEN: '', HORAI_DATA: data, HORAI_OUTBOX_ALLOW: '127.0.0.1' };
  const first = await bench.hub(settings);
  const made = await send(first.url, 'POST', '-/relays', { name: 'nas', kind: 'activitywatch', url: server });
  checkEqual(made.status, 201, 'the relay is made');
  for (let n = 0; n < 60; n += 1) await beat(first.url, n);
  await eventually(async () => (await relayOf(first.url)).failing !== null, 'a failed try');
  await first.kill();
  await startAwServer(bench, { port, home });
  const second = await bench.hub(settings);
  for (let n = 60; n < 120; n += 1) await beat(second.url, n);
  await waitUntilRelayed(second.url);
  checkEqual(await eventsOf(server), await eventsOf(second.url), 'events after a kill');
  const events = await listOf(second.url);
  for (const [index, { id }] of events.slice(3, 43).entries()) {
    if (index % 4 === 0) await send(second.url, 'DELETE', `api/0/buckets/${bucket}/events/${id}`);
    else {
      const edited = { id, timestamp: at(index * 7 + 1), duration: 5 + index, data: { app: 'edited', n: index } };
      await send(second.url, 'POST', `api/0/buckets/${bucket}/events`, edited);
    }
  }
  await waitUntilRelayed(second.url);
  checkEqual(await eventsOf(server), await eventsOf(second.url), 'events after changes and deletes');
  const { refused } = await relayOf(second.url);
  check(refused === 0, `${refused} events were refused`);
  const there = await listOf(server);
  return {
    version: '0.12.0',
    did: `was sent 120 heartbeats, 30 changed and 10 deleted events by a hub that was killed, and has the same ${there.length} events`,
  };
}

const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

function send(url: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(new URL(path, url), {
    method,
    ...(body === undefined ? {} : { headers: json, body: JSON.stringify(body) }),
  });
}

async function beat(url: string, n: number): Promise<void> {
  const body = { timestamp: at(n * 10), duration: 1.25, data: { app: `app ${Math.floor(n / 2)}`, title: 'é' } };
  const answer = await send(url, 'POST', `api/0/buckets/${bucket}/heartbeat?pulsetime=15`, body);
  checkEqual(answer.status, 200, 'a heartbeat');
}

async function relayOf(url: string): Promise<RelayState> {
  const { relays }: { relays: readonly (RelayState & { readonly id: string })[] } = JSON.parse(
    await (await send(url, 'GET', '-/relays')).text(),
  );
  const [relay] = relays;
  if (relay === undefined) throw new Error('the relay is gone');
  if (relay.failing !== null) await send(url, 'POST', `-/relays/${relay.id}/retry`);
  return relay;
}

async function waitUntilRelayed(url: string): Promise<void> {
  await eventually(async () => {
    const { waiting, failing } = await relayOf(url);
    return waiting === 0 && failing === null;
  }, 'everything to be relayed');
}

async function listOf(url: string): Promise<readonly { readonly id: number; readonly timestamp: string }[]> {
  return JSON.parse(await (await send(url, 'GET', `api/0/buckets/${bucket}/events?limit=-1`)).text());
}

/** Without ids, in one order. */
async function eventsOf(url: string): Promise<string> {
  const events = (await listOf(url)).map(({ id: _, timestamp, ...rest }) =>
    JSON.stringify({ time: Date.parse(timestamp), ...rest }),
  );
  return events.sort().join('\n');
}

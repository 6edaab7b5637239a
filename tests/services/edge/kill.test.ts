// Kills the edge and the hub with SIGKILL in a loop, as real processes on real disks. In the end the hub has each event that a watcher's
// request got acknowledged, exactly once.

import { afterEach, expect, test } from '@jest/globals';
import { freePort } from '../../../scripts/prove/free-port.ts';
import { startComposed } from '../../harness/compose.ts';
import { ask, drained, everything, ownerToken, tokenFor } from '../../harness/edge.ts';
import { bucketsOf, dayOf } from '../../harness/edge-machine.ts';
import { eventually } from '../../harness/eventually.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { seeded } from '../../harness/world.ts';

const rounds = 4;
const turnsARound = 40;
const leftovers = new Leftovers();

afterEach(() => leftovers.clear());

/** Repeats a request until it is answered. */
async function answered(url: string, method: string, path: string, body?: unknown) {
  // While the process is down, requests get no answer and are repeated.
  return eventually(() => ask(url, method, path, body), `an answer to ${method} ${path}`);
}

test('no event is lost or duplicated when the edge and the hub are killed repeatedly', async () => {
  const [hubPort, edgePort] = [await freePort(), await freePort()];
  const [hubUrl, edgeUrl] = [`http://127.0.0.1:${hubPort}/`, `http://127.0.0.1:${edgePort}/`];
  const [hubFolder, edgeFolder] = [leftovers.folder(), leftovers.folder()];
  const startHub = () =>
    new HubProcess(leftovers, {
      HORAI_DATA: hubFolder,
      HORAI_PORT: String(hubPort),
      HORAI_OWNER_TOKEN: ownerToken,
      HORAI_LOG: 'silent',
    });
  let hub = startHub();
  await hub.up();
  const { secret } = await tokenFor(hubUrl, 'laptop');
  const startEdge = () =>
    new HubProcess(
      leftovers,
      {
        HORAI_DATA: edgeFolder,
        HORAI_PORT: String(edgePort),
        HORAI_EDGE_TOKEN: secret,
        HORAI_EDGE_HUB: hubUrl,
        HORAI_LOG: 'silent',
      },
      ['edge'],
    );
  let edge = startEdge();
  const control = await startComposed({ ownerToken });

  const random = seeded(7);
  // Only requests that may be repeated: a repeated heartbeat changes nothing.
  const turns = [...bucketsOf('laptop'), ...dayOf('laptop', random, rounds * turnsARound)].filter(({ path, needs }) => {
    return needs === undefined && !path(0).endsWith('/events');
  });
  let acknowledged = 0;
  for (let round = 0; round < rounds; round += 1) {
    const killAt = acknowledged + 5 + Math.floor(random() * (turnsARound / 2));
    for (let turn = 0; turn < turnsARound; turn += 1) {
      const { method, path, body } = turns[acknowledged] ?? {};
      if (method === undefined || path === undefined) break;
      const answering = answered(edgeUrl, method, path(0), body?.(0));
      // Kills it during the request.
      if (acknowledged === killAt) {
        if (round % 2 === 0) edge.signal('SIGKILL');
        else hub.signal('SIGKILL');
        await (round % 2 === 0 ? edge : hub).ended;
        if (round % 2 === 0) edge = startEdge();
        else hub = startHub();
      }
      expect([200, 304]).toContain((await answering).status);
      acknowledged += 1;
    }
  }
  for (const { method, path, body } of turns.slice(0, acknowledged)) await ask(control.url, method, path(0), body?.(0));
  // If the hub was killed last, waits until it is up again.
  await answered(hubUrl, 'GET', '/-/health');
  await drained(edgeUrl);

  const there = await everything(hubUrl, { authorization: `Bearer ${secret}` });
  expect(there).toEqual(await everything(control.url));
  expect(acknowledged).toBeGreaterThan(turnsARound * 2);
  await control.stop();
}, 240_000);

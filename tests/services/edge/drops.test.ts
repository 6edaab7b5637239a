// Two edges and a hub over an unreliable link: connections are cut, stall, or lose the answer to an executed request. In the end the hub has
// the same events as with a reliable link.

import { expect, test } from '@jest/globals';
import type { World } from '../../../server/core/world.ts';
import { realWorld } from '../../../server/world.ts';
import { startComposed } from '../../harness/compose.ts';
import { drained, everything, ownerToken, startEdge, tokenFor, type Weather, Wire } from '../../harness/edge.ts';
import { bucketsOf, dayOf, Machine } from '../../harness/edge-machine.ts';
import { seeded } from '../../harness/world.ts';

const hosts = ['laptop', 'desktop'];
const turns = 250;
const leastTroubles = 25;

/** The real world with shorter waits between retries. */
function hurried(): World {
  const world = realWorld('silent');
  return { ...world, after: (ms, act) => world.after(ms / 20, act) };
}

test.each([
  1, 2, 3,
])('both machines’ events on the hub equal those of a control without drops (seed %i)', async (seed) => {
  const [hub, control] = [await startComposed({ ownerToken }), await startComposed({ ownerToken })];
  const wire = await Wire.open(() => Number(new URL(hub.url).port));
  const edges = new Map(
    await Promise.all(
      hosts.map(async (host) => {
        const { secret } = await tokenFor(hub.url, host);
        return [host, await startEdge(wire.url, secret, { timeoutMs: 300 }, hurried())] as const;
      }),
    ),
  );
  const machines = await Promise.all(
    hosts.map(async (host) => {
      const url = edges.get(host)?.url ?? '';
      const { secret } = await tokenFor(control.url, host);
      return { host, url, here: new Machine(() => url), there: new Machine(() => control.url, secret) };
    }),
  );
  // The first machine to send creates a bucket that both have, so the order is the same in both runs.
  for (const { host, url, here, there } of machines) {
    for (const turn of bucketsOf(host)) for (const machine of [here, there]) await machine.say(turn);
    await here.say({
      method: 'POST',
      path: () => '/api/0/buckets/aw-stopwatch/heartbeat?pulsetime=0',
      body: () => ({ timestamp: '2026-01-04T00:00:00Z', data: { label: host, running: false } }),
    });
    await there.say({
      method: 'POST',
      path: () => '/api/0/buckets/aw-stopwatch/heartbeat?pulsetime=0',
      body: () => ({ timestamp: '2026-01-04T00:00:00Z', data: { label: host, running: false } }),
    });
    await drained(url);
  }

  const random = seeded(seed);
  let troubles = 0;
  wire.weather = () => {
    const roll = random();
    const weather: Weather = roll < 0.12 ? 'cut' : roll < 0.3 ? 'robbed' : roll < 0.36 ? 'stalled' : 'fair';
    if (weather !== 'fair') troubles += 1;
    return weather;
  };
  await Promise.all(
    machines.map(async ({ host, here, there }, index) => {
      for (const turn of dayOf(host, seeded(seed * 10 + index), turns)) {
        await here.say(turn);
        await there.say(turn);
      }
    }),
  );
  const roughFor = troubles;
  wire.weather = () => 'fair';
  for (const { url } of machines) await drained(url);

  expect(await everything(hub.url)).toEqual(await everything(control.url));
  expect(Object.keys(await everything(hub.url))).toContain('aw-stopwatch_desktop');
  expect(roughFor).toBeGreaterThanOrEqual(leastTroubles);

  for (const edge of edges.values()) await edge.stop();
  wire.close();
  await hub.stop();
  await control.stop();
}, 120_000);

// An account with fifty words that occur nowhere else, everywhere where an account can put words. After its erasure none of them is found.

import { expect } from '@jest/globals';
import { assemble, type HubParts, openPorts, type RunningHub } from '../../server/compose.ts';
import type { Config } from '../../server/config.ts';
import type { World } from '../../server/core/world.ts';
import { testConfig } from '../harness/compose.ts';
import { eventually } from '../harness/eventually.ts';
import { type Message, Switchboard, Wire } from '../harness/kronos.ts';
import { callRoutes, seedAccount } from '../harness/scopes.ts';

const account = 'canary-alice';
const words = Array.from({ length: 50 }, (_, at) => `canaryword${at}x`);

export interface ErasureHub {
  readonly hub: RunningHub;
  readonly parts: HubParts;
  /** Stops the hub, or what there is of it. */
  readonly stop: () => Promise<void>;
}

export async function startErasureHub(overrides: Partial<Config>, world: World): Promise<ErasureHub> {
  const config = testConfig({ hosts: ['hub.test'], ...overrides });
  const assembled = await assemble(config, world);
  if (!assembled.ok) throw new Error(assembled.error);
  const { parts } = assembled;
  const opened = await openPorts(parts, config, world);
  if (!opened.ok) throw new Error(opened.error);
  return { hub: opened.hub, parts, stop: () => opened.hub.stop() };
}

/**
 * Fills an account, erases it, and looks for its words.
 * @param everything all that is stored, as text. It is read while the hub runs, and after it was stopped
 */
export async function expectErasedWholly(
  { hub, parts, stop }: ErasureHub,
  world: World,
  everything: () => Promise<string>,
): Promise<void> {
  await fill({ hub, parts, stop }, world);
  const before = await everything();
  expect(words.filter((word) => before.includes(word))).toEqual(words);

  const admin = connect(parts, '10.0.0.3');
  await answered(admin, { type: 'login', user_id: hub.ownerSecret ?? '', device_id: 'desk', version: 0 });
  const erased = await answered(admin, { type: 'erase-account', name: account, confirm: 'erase' });
  expect(erased).toMatchObject({ type: 'erase-account', account });
  const found = (text: string) => [...new Set(text.match(/canary[\w-]*/g) ?? [])];
  expect(found(await everything())).toEqual([]);
  await stop();
  expect(found(await everything())).toEqual([]);
}

async function fill({ hub, parts }: ErasureHub, world: World): Promise<void> {
  const call = callRoutes(hub.routes);
  const seeded = await seedAccount(parts.hub, parts.accounts, call, account);
  const named = await parts.accounts.createToken(account, 'canary-token', ['read', 'write']);
  if (!named.ok) throw new Error(named.error);
  const wire = connect(parts, '10.0.0.2', 'canary-client');
  await answered(wire, { type: 'login', user_id: named.secret, device_id: 'canary-device', version: 0 });
  for (const [at, word] of words.entries()) {
    for (const message of [
      { type: 'create', task: { id: at + 1, desc: word, tags: [word] } },
      { type: 'create', channel: 'words', key: word, item: word },
      { type: 'update', channel: 'words', key: word, item: 'over' },
      { type: 'delete', channel: 'words', key: word },
    ])
      wire.say({ ...message, ref: `${at} ${message.type}` });
  }
  await answered(wire, { type: 'ping' });
  const beats = words.map((word, at) => ({
    entity: `/home/${word}.ts`,
    type: 'file',
    time: world.now() / 1_000 - at * 30,
    project: word,
    branch: word,
  }));
  await call('POST', '/api/v1/users/current/heartbeats.bulk', { token: seeded.full, body: beats });
  await call('GET', '/api/v1/users/current/stats/all_time', { token: seeded.full });
  await call('GET', '/-/day/today', { token: seeded.full });
  await call('GET', `/-/days?from=today&to=today`, { token: seeded.full });
}

function connect(parts: HubParts, address: string, client?: string): Wire {
  const wire = new Wire(new Switchboard(), address);
  const caller = { address, host: 'hub.test', origin: '', authorization: '' };
  wire.conversation = parts.converse(wire, client === undefined ? caller : { ...caller, client });
  return wire;
}

/** Sends a message and waits for its answer, however long a real disk takes. */
async function answered(wire: Wire, message: object): Promise<Message> {
  const ref = wire.received.length + 1_000_000 * Math.random();
  wire.say({ ...message, ref });
  return eventually(() => wire.received.find((one) => one.ref === ref), `the answer to ${JSON.stringify(message)}`);
}

// A hub whose clock jumps, drifts, and goes on while the machine sleeps, against all that depends on it: expiry of tokens, tickets and links,
// timers, rates, versions, what counts as seen, retention, and group commit. The test knows how much time has really passed. Each run has a
// seed, which a failure prints.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Limits } from '../../server/core/limits.ts';
import type { Store } from '../../server/core/store.ts';
import { MergedDays } from '../../server/day/merged-days.ts';
import { Retention } from '../../server/day/retention.ts';
import { Links } from '../../server/http/links.ts';
import { Tickets, ticketMs } from '../../server/http/tickets.ts';
import type { Request } from '../../server/http/types.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { openSqlite } from '../../server/storage/sqlite/store.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../harness/kronos.ts';
import { seeded, TestWorld } from '../harness/world.ts';

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const keptDays = 100;

/** A machine with the clock of the hub and the true time. */
class Machine {
  readonly world: TestWorld;
  /** Milliseconds that have really passed. */
  passed = 0;
  /** By how much the clock is wrong. */
  error = 0;
  #rate = 0;
  readonly #random: () => number;

  constructor(seed: number, random: () => number) {
    this.world = new TestWorld(seed);
    this.#random = random;
  }

  /** Time passes, with the drift of the clock. */
  async pass(ms: number): Promise<void> {
    const whole = Math.round(ms);
    this.world.pass(whole);
    this.passed += whole;
    this.jump(whole * this.#rate);
    await settle();
  }

  jump(ms: number): void {
    const whole = Math.round(ms);
    this.world.jump(whole);
    this.error += whole;
  }

  /** The machine sleeps: the clock goes on, timers do not. */
  sleep(ms: number): void {
    const whole = Math.round(ms);
    this.world.jump(whole);
    this.passed += whole;
  }

  /** A clock that somebody set, up to some days wrong; one that is set right; one that drifts by up to a tenth of a percent. */
  upset(): void {
    const chance = this.#random();
    if (chance < 0.3) this.jump((this.#random() - 0.5) * 10 ** (3 + this.#random() * 6) - this.error / 2);
    else if (chance < 0.5) this.jump(-this.error);
    else if (chance < 0.8) this.sleep(this.#random() * 10 ** (2 + this.#random() * 6));
    else this.#rate = (this.#random() - 0.5) / 500;
  }
}

interface Run {
  readonly seed: number;
  readonly random: () => number;
  readonly machine: Machine;
  readonly hub: TestHub;
  readonly wire: Wire;
}

const acts: readonly ((run: Run) => Promise<void>)[] = [
  tokenEnds,
  ticketOpensOnce,
  linkOpensOnce,
  rateRecovers,
  versionsGrow,
  changesAreSeen,
  repetitionsAreKnown,
];

/** [L8.3] A token is good exactly as long as the clock says, and its connections end within a minute of the machine's time. */
async function tokenEnds({ seed, random, machine, hub }: Run): Promise<void> {
  const { world } = machine;
  const expires = world.now() + Math.floor(random() * 10 * minuteMs);
  const made = await hub.accounts.createToken('owner', 'short', ['read'], undefined, { expires });
  if (!made.ok) throw new Error(made.error);
  const wire = hub.connect();
  wire.say({ type: 'login', user_id: made.secret });
  await settle();
  for (let turn = 0; turn < 4; turn += 1) {
    if (random() < 0.5) machine.upset();
    await machine.pass(random() * 5 * minuteMs);
    const { ok } = hub.accounts.identify(made.secret, '', '');
    expect({ seed, turn, ok }).toEqual({ seed, turn, ok: world.now() < expires });
  }
  if (world.now() < expires) machine.jump(expires - world.now());
  await machine.pass(minuteMs + 1);
  if (world.now() >= expires) expect({ seed, closed: wire.closedWith }).toEqual({ seed, closed: 4401 });
  // A failed sign-in counts against this address.
  wire.close(1000);
  await machine.pass(minuteMs);
}

/** A ticket is good for half a minute of the clock from when it was made, and never for longer, also if the clock is set back. */
async function ticketOpensOnce({ seed, random, machine, hub }: Run): Promise<void> {
  const tickets = new Tickets({ accounts: hub.accounts, personal: false, mayCross: () => false }, hub.hub);
  const made = machine.world.now();
  const ticket = await tickets.issue({ account: 'owner', device: '', token: '', scopes: ['read'] });
  if (random() < 0.5) machine.upset();
  await machine.pass(random() * 1.5 * ticketMs);
  const age = machine.world.now() - made;
  const { ok } = await tickets.authenticate(requestWith(ticket));
  expect({ seed, age, ok }).toEqual({ seed, age, ok: age >= 0 && age < ticketMs });
  expect((await tickets.authenticate(requestWith(ticket))).ok).toBe(false);
}

async function linkOpensOnce({ seed, random, machine, hub }: Run): Promise<void> {
  const links = new Links(hub.hub);
  const made = machine.world.now();
  const { code } = await links.make({ kind: 'pairing', account: 'owner', scopes: ['read'] });
  if (random() < 0.5) machine.upset();
  await machine.pass(random() * 8 * minuteMs);
  const age = machine.world.now() - made;
  const ok = (await links.take(code)) !== undefined;
  expect({ seed, age, ok }).toEqual({ seed, age, ok: age >= 0 && age < 5 * minuteMs });
  expect(await links.take(code)).toBeUndefined();
}

/** Whoever is over a rate may go on after one period, whatever the clock does. */
async function rateRecovers({ seed, random, machine }: Run): Promise<void> {
  const limits = new Limits(machine.world);
  while (limits.take('address_rate', 'a', 1_000) === undefined);
  if (random() < 0.7) machine.upset();
  const refusal = limits.take('address_rate', 'a', 1_000);
  if (refusal !== undefined) expect(refusal.retryMs).toBeLessThanOrEqual(minuteMs);
  await machine.pass(minuteMs + 1_000);
  expect({ seed, refused: limits.take('address_rate', 'a', 1_000) }).toEqual({ seed, refused: undefined });
}

/** [W5] */
async function versionsGrow({ seed, machine, wire }: Run): Promise<void> {
  const before = await lastVersion(wire);
  machine.upset();
  await wire.ask({ type: 'create', task: { desc: `task ${machine.passed}` } });
  const after = await lastVersion(wire);
  expect({ seed, grows: after > before }).toEqual({ seed, grows: true });
}

/** [W6.2] Two seconds after a change, an update of another device may take it back. */
async function changesAreSeen({ seed, random, machine, hub }: Run): Promise<void> {
  const [one, other] = [hub.connect(), hub.connect()];
  for (const [at, wire] of [one, other].entries()) {
    await wire.ask({ type: 'login', user_id: hub.owner, device_id: `d${at}` });
  }
  const task = { id: 900_000 + Math.floor(random() * 90_000), desc: 'before' };
  await one.ask({ type: 'create', task });
  await machine.pass(3_000);
  await one.ask({ type: 'update', task: { ...task, desc: 'after' } });
  if (random() < 0.7) machine.upset();
  await machine.pass(2_500);
  await other.ask({ type: 'update', task });
  const { tasks } = await readAll(one);
  const now = tasks.find(({ id }: { id: number }) => id === task.id);
  expect({ seed, desc: now?.desc }).toEqual({ seed, desc: 'before' });
  await one.ask({ type: 'delete', task_id: task.id });
  for (const wire of [one, other]) wire.close(1000);
}

/** [W9.1] and group commit: writes that were given together are answered, and known when they are repeated. */
async function repetitionsAreKnown({ seed, random, machine, hub }: Run): Promise<void> {
  const channel = await hub.hub.channel('owner/notes');
  const ids = Array.from({ length: 5 }, (_, at) => `${machine.passed} ${at} ${random()}`);
  const writeAll = () =>
    Promise.all(
      ids.map((writeId) =>
        channel.write({
          ops: [{ op: 'put', key: `${random()}`, value: '1' }],
          origin: 'o',
          at: machine.world.now(),
          writeId,
        }),
      ),
    );
  const first = await writeAll();
  expect({ seed, steps: first.map((written) => written.ok && written.steps) }).toEqual({
    seed,
    steps: ids.map(() => 1),
  });
  machine.upset();
  await machine.pass(random() * hourMs);
  const again = await writeAll();
  expect({ seed, replayed: again.map((written) => written.ok && written.replayed) }).toEqual({
    seed,
    replayed: ids.map(() => true),
  });
  expect(again.map(({ position }) => position.seq)).toEqual(first.map(({ position }) => position.seq));
}

async function lastVersion(wire: Wire): Promise<number> {
  return (await readAll(wire)).version;
}

/** The answer, without what the connection was notified of before. */
async function readAll(wire: Wire): Promise<Message> {
  return (await wire.ask({ type: 'read-all' })).find(({ type }) => type === 'read-all');
}

function requestWith(ticket: string): Request {
  const none = { authorization: '', cookie: '', origin: '', host: '', address: '', client: '', site: '' };
  const head = { method: 'GET', path: '/', query: `ticket=${ticket}`, params: {}, headers: new Map() };
  return { ...none, ...head } as never;
}

async function simulate(seed: number, store: Store, chosen = acts): Promise<void> {
  const random = seeded(seed);
  const machine = new Machine(seed, random);
  const hub = await startHub({
    store,
    world: machine.world,
    personal: false,
    tokensMaxAgeMs: Number.POSITIVE_INFINITY,
  });
  const wire = hub.connect();
  if (chosen === acts) await wire.ask({ type: 'login', user_id: hub.owner, device_id: 'desk' });
  for (let turn = 0; turn < 25; turn += 1) {
    const act = chosen[Math.floor(random() * chosen.length)];
    await act?.({ seed, random, machine, hub, wire });
    await machine.pass(random() * 10 * minuteMs);
  }
  await hub.hub.close();
}

/** Evidence of many days, and a clock that is sometimes years ahead for hours. By a day or two nobody sees that it is wrong. */
async function expire(seed: number): Promise<void> {
  const random = seeded(seed);
  const machine = new Machine(seed, random);
  const { world } = machine;
  const { hub } = await startHub({ world, tokensMaxAgeMs: Number.POSITIVE_INFINITY });
  const settings = await hub.channel('owner/settings');
  const retention = JSON.stringify({ wakatime: keptDays });
  await settings.write({ ops: [{ op: 'put', key: 'retention', value: retention }], origin: 'o', at: world.now() });
  const channel = await hub.channel('owner/wakatime');
  const expiry = new Retention({ days: new MergedDays(hub), accounts: () => ['owner'] });
  /** By key, when the evidence was made, in milliseconds of true time. */
  const made = new Map<string, number>();
  /** For how many hours the clock has been right, and wrong. */
  let [right, wrong] = [0, 0];
  for (let hour = 0; hour < 24 * 130; hour += 1) {
    if (hour % 12 === 0 && machine.error === 0) {
      const beat = { entity: '/a.ts', type: 'file', time: world.now() / 1_000, project: 'p' };
      const op = { op: 'put', key: `${hour}`, value: JSON.stringify(beat), time: world.now() * 1_000 } as const;
      await channel.write({ ops: [op], origin: 'o', at: world.now() });
      made.set(`${hour}`, machine.passed);
    }
    if (machine.error === 0 && random() < 0.01) machine.jump((random() - 0.3) * 3_000 * dayMs);
    else if (wrong >= 20 || random() < 0.15) machine.jump(-machine.error);
    [right, wrong] = machine.error === 0 ? [right + 1, 0] : [0, wrong + 1];
    machine.sleep(hourMs);
    if (hour % 24 > 14) continue;
    await expiry.run();
    const left = new Set((await channel.read({})).map(({ key }) => key));
    const early = [...made].filter(([key, at]) => !left.has(key) && machine.passed - at < (keptDays - 2) * dayMs);
    expect({ seed, hour, early }).toEqual({ seed, hour, early: [] });
    const late = [...made].filter(([key, at]) => left.has(key) && machine.passed - at > (keptDays + 3) * dayMs);
    if (right > 72) expect({ seed, hour, late }).toEqual({ seed, hour, late: [] });
  }
  expect(made.size - (await channel.read({})).length).toBeGreaterThan(10);
  expiry.close();
}

describe('a clock that jumps, drifts and goes on while the machine sleeps', () => {
  test('lets tokens, tickets and links end when it says so, blocks nobody, and loses nothing', async () => {
    for (let seed = 1; seed <= 60; seed += 1) await simulate(seed, new MemoryStore({ epoch: 'e' }));
  }, 120_000);

  test('does not disturb the commits of the embedded store', async () => {
    for (let seed = 1; seed <= 3; seed += 1) {
      const folder = mkdtempSync(join(tmpdir(), 'horai-clock-'));
      const opened = await openSqlite({ folder, world: new TestWorld(seed) });
      if (!opened.ok) throw new Error(opened.error);
      await simulate(seed, opened.store, [repetitionsAreKnown]);
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);

  test('that is years ahead for some hours removes no evidence; on a right clock what is too old goes', async () => {
    for (let seed = 1; seed <= 6; seed += 1) await expire(seed);
  }, 120_000);
});

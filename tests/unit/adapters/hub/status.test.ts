// Health and metrics: access to their details, with a store that works and with one that fails.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Metrics } from '../../../../server/adapters/hub/metrics.ts';
import { statusRoutes } from '../../../../server/adapters/hub/status.ts';
import { Accounts } from '../../../../server/core/accounts.ts';
import { Hub } from '../../../../server/core/hub.ts';
import { noopRelay } from '../../../../server/core/relay.ts';
import type { Store } from '../../../../server/core/store.ts';
import type { Request } from '../../../../server/http/types.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import { openSqlite } from '../../../../server/storage/sqlite/store.ts';
import { TestWorld } from '../../../harness/world.ts';

async function startHub(personal: boolean, bare: Store = new MemoryStore({ epoch: 'e1' })) {
  const world = new TestWorld();
  const metrics = new Metrics(world);
  const hub = new Hub({ store: metrics.store(bare), relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  const owner = (await accounts.createOwner(undefined)) ?? '';
  metrics.observe(hub, { build: { version: '1', node: '', engine: '', store: '' }, connections: () => 7 });
  const routes = statusRoutes({ hub, metrics, version: '1.2.3', isLeaving: () => false, accounts, personal });
  const get = async (path: string, authorization = '') => {
    const request: Request = {
      method: 'GET',
      path,
      query: '',
      headers: new Map(),
      body: Buffer.alloc(0),
      params: new Map(),
      aborted: () => false,
      address: '192.0.2.1',
      host: 'localhost:5600',
      origin: '',
      authorization,
    };
    const reply = await routes.find((route) => route.path === path)?.handle(request);
    if (reply === undefined || !('body' in reply)) throw new Error(`${path} gave no reply`);
    return { status: reply.status, body: String(reply.body) };
  };
  return { world, hub, accounts, owner, metrics, get };
}

describe('/-/health', () => {
  test('answers ok to anybody while writes are stored', async () => {
    const { get } = await startHub(false);
    expect(await get('/-/health')).toEqual({ status: 200, body: '{"status":"ok","version":"1.2.3"}' });
  });

  test('gives the reason when writes cannot be stored', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'horai-'));
    const opened = await openSqlite({ folder, world: new TestWorld() });
    if (!opened.ok) throw new Error(opened.error);
    const { get } = await startHub(false, opened.store);
    expect(await get('/-/health')).toMatchObject({ status: 200 });
    await opened.store.close();
    const { status, body } = await get('/-/health');
    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({ status: 'broken', reason: expect.stringMatching(/./), version: '1.2.3' });
    rmSync(folder, { recursive: true });
  });
});

describe('/-/metrics', () => {
  test('are for administrators', async () => {
    const { get, owner, accounts } = await startHub(false);
    expect(await get('/-/metrics')).toMatchObject({ status: 401 });
    expect(await get('/-/metrics', 'Bearer nonsense')).toMatchObject({ status: 401 });
    const reader = await accounts.createToken('owner', 'reader', ['read', 'write']);
    if (!reader.ok) throw new Error(reader.error);
    expect(await get('/-/metrics', `Bearer ${reader.secret}`)).toMatchObject({ status: 403 });
    expect(await get('/-/metrics', `Bearer ${owner}`)).toMatchObject({ status: 200 });
  });

  test('need no token on a personal hub', async () => {
    const { get } = await startHub(true);
    expect(await get('/-/metrics')).toMatchObject({ status: 200 });
  });

  test('count writes by outcome, commits, connections and faults', async () => {
    const { world, hub, metrics, get } = await startHub(true);
    const value = async (name: string) => {
      const line = (await get('/-/metrics')).body.split('\n').find((text) => text.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1));
    };
    const channel = await hub.channel('owner/notes');
    const before = await value('horai_writes_total{outcome="accepted"}');
    const write = { ops: [{ op: 'put', key: 'k', value: '1' }], origin: 'test', at: 1, writeId: 'w' } as const;
    await channel.write(write);
    await channel.write(write);
    await channel.write({ ...write, writeId: 'other', base: 99 });
    metrics.fault();
    world.pass(5_000);
    expect(await value('horai_writes_total{outcome="accepted"}')).toBe(before + 1);
    expect(await value('horai_writes_total{outcome="replayed"}')).toBe(1);
    expect(await value('horai_writes_total{outcome="stale"}')).toBe(1);
    expect(await value('horai_commit_seconds_count')).toBe(before + 3);
    expect(await value('horai_connections')).toBe(7);
    expect(await value('horai_faults_total')).toBe(1);
    expect(await value('horai_uptime_seconds')).toBe(5);
  });

  test('report the use of resources to administrators, also through other accounts with that scope', async () => {
    const { metrics } = await startHub(true);
    const { resident, heap, heapUsed } = await metrics.memory();
    expect(heapUsed).toBeGreaterThan(1_000_000);
    expect(heap).toBeGreaterThanOrEqual(heapUsed);
    expect(resident).toBeGreaterThan(heapUsed);
  });

  test('carry no account, channel or secret', async () => {
    const { hub, owner, get } = await startHub(true);
    const channel = await hub.channel('alice/notes');
    await channel.write({ ops: [{ op: 'put', key: 'k', value: '1' }], origin: 'laptop', at: 1 });
    const { body } = await get('/-/metrics');
    for (const word of ['alice', 'laptop', 'owner', owner]) expect(body).not.toContain(word);
  });
});

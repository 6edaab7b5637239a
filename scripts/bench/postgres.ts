// The write path on PostgreSQL: durable creates by 64 and by 1,000 clients over WebSocket, and by as many writers without sockets,
// compared with pgbench, which runs the same statement, one write a transaction, from 64 connections to the same server. Also two
// nodes: the time from sending a write to one until a follower on the other receives it, compared with a bare INSERT, NOTIFY and SELECT.

import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { median } from '../../clients/load/figures.ts';
import type { PostgresUrl } from '../../server/config.ts';
import { openPostgres } from '../../server/storage/postgres/store.ts';
import { realWorld } from '../../server/world.ts';
import { Nats, natsServer } from '../../tests/harness/nats.ts';
import { Postgres, postgresBin } from '../../tests/harness/postgres.ts';
import type { BenchRow } from './store.ts';
import { frame, gather, type Server, start } from './wire.ts';
import { connectWriters, owner, write } from './writes.ts';

const rounds = 3;
const roundMs = 3_000;
const clients = 64;
const beats = 400;
const value = JSON.stringify({ text: 'x'.repeat(180) });

export async function benchPostgres(): Promise<readonly BenchRow[]> {
  if (postgresBin === undefined) throw new Error('PostgreSQL is not installed');
  const postgres = await Postgres.start(['shared_buffers=256MB']);
  try {
    return [...(await writes(postgres, postgresBin)), ...(await measureNodes(postgres))];
  } finally {
    await postgres.remove();
  }
}

async function writes(postgres: Postgres, bin: string): Promise<BenchRow[]> {
  const url = await postgres.database();
  const hub = await start('ours', { HORAI_STORE: url, HORAI_DATA: postgres.folder(), HORAI_OWNER_TOKEN: owner });
  const opened = await openPostgres({ url, world: realWorld('silent') });
  if (!opened.ok) throw new Error(opened.error);
  const { store } = opened;
  const bench = async (connections: number) => pgbench(postgres, bin, url, connections);
  const storeRate = async (writers: number, round: number): Promise<number> => {
    const until = performance.now() + roundMs;
    let written = 0;
    const began = performance.now();
    const run = async (writer: number) => {
      for (let turn = 0; performance.now() < until; turn += 1) {
        const ops = [{ op: 'put', key: `${round}-${writer}-${turn}`, value }] as const;
        await store.append(`p${writer % 16}/notes`, { ops, origin: 'bench', at: Date.now() }, 'all');
        written += 1;
      }
    };
    await Promise.all(Array.from({ length: writers }, (_, writer) => run(writer)));
    return (written * 1_000) / (performance.now() - began);
  };

  const rows: BenchRow[] = [];
  for (const writers of [clients, 1_000]) {
    const rates = { hub: [] as number[], store: [] as number[], bare: [] as number[] };
    const group = await connectWriters(hub, writers);
    for (let round = -1; round < rounds; round += 1) {
      const { written, seconds } = await write(group, roundMs);
      const alone = await storeRate(writers, round);
      const bare = await bench(clients);
      if (round < 0) continue;
      rates.hub.push(written / seconds);
      rates.store.push(alone);
      rates.bare.push(bare);
    }
    group.crowd.leave();
    const control = Math.round(median(rates.bare));
    const who = `${writers.toLocaleString('en')} clients`;
    rows.push(
      {
        name: `postgres: writes through the hub, ${who}`,
        ours: Math.round(median(rates.hub)),
        control,
        unit: 'writes/s',
      },
      {
        name: `postgres: appends to the store, ${who}`,
        ours: Math.round(median(rates.store)),
        control,
        unit: 'writes/s',
      },
    );
  }
  await store.close();
  await hub.stop();
  return rows;
}

/** Transactions a second of the statement that the hub sends, each with one write of the same size. */
async function pgbench(postgres: Postgres, bin: string, url: PostgresUrl, connections: number): Promise<number> {
  await postgres.query(
    `INSERT INTO horai.lanes (lane, fence) SELECT 'bench' || n, 1 FROM generate_series(0, ${connections}) n ON CONFLICT DO NOTHING`,
    url,
  );
  const script = join(mkdtempSync(join(tmpdir(), 'horai-bench-')), 'append.sql');
  writeFileSync(
    script,
    `\\set key random(1, 1000000000000)
SELECT * FROM append('bench' || :client_id::text, 1, 1, ARRAY['b' || (:client_id::int % 16)::text || '/notes', NULL]::text[],
  ARRAY[1767600000000, -1]::bigint[], ARRAY[true, NULL]::boolean[], ARRAY['bench', NULL]::text[], ARRAY[NULL, NULL]::text[],
  ARRAY[NULL, NULL]::bigint[], ARRAY[NULL, NULL]::text[], ARRAY['put', NULL]::text[], ARRAY[:key::text, NULL]::text[], ARRAY['${value}', NULL]::text[],
  ARRAY[NULL, NULL]::bigint[], ARRAY[NULL, NULL]::bigint[], ARRAY[NULL, NULL]::bigint[]);\n`,
  );
  const args = [
    '-n',
    '-M',
    'prepared',
    '-c',
    String(connections),
    '-j',
    '2',
    '-T',
    String(roundMs / 1_000),
    '-f',
    script,
    url,
  ];
  const env = { ...process.env, PGOPTIONS: '-c search_path=horai' };
  const { stdout } = await promisify(execFile)(join(bin, 'pgbench'), args, { env });
  return Number(/tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0);
}

async function measureNodes(postgres: Postgres): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const nats = natsServer === undefined ? undefined : await Nats.start();
  const relays = nats === undefined ? ['notify'] : ['notify', nats.url];
  for (const relay of relays) {
    const url = await postgres.database();
    const on = { HORAI_STORE: url, HORAI_RELAY: relay, HORAI_OWNER_TOKEN: owner };
    const a = await start('ours', { ...on, HORAI_DATA: postgres.folder() });
    const b = await start('ours', { ...on, HORAI_DATA: postgres.folder() });
    const ours = await measureDelivery(a, b);
    const control = await measureBareDelivery(url);
    await Promise.all([a.stop(), b.stop()]);
    const name = `two nodes: from sending to one until delivery on the other, ${relay === 'notify' ? 'NOTIFY' : 'NATS'}`;
    const of = (figures: readonly number[], at: number) =>
      Math.round(([...figures].sort((x, y) => x - y)[Math.floor(figures.length * at)] ?? 0) * 1_000);
    rows.push(
      { name: `${name}, median`, ours: of(ours, 0.5), control: of(control, 0.5), unit: 'µs' },
      { name: `${name}, 99th percentile`, ours: of(ours, 0.99), control: of(control, 0.99), unit: 'µs' },
    );
  }
  await nats?.down();
  return rows;
}

/** Milliseconds from sending to delivery, one write at a time. */
async function measureDelivery(a: Server, b: Server): Promise<number[]> {
  const hello = (at: number) => frame(JSON.stringify({ type: 'login', user_id: owner, device_id: `d${at}` }));
  const writer = await gather(a.port, 1, hello, '"success":true');
  const follower = await gather(b.port, 1, hello, '"success":true');
  const follows = new Promise<void>((resolve) => follower.onBytes(() => resolve()));
  follower.sockets[0]?.write(frame(JSON.stringify({ type: 'subscribe', channel: 'notes' })));
  await follows;
  const times: number[] = [];
  for (let beat = 0; beat < beats; beat += 1) {
    const arrived = new Promise<void>((resolve) => {
      follower.onBytes((_at, bytes) => {
        if (bytes.includes('"create"')) resolve();
      });
    });
    const answered = new Promise<void>((resolve) => writer.onBytes(() => resolve()));
    const began = performance.now();
    writer.sockets[0]?.write(
      frame(JSON.stringify({ type: 'create', channel: 'notes', item: { text: 'x'.repeat(180) }, ref: 1 })),
    );
    await arrived;
    times.push(performance.now() - began);
    await answered;
  }
  writer.leave();
  follower.leave();
  return times.slice(beats / 4);
}

async function measureBareDelivery(url: string): Promise<number[]> {
  const [writer, listener] = [new pg.Client(url), new pg.Client(url)];
  await Promise.all([writer.connect(), listener.connect()]);
  await writer.query('CREATE TABLE bare (n int PRIMARY KEY, value text)');
  await listener.query('LISTEN bare');
  const times: number[] = [];
  for (let beat = 0; beat < beats; beat += 1) {
    const arrived = new Promise<void>((resolve) => listener.once('notification', () => resolve()));
    const began = performance.now();
    await writer.query({ name: 'i', text: 'INSERT INTO bare VALUES ($1, $2)', values: [beat, value] });
    await writer.query(`SELECT pg_notify('bare', '')`);
    await arrived;
    await listener.query({ name: 's', text: 'SELECT * FROM bare WHERE n >= $1', values: [beat] });
    times.push(performance.now() - began);
  }
  await Promise.all([writer.end(), listener.end()]);
  return times.slice(beats / 4);
}

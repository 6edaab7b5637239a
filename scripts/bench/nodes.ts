// One, two and three nodes on one PostgreSQL, all on this machine: durable creates by 64 clients that are spread over the nodes, of eight
// accounts and of one busy channel, with a follower of each channel on each node. The control of two and of three nodes is one node in the
// same run. Also how many rows the database reads per write, and how many of the changes the followers were sent live.

import { median } from '../../clients/load/figures.ts';
import type { PostgresUrl } from '../../server/config.ts';
import { Nats, natsServer } from '../../tests/harness/nats.ts';
import { Postgres, postgresBin } from '../../tests/harness/postgres.ts';
import type { BenchRow } from './store.ts';
import { asker, type Crowd, frame, gather, type Server, start } from './wire.ts';
import { owner } from './writes.ts';

const clients = 64;
const rounds = 3;
const roundMs = 2_000;
const item = { text: 'x'.repeat(180) };
/** Milliseconds after a round in which followers may still be sent its changes. */
const afterMs = 500;

interface Measured {
  readonly rate: number;
  readonly rows: number;
  readonly live: number;
}

export async function benchNodes(): Promise<readonly BenchRow[]> {
  if (postgresBin === undefined) throw new Error('PostgreSQL is not installed');
  const postgres = await Postgres.start(['shared_buffers=256MB']);
  const rows: BenchRow[] = [];
  try {
    for (const relay of natsServer === undefined ? ['notify'] : ['notify', 'NATS']) {
      const nats = relay === 'NATS' ? await Nats.start() : undefined;
      for (const accounts of [8, 1]) {
        const what = accounts === 1 ? 'one busy channel' : `${accounts} accounts`;
        let alone: Measured | undefined;
        for (const count of [1, 2, 3]) {
          const measured = await measure(postgres, count, accounts, nats?.url);
          alone ??= measured;
          const name = `nodes: ${count}, ${what}, ${relay}`;
          rows.push(
            {
              name: `${name}, writes`,
              ours: Math.round(measured.rate),
              control: Math.round(alone.rate),
              unit: 'writes/s',
            },
            {
              name: `${name}, rows read for 100 writes`,
              ours: Math.round(measured.rows * 100),
              control: Math.round(alone.rows * 100),
              unit: 'rows',
            },
            {
              name: `${name}, changes sent live of 100`,
              ours: Math.round(measured.live * 100),
              control: 100,
              unit: 'changes',
            },
          );
        }
      }
      await nats?.down();
    }
    return rows;
  } finally {
    await postgres.remove();
  }
}

async function measure(
  postgres: Postgres,
  count: number,
  accounts: number,
  relay: string | undefined,
): Promise<Measured> {
  const url = await postgres.database();
  const nodes: Server[] = [];
  for (let at = 0; at < count; at += 1) {
    nodes.push(
      await start('ours', {
        HORAI_STORE: url,
        HORAI_DATA: postgres.folder(),
        HORAI_OWNER_TOKEN: owner,
        ...(relay === undefined ? {} : { HORAI_RELAY: relay }),
      }),
    );
  }
  const secrets = await makeAccounts(nodes, accounts);
  const login = (at: number, device: string) =>
    frame(JSON.stringify({ type: 'login', user_id: secrets[at % accounts], device_id: `${device}-${at}` }));
  const writers = await Promise.all(
    nodes.map(({ port }, node) =>
      gather(port, Math.ceil(clients / count), (at) => login(at, `w${node}`), '"success":true'),
    ),
  );
  const followers = await Promise.all(
    nodes.map(({ port }, node) =>
      gather(
        port,
        accounts,
        (at) => Buffer.concat([login(at, `f${node}`), frame('{"type":"subscribe","channel":"log"}')]),
        '"snapshot"',
      ),
    ),
  );
  const figures: Measured[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const figure = await runRound(postgres, url, writers, followers);
    if (round >= 0) figures.push(figure);
  }
  for (const crowd of [...writers, ...followers]) crowd.leave();
  for (const node of nodes) await node.stop();
  const middle = (of: (figure: Measured) => number) => median(figures.map(of));
  return { rate: middle(({ rate }) => rate), rows: middle(({ rows }) => rows), live: middle(({ live }) => live) };
}

/** Makes the accounts on the first node, and waits until every node knows them. @returns their secrets */
async function makeAccounts([first, ...others]: readonly Server[], accounts: number): Promise<readonly string[]> {
  if (first === undefined) throw new Error('there is no node');
  const admin = await asker(first.port, '"success":');
  await admin.ask(frame(JSON.stringify({ type: 'login', user_id: owner, device_id: 'admin' })));
  const secrets: string[] = [];
  for (let at = 0; at < accounts; at += 1) {
    const text = await admin.ask(frame(JSON.stringify({ type: 'account', name: `person${at}`, ref: at })));
    secrets.push(/"secret":"([^"]+)"/.exec(text)?.[1] ?? '');
  }
  admin.leave();
  for (const { port } of others) {
    for (let isKnown = false; !isKnown; ) {
      const client = await asker(port, '"success":');
      const text = await client.ask(frame(JSON.stringify({ type: 'login', user_id: secrets.at(-1), device_id: 'd' })));
      isKnown = text.includes('"success":true');
      client.leave();
    }
  }
  return secrets;
}

async function runRound(
  postgres: Postgres,
  url: PostgresUrl,
  writers: readonly Crowd[],
  followers: readonly Crowd[],
): Promise<Measured> {
  const create = frame(JSON.stringify({ type: 'create', channel: 'log', item, ref: 1 }));
  let sent = 0;
  for (const crowd of followers) {
    crowd.onBytes((_, bytes) => {
      sent += countOf(bytes, '"type":"create","channel"');
    });
  }
  const rowsBefore = await rowsRead(postgres, url);
  const began = performance.now();
  let written = 0;
  await Promise.all(
    writers.map(
      (crowd) =>
        new Promise<void>((resolve) => {
          let waiting = crowd.count;
          crowd.onBytes((at, bytes) => {
            if (bytes.includes('"success":false')) throw new Error(bytes.toString('latin1'));
            if (!bytes.includes('"ack"')) return;
            written += 1;
            if (performance.now() - began < roundMs) crowd.sockets[at]?.write(create);
            else {
              waiting -= 1;
              if (waiting === 0) resolve();
            }
          });
          for (const socket of crowd.sockets) socket.write(create);
        }),
    ),
  );
  const rate = (written * 1_000) / (performance.now() - began);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const rows = ((await rowsRead(postgres, url)) - rowsBefore) / written;
  return { rate, rows, live: Math.min(1, sent / (written * followers.length)) };
}

/** Steps that reads of the hubs have fetched: writes fetch none of them, because every create is new. */
async function rowsRead(postgres: Postgres, url: PostgresUrl): Promise<number> {
  // The server's counters are a second late at most; a round is longer.
  const [row] = await postgres.query(
    `SELECT coalesce(sum(idx_tup_fetch), 0)::float8 AS rows FROM pg_stat_user_tables WHERE relname LIKE 'steps%'`,
    url,
  );
  return Number(row?.['rows'] ?? 0);
}

function countOf(bytes: Buffer, text: string): number {
  let count = 0;
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + text.length)) count += 1;
  return count;
}

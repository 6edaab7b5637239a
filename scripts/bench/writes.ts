// Durable writes by 64 and by 1,000 clients, each with one write in flight: `create` of about 200 bytes in one of 16 channels. The control
// has the same WebSockets and commits the same rows with a bare engine.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../clients/load/figures.ts';
import { durableItem, durableWrite, writeChannels } from '../../clients/load/load-messages.ts';
import type { BenchRow } from './store.ts';
import { type Crowd, frame, gather, type Server, start } from './wire.ts';

const rounds = 5;
const roundMs = 1_000;
export const owner = randomUUID();

export async function benchWrites(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const ours = await start('ours', { HORAI_DATA: join(folder, 'hub'), HORAI_OWNER_TOKEN: owner });
  const bare = await start('bare', { file: join(folder, 'bare.db') });
  for (const writers of [64, 1_000]) {
    const rate: Record<string, number[]> = { ours: [], bare: [] };
    const cpu: Record<string, number[]> = { ours: [], bare: [] };
    const groups = [await connectWriters(ours, writers), await connectWriters(bare, writers)];
    for (let round = -1; round < rounds; round += 1) {
      for (const group of groups) {
        const { server } = group;
        const before = await server.usage();
        const { written, seconds } = await write(group, roundMs);
        const after = await server.usage();
        // The first round warms up and is not counted.
        if (round < 0) continue;
        rate[server.kind]?.push(written / seconds);
        cpu[server.kind]?.push((after.cpu - before.cpu) / written);
      }
    }
    for (const { crowd } of groups) crowd.leave();
    const name = `writes: durable and acknowledged, ${writers.toLocaleString('en')} clients`;
    const whole = (figures: readonly number[] = []) => Math.round(median(figures));
    rows.push(
      { name, ours: whole(rate['ours']), control: whole(rate['bare']), unit: 'writes/s' },
      { name: `${name}, processor`, ours: whole(cpu['ours']), control: whole(cpu['bare']), unit: 'µs/write' },
    );
  }
  await ours.stop();
  await bare.stop();
  rmSync(folder, { recursive: true });
  return rows;
}

interface Writers {
  readonly server: Server;
  readonly crowd: Crowd;
  readonly texts: readonly Buffer[];
}

export async function connectWriters(server: Server, writers: number): Promise<Writers> {
  const texts = Array.from({ length: writeChannels }, (_, channel) =>
    frame(
      server.kind === 'ours'
        ? JSON.stringify(durableWrite(`notes-${channel}`))
        : `w${channel.toString(16)}0${JSON.stringify(durableItem)}`,
    ),
  );
  const hello = (at: number) =>
    frame(
      server.kind === 'ours'
        ? JSON.stringify({ type: 'login', user_id: owner, device_id: `writer-${at}` })
        : 'jnothing',
    );
  return { server, crowd: await gather(server.port, writers, hello, '"success":true'), texts };
}

/** All clients write for `forMs`. Resolves when the last answer has arrived. */
export function write({ crowd, texts }: Writers, forMs: number): Promise<{ written: number; seconds: number }> {
  return new Promise((resolve) => {
    const began = performance.now();
    let written = 0;
    let waiting = crowd.count;
    const next = (at: number) => {
      const text = texts[at % writeChannels];
      if (text !== undefined) crowd.sockets[at]?.write(text);
    };
    crowd.onBytes((at, bytes) => {
      if (!bytes.includes('"ack"')) throw new Error(bytes.toString('latin1'));
      written += 1;
      if (performance.now() - began < forMs) next(at);
      else {
        waiting -= 1;
        if (waiting === 0) resolve({ written, seconds: (performance.now() - began) / 1_000 });
      }
    });
    for (let at = 0; at < crowd.count; at += 1) next(at);
  });
}

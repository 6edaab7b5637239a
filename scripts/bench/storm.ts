// 10,000 followers lose their connection, miss 100 changes and reconnect at once: handshake, login with their device, subscribe with
// their position. Measures the time until the last has caught up, and the reads from the store. The control is a bare server that sends
// each client the same bytes from memory.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../clients/load/figures.ts';
import type { BenchRow } from './store.ts';
import { asker, frame, gather, type Server, settled, start } from './wire.ts';

const clients = 10_000;
const missed = 100;
const rounds = 3;
const owner = randomUUID();
/** The text of the last missed change only. */
const newest = 'the last missed change';

export async function benchStorm(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
  const ours = await start('ours', { HORAI_DATA: folder, HORAI_OWNER_TOKEN: owner });
  const bare = await start('bare', {});
  const hub = await asker(ours.port, '"ref":');
  const twin = await asker(bare.port, '"ack"');
  const create = (text: string) => frame(JSON.stringify({ type: 'create', channel: 'notes', item: { text }, ref: 1 }));
  await hub.ask(frame('{"type":"create","task":{"desc":"x"},"ref":1}'));
  const version = Number(
    /"version":(\d+)/.exec(
      await hub.ask(frame(JSON.stringify({ type: 'login', user_id: owner, device_id: 'writer', ref: 1 }))),
    )?.[1],
  );
  const figures = { ours: [] as number[], bare: [] as number[] };
  const reads: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const position = /"seq":(\d+),"epoch":"([^"]+)"/.exec(await hub.ask(create('the last received change')));
    const [seq, epoch] = [Number(position?.[1]), position?.[2]];
    const subscribe = JSON.stringify({ type: 'subscribe', channel: 'notes', seq, epoch });
    const hello = (knownVersion: number) => (at: number) =>
      Buffer.concat([
        frame(JSON.stringify({ type: 'login', user_id: owner, device_id: `device-${at}`, version: knownVersion })),
        frame(subscribe),
      ]);
    const before = await gather(ours.port, clients, hello(round === 0 ? 0 : version), '"type":"changes"');
    before.leave();
    await settled(ours);
    for (let count = 1; count < missed; count += 1) await hub.ask(create('x'.repeat(100)));
    await hub.ask(create(newest));

    const reader = await asker(ours.port, newest);
    const page = await reader.ask(frame(subscribe));
    reader.leave();
    await twin.ask(frame(`k${page.slice(page.indexOf('{"success"'))}`));
    const readsBefore = await countReads(ours);
    figures.ours.push(await storm(ours, hello(version)));
    reads.push((await countReads(ours)) - readsBefore);
    figures.bare.push(await storm(bare, () => Buffer.concat([frame('jtasks'), frame('r')])));
    await settled(ours);
  }
  await ours.stop();
  await bare.stop();
  rmSync(folder, { recursive: true });
  return [
    {
      name: 'storm: 10,000 reconnect at once, 100 changes behind',
      ours: median(figures.ours),
      control: median(figures.bare),
      unit: 'ms',
    },
    { name: 'storm: reads from the store', ours: median(reads), control: 0, unit: 'reads' },
  ];
}

async function storm({ port }: Server, hello: (at: number) => Buffer): Promise<number> {
  const began = performance.now();
  const crowd = await gather(port, clients, hello, newest, clients);
  const took = performance.now() - began;
  crowd.leave();
  return Math.round(took);
}

/** The number of reads from the hub's store so far. */
async function countReads({ port }: Server): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/-/metrics`);
  const count = /^horai_store_reads_total (\d+)$/m.exec(await response.text())?.[1];
  if (count === undefined) throw new Error('the hub does not count its reads');
  return Number(count);
}

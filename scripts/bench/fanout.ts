// One writer to 1, 100, 1,000 and 10,000 followers over WebSocket: a message at a time (the next once all followers and the
// writer have heard) and eight in flight. Ours is a `create` in a channel that all follow; the control is bare uWebSockets.js
// that publishes a text of the same length and answers its writer, without looking at either.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchRow, median } from './store.ts';
import { type Asker, asker, type Crowd, frame, gather, mark, type Server, start } from './wire.ts';

const rounds = 5;
const roundMs = 500;
const inFlight = 8;
/** With this many the two servers' followers are not connected at once: the system would not let us. */
const many = 5_000;

/** In memory: what publishing costs. On disk: what a durable write costs with it, against a bare engine's commit. */
export async function benchFanout(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const durable of [false, true]) {
    const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
    const [store, file] = durable ? ['sqlite', join(folder, 'bare.db')] : ['memory', ''];
    const ours = await start('ours', { HORAI_STORE: store, HORAI_DATA: join(folder, 'hub') });
    const bare = await start('bare', { file });
    for (const followers of durable ? [1_000] : [1, 100, 1_000, 10_000]) {
      rows.push(...(await compare(ours, bare, followers, durable)));
    }
    await ours.stop();
    await bare.stop();
    rmSync(folder, { recursive: true });
  }
  return rows;
}

interface Figures {
  readonly rate: number[];
  /** Microseconds of the server's processor time for each message. */
  readonly cpu: number[];
}

interface Party {
  readonly server: Server;
  readonly crowd: Crowd;
  readonly writer: Asker;
  readonly text: Buffer;
}

const figures = (): Figures => ({ rate: [], cpu: [] });

async function compare(ours: Server, bare: Server, followers: number, durable: boolean): Promise<BenchRow[]> {
  const taken = { one: { ours: figures(), bare: figures() }, eight: { ours: figures(), bare: figures() } };
  const apart = followers > many;
  const parties: Party[] = [];
  if (!apart) for (const server of [ours, bare]) parties.push(await meet(server, followers, durable));
  for (let round = 0; round < (apart ? 3 : rounds); round += 1) {
    for (const [at, server] of [ours, bare].entries()) {
      const party = parties[at] ?? (await meet(server, followers, durable));
      await measure(party, 1, roundMs / 5);
      await measure(party, 1, roundMs, taken.one[server.kind]);
      await measure(party, inFlight, roundMs, taken.eight[server.kind]);
      if (apart) part(party);
    }
  }
  parties.forEach(part);
  const what = `fan-out${durable ? ', durable' : ''}: ${followers.toLocaleString('en')}`;
  return (['one', 'eight'] as const).flatMap((how) => {
    const { ours: hub, bare: control } = taken[how];
    const name = `${what}, ${how === 'one' ? 'one at a time' : 'eight in flight'}`;
    return [
      { name, ours: Math.round(median(hub.rate)), control: Math.round(median(control.rate)), unit: 'deliveries/s' },
      {
        name: `${name}, processor`,
        ours: tenths(median(hub.cpu)),
        control: tenths(median(control.cpu)),
        unit: 'µs/message',
      },
    ];
  });
}

let met = 0;

async function meet(server: Server, followers: number, durable: boolean): Promise<Party> {
  met += 1;
  const channel = `followed-${met}`;
  const joining = frame(server.kind === 'ours' ? JSON.stringify({ type: 'subscribe', channel }) : `j${channel}`);
  const crowd = await gather(server.port, followers, () => joining, '"type":"snapshot"');
  const writer = await asker(server.port, '"ack"');
  const item = { text: `${mark}${'x'.repeat(20)}` };
  const create = JSON.stringify({ type: 'create', channel, item, ref: 1 });
  // What the hub tells followers of that, to the byte but for the digits of its numbers.
  const told = `{"success":true,"type":"create","channel":"${channel}","seq":10000,"key":"${'k'.repeat(20)}","item":${JSON.stringify(item)},"device_id":"by-hand-127.0.0.100/1000","at":1800000000000}`;
  return {
    server,
    crowd,
    writer,
    text: frame(server.kind === 'ours' ? create : `${durable ? 'd' : 'p'}${channel}\n${told}`),
  };
}

function part({ crowd, writer }: Party): void {
  crowd.leave();
  writer.leave();
}

async function measure(
  { server, crowd, writer, text }: Party,
  flight: number,
  forMs: number,
  into?: Figures,
): Promise<void> {
  const texts = Buffer.concat(Array.from({ length: flight }, () => text));
  const before = await server.usage();
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < forMs) {
    await Promise.all([crowd.hears(flight), writer.ask(texts, flight)]);
    sent += flight;
  }
  const took = performance.now() - began;
  const { cpu } = await server.usage();
  into?.rate.push((sent * crowd.count * 1_000) / took);
  into?.cpu.push((cpu - before.cpu) / sent);
}

function tenths(figure: number): number {
  return Math.round(figure * 10) / 10;
}

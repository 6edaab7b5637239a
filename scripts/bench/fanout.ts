// One writer and 1, 100, 1,000 or 10,000 followers over WebSocket: with one message in flight (the next one is sent when all followers and
// the writer have received theirs) and with eight. Ours is a `create` in a channel that all follow. The control is bare uWebSockets.js,
// which publishes a text of the same length and answers the writer, without parsing either. The hub on its ws engine has two more controls:
// bare ws, and bare ws that makes the frame of a text once for all receivers.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../../clients/load/figures.ts';
import { followedItem, followedWrite } from '../../clients/load/load-messages.ts';
import type { BenchRow } from './store.ts';
import { type Asker, asker, type Crowd, frame, gather, type Server, type ServerKind, start } from './wire.ts';

const rounds = 5;
const roundMs = 500;
const inFlight = 8;
/** With more followers than this, only one server has its followers connected at a time: the system limits connections. */
const many = 5_000;

/** Rows in memory measure publishing. Rows on disk add the durable write, compared with a bare engine's commit. */
export async function benchFanout(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const durable of [false, true]) {
    const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
    const [store, file] = durable ? ['sqlite', join(folder, 'bare.db')] : ['memory', ''];
    const ours = await start('ours', { HORAI_STORE: store, HORAI_DATA: join(folder, 'hub') });
    const bare = await start('bare', { file });
    for (const followers of durable ? [1_000] : [1, 100, 1_000, 10_000]) {
      const { hub, controls } = await compare(ours, [bare], followers, durable);
      for (const control of controls) rows.push(...rowsOf(nameOf(followers, durable), hub, control.figures));
    }
    await ours.stop();
    await bare.stop();
    rmSync(folder, { recursive: true });
  }
  return [...rows, ...(await benchWsFanout())];
}

/** The hub on its ws engine, beside all controls. */
export async function benchWsFanout(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const ours = await start('ours', { HORAI_STORE: 'memory', HORAI_ENGINE: 'ws' });
  const controls = [await start('bare', {}), await start('ws', {}), await start('ws, frames made once', {})];
  for (const followers of [1, 100, 1_000]) {
    const measured = await compare(ours, controls, followers, false);
    for (const { kind, figures } of measured.controls) {
      const control = kind === 'bare' ? 'bare uWebSockets.js' : kind;
      rows.push(...rowsOf(`ws engine, control ${control}: ${nameOf(followers, false)}`, measured.hub, figures));
    }
  }
  for (const server of [ours, ...controls]) await server.stop();
  return rows;
}

function nameOf(followers: number, durable: boolean): string {
  return `fan-out${durable ? ', durable' : ''}: ${followers.toLocaleString('en')}`;
}

interface Figures {
  readonly rate: number[];
  /** Microseconds of the server's processor time for each message. */
  readonly cpu: number[];
}

interface Clients {
  readonly server: Server;
  readonly crowd: Crowd;
  readonly writer: Asker;
  readonly text: Buffer;
}

interface Measured {
  readonly one: Figures;
  readonly eight: Figures;
}

interface Comparison {
  readonly hub: Measured;
  readonly controls: readonly { readonly kind: ServerKind; readonly figures: Measured }[];
}

const noFigures = (): Measured => ({ one: { rate: [], cpu: [] }, eight: { rate: [], cpu: [] } });

async function compare(
  ours: Server,
  controls: readonly Server[],
  followers: number,
  durable: boolean,
): Promise<Comparison> {
  const sides = [ours, ...controls].map((server) => ({ server, figures: noFigures() }));
  const oneAtATime = followers > many;
  const connected: Clients[] = [];
  if (!oneAtATime) for (const { server } of sides) connected.push(await connectClients(server, followers, durable));
  for (let round = 0; round < (oneAtATime ? 3 : rounds); round += 1) {
    for (const [at, { server, figures }] of sides.entries()) {
      const clients = connected[at] ?? (await connectClients(server, followers, durable));
      await measure(clients, 1, roundMs / 5);
      await measure(clients, 1, roundMs, figures.one);
      await measure(clients, inFlight, roundMs, figures.eight);
      if (oneAtATime) disconnect(clients);
    }
  }
  connected.forEach(disconnect);
  const [hub, ...others] = sides;
  return {
    hub: hub?.figures ?? noFigures(),
    controls: others.map(({ server, figures }) => ({ kind: server.kind, figures })),
  };
}

function rowsOf(what: string, hub: Measured, control: Measured): BenchRow[] {
  return (['one', 'eight'] as const).flatMap((how) => {
    const name = `${what}, ${how === 'one' ? 'one at a time' : 'eight in flight'}`;
    return [
      {
        name,
        ours: Math.round(median(hub[how].rate)),
        control: Math.round(median(control[how].rate)),
        unit: 'deliveries/s',
      },
      {
        name: `${name}, processor`,
        ours: tenths(median(hub[how].cpu)),
        control: tenths(median(control[how].cpu)),
        unit: 'µs/message',
      },
    ];
  });
}

let channels = 0;

async function connectClients(server: Server, followers: number, durable: boolean): Promise<Clients> {
  channels += 1;
  const channel = `followed-${channels}`;
  const joining = frame(server.kind === 'ours' ? JSON.stringify({ type: 'subscribe', channel }) : `j${channel}`);
  const crowd = await gather(server.port, followers, () => joining, '"type":"snapshot"');
  const writer = await asker(server.port, '"ack"');
  const create = JSON.stringify(followedWrite(channel));
  // The message that the hub sends to followers, with the same length except for digits of numbers.
  const change = `{"success":true,"type":"create","channel":"${channel}","seq":10000,"key":"${'k'.repeat(20)}","item":${JSON.stringify(followedItem)},"device_id":"by-hand-127.0.0.100/1000","at":1800000000000}`;
  return {
    server,
    crowd,
    writer,
    text: frame(server.kind === 'ours' ? create : `${durable ? 'd' : 'p'}${channel}\n${change}`),
  };
}

function disconnect({ crowd, writer }: Clients): void {
  crowd.leave();
  writer.leave();
}

async function measure(
  { server, crowd, writer, text }: Clients,
  flight: number,
  forMs: number,
  into?: Figures,
): Promise<void> {
  const texts = Buffer.concat(Array.from({ length: flight }, () => text));
  const before = await server.usage();
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < forMs) {
    await Promise.all([crowd.receive(flight), writer.ask(texts, flight)]);
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

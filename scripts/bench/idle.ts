// Resident memory per idle connection, measured with 10,000: logged in (which follows the account's tasks), and also subscribed to the
// tasks; of one account and of 1,000 accounts. The control is 10,000 sockets of bare uWebSockets.js that received answers of the same size
// and follow one topic. All devices connected once before a restart of the hub, so that the memory which the hub uses for a device
// without a connection is not counted.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from './store.ts';
import { asker, type Crowd, frame, gather, type Server, settled, start } from './wire.ts';

const connections = 10_000;
const accounts = 1_000;
const owner = randomUUID();

export async function benchIdle(): Promise<readonly BenchRow[]> {
  const bare = await start('bare', {});
  const control = await weigh(bare, () => [frame('jtasks')]);
  await bare.stop();
  const rows: BenchRow[] = [];
  for (const many of [1, accounts]) {
    const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
    const options = { HORAI_DATA: folder, HORAI_OWNER_TOKEN: owner };
    const before = await start('ours', options);
    const secrets = many === 1 ? [owner] : await signUp(before, many);
    const login = (at: number) =>
      frame(JSON.stringify({ type: 'login', user_id: secrets[at % many], device_id: `device-${at}` }));
    // All devices connect once before the measurement, so that the hub already knows them.
    (await gather(before.port, connections, login, '"success":true')).leave();
    await settled(before);
    await before.stop();
    const ours = await start('ours', options);
    const loggedIn = await weigh(ours, (at) => [login(at)]);
    const following = await weigh(ours, (at) => [login(at), frame('{"type":"subscribe","channel":"tasks"}')]);
    await ours.stop();
    rmSync(folder, { recursive: true });
    const ofAccounts = many === 1 ? 'one account' : `${many.toLocaleString('en')} accounts`;
    for (const [what, weight] of [
      ['logged in', loggedIn],
      ['subscribed', following],
    ] as const) {
      const name = `idle: a connection ${what}, ${ofAccounts}`;
      rows.push(
        { name, ours: weight.resident, control: control.resident, unit: 'bytes' },
        { name: `${name}, heap`, ours: weight.heap, control: control.heap, unit: 'bytes' },
      );
    }
  }
  return rows;
}

async function weigh(
  server: Server,
  hello: (at: number) => readonly Buffer[],
): Promise<{ readonly resident: number; readonly heap: number }> {
  const connectAll = async (count: number, from: number): Promise<Crowd> => {
    const crowd = await gather(server.port, count, (at) => hello(from + at)[0] ?? Buffer.alloc(0), '"success":true');
    const nextTexts = hello(0).slice(1);
    if (nextTexts.length > 0) {
      let waiting = count;
      await new Promise<void>((resolve) => {
        crowd.onBytes(() => {
          waiting -= 1;
          if (waiting === 0) resolve();
        });
        for (const socket of crowd.sockets) for (const text of nextTexts) socket.write(text);
      });
    }
    return crowd;
  };
  (await connectAll(connections / 10, connections)).leave();
  await settled(server);
  const before = await server.usage(true);
  const crowd = await connectAll(connections, 0);
  await settled(server);
  const after = await server.usage(true);
  crowd.leave();
  await settled(server);
  const each = (bytes: number) => Math.round(bytes / connections);
  return { resident: each(after.resident - before.resident), heap: each(after.heap - before.heap) };
}

/** Creates `many` accounts and returns their secrets. */
async function signUp({ port }: Server, many: number): Promise<string[]> {
  const admin = await asker(port, '"ref":');
  const texts = Array.from({ length: many }, (_, at) =>
    frame(JSON.stringify({ type: 'account', name: `a${at}`, ref: 1 })),
  );
  const answers = await admin.ask(Buffer.concat(texts), many);
  admin.leave();
  const secrets = [...answers.matchAll(/"secret":"([^"]+)"/g)].flatMap(([, secret]) => secret ?? []);
  if (secrets.length !== many) throw new Error(`${many} accounts gave ${secrets.length} secrets`);
  return secrets;
}

// Two nodes of 0.2.0 on one PostgreSQL, upgraded one after the other: what each of them can do meanwhile, and that nothing is lost.

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { unpackVersion } from '../../harness/released-versions.ts';
import { Socket } from '../../harness/socket.ts';

jest.setTimeout(180_000);

const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  const leftovers = new Leftovers();
  const last = leftovers.folder();
  let postgres: Postgres;
  beforeAll(async () => {
    unpackVersion('0.2.0', last);
    postgres = await Postgres.start();
  }, 120_000);
  afterAll(async () => {
    await leftovers.clear();
    await postgres.remove();
  });

  /** A node with a data folder of its own. */
  const nodeOn = (store: string) => {
    const env = { HORAI_STORE: store, HORAI_DATA: leftovers.folder(), HORAI_OWNER_TOKEN: owner };
    return (sources?: string) => new HubProcess(leftovers, env, [], [], undefined, sources);
  };
  const client = async (hub: HubProcess) => {
    const socket = await Socket.open(await hub.up());
    await socket.ask({ type: 'login', user_id: owner, device_id: '' });
    return socket;
  };
  const write = (socket: Socket, key: string) =>
    socket.ask({ type: 'create', channel: 'notes', key, item: key, ref: key });
  const keys = async (socket: Socket) => {
    const { items } = await socket.ask({ type: 'read-all', channel: 'notes', ref: 'read' });
    return Array.isArray(items) ? items.map(({ key }) => key) : items;
  };

  test('after the first node is upgraded the others still read, and write again when they are upgraded, too', async () => {
    const store = await postgres.database();
    const [first, second] = [nodeOn(store), nodeOn(store)];
    let [a, b] = [first(last), second(last)];
    let [atA, atB] = [await client(a), await client(b)];
    expect(await write(atA, 'a, old')).toMatchObject({ type: 'ack' });
    expect(await write(atB, 'b, old')).toMatchObject({ type: 'ack' });
    await atA.close();
    expect(await a.stop()).toMatchObject({ code: 0 });

    a = first();
    atA = await client(a);
    expect(await write(atA, 'a, new')).toMatchObject({ type: 'ack' });
    // The old node does not write to tables that it does not know.
    expect(await write(atB, 'b, lost')).toMatchObject({ success: false });
    expect(await keys(atA)).toEqual(['a, new', 'a, old', 'b, old']);
    await atB.close();
    await b.stop();

    b = second();
    atB = await client(b);
    expect(await write(atB, 'b, new')).toMatchObject({ type: 'ack' });
    expect(await keys(atB)).toEqual(['a, new', 'a, old', 'b, new', 'b, old']);
    for (const socket of [atA, atB]) await socket.close();
    for (const hub of [a, b]) expect(await hub.stop()).toMatchObject({ code: 0 });
  });

  test('nodes of this version that start at once on a database of 0.2.0 wait for one another; 0.2.0 then refuses to start', async () => {
    const store = await postgres.database();
    const old = nodeOn(store)(last);
    const before = await client(old);
    await write(before, 'old');
    await before.close();
    await old.stop();
    const nodes = [nodeOn(store), nodeOn(store), nodeOn(store)].map((start) => start());
    for (const node of nodes) {
      const socket = await client(node);
      expect(await keys(socket)).toEqual(['old']);
      await socket.close();
    }
    for (const node of nodes) expect(await node.stop()).toMatchObject({ code: 0 });
    const { code, err } = await nodeOn(store)(last).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/the database was written by a newer Horai \(it has \w+\): install the newer one/);
  });
}

// Who is in a channel of a hub of two nodes, with real processes: on either node, and after one of them is killed.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Message, type Talk, webSocket } from '../../contract/talk.ts';
import { eventually } from '../../harness/eventually.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';

const owner = randomUUID();
const limitMs = 240_000;
const deadlineMs = 60_000;

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  let postgres: Postgres;
  let leftovers: Leftovers;
  let talks: Talk[];
  beforeEach(async () => {
    leftovers = new Leftovers();
    talks = [];
    postgres = await Postgres.start([]);
  }, limitMs);
  afterEach(async () => {
    for (const talk of talks) talk.cut();
    await leftovers.clear();
    await postgres.remove();
  }, limitMs);

  const logIn = async (url: string) => {
    const talk = await webSocket({ url, kronos: null });
    talks.push(talk);
    await talk.ask({ type: 'login', user_id: owner, device_id: `d${talks.length}` });
    return talk;
  };

  test(
    '[P3.2] the connections of a node that was killed are gone from the others, and those of a stopped one at once',
    async () => {
      const store = await postgres.database();
      const env = { HORAI_STORE: store, HORAI_OWNER_TOKEN: owner };
      const nodes = [0, 1, 2].map(() => new HubProcess(leftovers, { ...env, HORAI_DATA: leftovers.folder() }));
      const urls: string[] = [];
      for (const node of nodes) urls.push(await node.up());
      const [watcher] = await Promise.all(urls.slice(0, 1).map(logIn));
      if (watcher === undefined) throw new Error('no watcher');
      const shown = (count: number, why: string) => {
        let last: Message;
        const check = async () => {
          [last] = await watcher.ask({ type: 'presence', channel: 'notes' });
          return last.connections === count ? last : undefined;
        };
        return eventually(check, why, { deadlineMs, instead: () => last });
      };
      for (const url of urls.slice(1)) {
        for (const talk of [await logIn(url), await logIn(url)])
          await talk.ask({ type: 'subscribe', channel: 'notes' });
      }
      const full = await shown(4, 'four connections of two other nodes');
      expect(full.accounts).toEqual([{ account: 'owner', connections: 4 }]);
      expect(full.here.map(({ device_id }: Message) => device_id).sort()).toEqual(['d2', 'd3', 'd4', 'd5']);
      nodes[1]?.signal('SIGKILL');
      await shown(2, 'the connections of the killed node to be gone');
      await nodes[2]?.stop();
      await shown(0, 'the connections of the stopped node to be gone');
      // The database forgets the connections of a node with the node.
      const rows = () => postgres.query("SELECT channel FROM horai.presence WHERE channel = 'owner/notes'", store);
      expect(await rows()).toHaveLength(2);
      await postgres.query("DELETE FROM horai.nodes WHERE seen < now() - interval '7 seconds'", store);
      expect(await rows()).toEqual([]);
    },
    limitMs,
  );
}

// The conversation with a hub of two nodes on one PostgreSQL. Each new client connects to the other node.

import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { conversation } from '../../contract/conversation.ts';
import { webSocket } from '../../contract/talk.ts';
import { type Start, startNode } from '../../harness/compose.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';

if (postgresBin === undefined) test.skip('PostgreSQL is not installed', () => undefined);
else {
  describe('two nodes on PostgreSQL', () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await Postgres.start();
    }, 60_000);
    afterAll(() => postgres.remove());

    const twoNodes: Start = async (overrides, world) => {
      const store = await postgres.database();
      const on = { ...overrides, store, data: postgres.folder() };
      return [await startNode(on, world), await startNode({ ...on, data: postgres.folder() }, world)];
    };
    conversation('WebSocket', 'auto', webSocket, twoNodes);
  });
}

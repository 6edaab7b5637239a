// The hub of a release on PostgreSQL: its migrations are files of the release, and the drivers are bundled.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { programs } from '../../../scripts/node-cache.ts';
import { ask } from '../../harness/clients.ts';
import { Postgres, postgresBin } from '../../harness/postgres.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { madeRelease } from '../../harness/release.ts';

const node = programs.node('22');

if (postgresBin === undefined || !existsSync(node)) {
  test.skip('PostgreSQL or Node 22 is not installed (npm run nodes)', () => undefined);
} else {
  describe('the hub of a release', () => {
    const leftovers = new Leftovers();
    let postgres: Postgres;
    let file: string;
    beforeAll(async () => {
      postgres = await Postgres.start(['fsync=off']);
      const folder = leftovers.folder();
      execFileSync('tar', ['-xzf', (await madeRelease()).tarball, '-C', folder]);
      file = join(folder, 'package/bin/horai.js');
    }, 300_000);
    afterAll(async () => {
      await leftovers.clear();
      await postgres.remove();
    });

    test('migrates a new database and stores in it', async () => {
      const env = { HORAI_STORE: await postgres.database(), HORAI_DATA: leftovers.folder() };
      const hub = new HubProcess(leftovers, env, [], [], [node, file]);
      const port = Number(new URL(await hub.up()).port);
      const headers = { 'content-type': 'application/json' };
      const put = await ask(port, 'PUT', '/room', { headers, body: '{"timer":1,"user":"ann"}' });
      expect(put.status).toBe(202);
      expect(await hub.stop()).toMatchObject({ code: 0 });
    });
  });
}

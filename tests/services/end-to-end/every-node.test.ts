// The hub of a release on every supported version of Node: the wire's contract over real sockets, against a process.
// `npm run nodes` gets the versions. The newest core of uWebSockets.js runs with Debian 13's C library where the system's is older.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import semver from 'semver';
import { nodeVersions, programs } from '../../../scripts/node-cache.ts';
import { conversation, Place } from '../../contract/conversation.ts';
import { rawTcp, webSocket } from '../../contract/talk.ts';
import { packedHub, unpackHub } from '../../harness/packed-hub.ts';
import { Leftovers } from '../../harness/process.ts';

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly engines?: { readonly node?: string } }>
  >;
}

const missing = nodeVersions.filter((version) => !existsSync(programs.node(version)));
const withDebian13 = [programs.loader, '--library-path', programs.libraries];

if (missing.length > 0) test.skip(`Node ${missing.join(', ')} is not there: npm run nodes`, () => undefined);
else {
  describe('the packed hub', () => {
    const leftovers = new Leftovers();
    const folder = leftovers.folder();
    beforeAll(() => unpackHub(folder), 300_000);
    afterAll(() => leftovers.clear());

    test.each(
      nodeVersions,
    )('and every package that it needs support Node %s, so that npm warns about nothing', (version) => {
      const node = execFileSync(programs.node(version), ['--version'], { encoding: 'utf8' }).trim();
      const lock: LockFile = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8'));
      const unsupported = Object.entries(lock.packages)
        .filter(([, { dev, engines }]) => dev !== true && !semver.satisfies(node, engines?.node ?? '*'))
        .map(([name]) => name);
      expect(unsupported).toEqual([]);
    });

    describe.each([
      ['Node 22', [programs.node('22')], undefined, /^uWebSockets.js from uws-pack /],
      ['Node 24', [programs.node('24')], undefined, /^ws, because uws-pack .* has no binary for Node 24/],
      ['Node 26', [programs.node('26')], undefined, /^ws, because uws-pack .* has no binary for Node 26/],
      ...(existsSync(programs.loader)
        ? ([
            [
              'Node 24 with the newest core of uWebSockets.js',
              [...withDebian13, programs.node('24')],
              programs.newestUws,
              /^uWebSockets.js from @btc-vision\/uwebsockets.js 20.57.0$/,
            ],
          ] as const)
        : []),
    ] as const)('on %s', (name, command, uws, note) => {
      const start = packedHub(leftovers, command, folder, uws);
      conversation('WebSocket', 'auto', webSocket, start);
      if (name === 'Node 24') conversation('raw TCP', 'auto', rawTcp, start);

      test('says which socket engine runs', async () => {
        const place = await Place.open(webSocket, {}, start);
        expect(place.hub.engineNote).toMatch(note);
        await place.close();
      });
    });
  });
}

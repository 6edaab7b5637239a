// Which socket engine a hub runs on: real packages in folders of the test, and the advice for machines that have none.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { listen } from '../../../server/transport/listen.ts';
import {
  adviseFasterEngine,
  chooseUws,
  type EngineMachine,
  uwsPackages,
} from '../../../server/transport/uws-package.ts';
import { TestWorld } from '../../harness/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'horai-engine-'));
afterAll(() => rmSync(folder, { recursive: true }));

const brought = fileURLToPath(new URL('../../../node_modules/uWebSockets.js/dist/bin', import.meta.url));
const binary = join(brought, `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`);

/** A package with the files of an official build: CommonJS around the binary of this machine. */
function officialBuild(version: string): string {
  const at = join(folder, version);
  mkdirSync(at);
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: 'uWebSockets.js', version, main: 'uws.js' }));
  writeFileSync(join(at, 'uws.js'), `module.exports = require(${JSON.stringify(binary)});`);
  return at;
}

const nobody = {
  routes: [],
  admit: () => undefined,
  converse: () => ({ receive() {}, dropped() {}, drained() {}, closed() {} }),
};
const addresses = { host: '127.0.0.1', port: 0, kronosPort: null, isKronosRequired: false };
const { log } = new TestWorld();

async function engineOf(options: object) {
  const listened = await listen(nobody, addresses, { log, ...options });
  if (!listened.ok) return listened.error;
  const { engine, engineNote, warnings } = listened.listening;
  await listened.listening.close();
  return { engine, engineNote, warnings };
}

describe('the socket engine', () => {
  test('is the package that Horai brings, which the note names with its version', async () => {
    expect(await engineOf({})).toEqual({
      engine: 'uWebSockets.js',
      engineNote: 'uWebSockets.js from uws-pack 20.0.8',
      warnings: [],
    });
  });

  test('is the package or the path of HORAI_UWS before any other; its package.json says what it is', async () => {
    const path = officialBuild('20.52.0');
    expect(uwsPackages(path)).toEqual([path, 'uWebSockets.js']);
    expect(await engineOf({ uwsPackages: uwsPackages(path) })).toEqual({
      engine: 'uWebSockets.js',
      engineNote: 'uWebSockets.js from uWebSockets.js 20.52.0',
      warnings: [],
    });
    const file = await chooseUws([join(path, 'uws.js')]);
    expect([file.uws !== undefined, file.failures]).toEqual([true, []]);
  });

  test('is the next package, with a warning, where HORAI_UWS does not load', async () => {
    for (const name of ['no-such-package', join(folder, 'nowhere'), 'nanoid']) {
      expect(await engineOf({ uwsPackages: uwsPackages(name) })).toEqual({
        engine: 'uWebSockets.js',
        engineNote: 'uWebSockets.js from uws-pack 20.0.8',
        warnings: [expect.stringMatching(/ does not load here: .*; the hub runs on uws-pack 20.0.8$/)],
      });
    }
  });

  test('is ws where no package loads, and an error where uws was insisted on; both say why and what to do', async () => {
    const uws = { uwsPackages: ['no-such-package'] };
    expect(await engineOf(uws)).toEqual({
      engine: 'ws',
      engineNote: expect.stringMatching(/^ws, because no-such-package does not load here: .*\. .*uWebSockets.js/),
      warnings: [],
    });
    expect(await engineOf({ ...uws, engine: 'uWebSockets.js' })).toMatch(/^no-such-package does not load here: /);
    expect(await engineOf({ uwsPackages: ['nanoid'], engine: 'uWebSockets.js' })).toMatch(
      /nanoid is not uWebSockets.js/,
    );
    expect(await engineOf({ engine: 'ws' })).toMatchObject({ engineNote: 'ws, as HORAI_ENGINE says' });
  });
});

describe('the advice for a faster engine', () => {
  const debian13: EngineMachine = { platform: 'linux', arch: 'x64', abi: '137', glibc: '2.41' };
  test.each<[string, Partial<EngineMachine>, RegExp]>([
    [
      'Node 24 on Debian 13',
      {},
      /npm install @btc-vision\/uwebsockets.js@20.57.0, then start with HORAI_UWS=@btc-vision/,
    ],
    ['Node 24 on macOS', { platform: 'darwin', arch: 'arm64', glibc: undefined }, /npm install @btc-vision/],
    ['Node 24 on Debian 12', { glibc: '2.36' }, /npm install uNetworking\/uWebSockets.js#v20.52.0/],
    ['Node 26 on Debian 13', { abi: '147' }, /npm install uNetworking\/uWebSockets.js#v20.67.0/],
    ['Node 26 on Debian 12', { abi: '147', glibc: '2.36' }, /no binary for this Node and C library/],
    ['Alpine', { glibc: undefined }, /needs Linux with glibc/],
    ['a 32-bit ARM', { arch: 'arm' }, /no binary for this processor/],
  ])('on %s', (_name, facts, advice) => {
    expect(adviseFasterEngine({ ...debian13, ...facts })).toMatch(advice);
  });
});

// The Debian package in a clean Debian: installed by dpkg, run by the lines of its systemd unit, upgraded, removed.

import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask } from '../../harness/clients.ts';
import { DebianRoot, whyNoDebian } from '../../harness/debian-root.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { madeDeb } from '../../harness/release.ts';

const unit = 'usr/lib/systemd/system/horai.service';

/** The values of a key in a unit file, in order. */
function valuesOf(text: string, key: string): string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** The same package with another version. */
function withVersion(deb: string, version: string, work: string): string {
  const folder = join(work, 'unpacked');
  execFileSync('dpkg-deb', ['-R', deb, folder]);
  const control = join(folder, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, `Version: ${version}`));
  const file = join(work, `horai_${version}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', folder, file], { stdio: 'pipe' });
  return file;
}

if (whyNoDebian !== undefined) test.skip(`the Debian package: ${whyNoDebian}`, () => undefined);
else {
  describe('the Debian package', () => {
    const leftovers = new Leftovers();
    let root: DebianRoot;
    let deb: string;
    const inRoot = (...path: readonly string[]) => join(root.folder, ...path);
    const install = (file: string) => {
      copyFileSync(file, inRoot('horai.deb'));
      return root.run('dpkg', '--install', '/horai.deb');
    };
    beforeAll(async () => {
      deb = await madeDeb();
      root = new DebianRoot(join(leftovers.folder(), 'debian'));
      expect(install(deb)).toMatchObject({ code: 0 });
    }, 300_000);
    afterAll(() => leftovers.clear());

    /** Runs the hub as the unit says: its user, its environment, its command. */
    const start = async () => {
      const text = readFileSync(inRoot(unit), 'utf8');
      const [user = ''] = valuesOf(text, 'User');
      const variables = valuesOf(text, 'Environment').flatMap((line) => line.split(' '));
      const [command = ''] = valuesOf(text, 'ExecStart');
      const env = ['/usr/bin/env', '-i', ...variables, 'HORAI_PORT=0', 'HORAI_KRONOS_PORT=0'];
      const hub = new HubProcess(leftovers, {}, [], root.command([...env, ...command.split(' ')], { user }), []);
      return { hub, port: Number(new URL(await hub.up()).port) };
    };
    const headers = { 'content-type': 'application/json' };
    const buckets = async (port: number) => Object.keys(JSON.parse((await ask(port, 'GET', '/api/0/buckets')).body));

    test('makes a user without a shell, and a folder that only this user can read', () => {
      expect(root.run('getent', 'passwd', 'horai').out).toMatch(/:\/var\/lib\/horai:\/usr\/sbin\/nologin\n$/);
      expect(root.run('stat', '-c', '%U:%G %a', '/var/lib/horai').out).toBe('horai:horai 700\n');
    });

    test('has a unit in which systemd finds no fault, and which it calls well protected', () => {
      // The units that this one refers to are those of this machine.
      cpSync('/lib/systemd/system', inRoot('usr/lib/systemd/system'), { recursive: true, force: false });
      const checked = spawnSync('systemd-analyze', ['verify', `--root=${root.folder}`, '--man=no', 'horai.service'], {
        encoding: 'utf8',
      });
      expect((checked.stdout + checked.stderr).split('\n').filter((line) => line.includes('horai'))).toEqual([]);
      const args = ['security', '--offline=true', '--threshold=20', '--no-pager', inRoot(unit)];
      expect(spawnSync('systemd-analyze', args, { encoding: 'utf8' })).toMatchObject({ status: 0 });
    });

    test('runs without a Node of the system; its data and settings stay in an upgrade', async () => {
      expect(root.run('sh', '-c', 'command -v node').code).toBe(127);
      const first = await start();
      const created = await ask(first.port, 'POST', '/api/0/buckets/kept', {
        headers,
        body: '{"type":"t","client":"c","hostname":"h"}',
      });
      expect(created.status).toBe(200);
      // `sudo horai` finds the hub of the service.
      expect(root.run('horai', 'token', 'list')).toMatchObject({ code: 0, out: expect.stringContaining('first') });
      expect(await first.hub.stop()).toMatchObject({ code: 0 });

      appendFileSync(inRoot('etc/horai/horai.env'), 'HORAI_LOG=warn\n');
      const newer = withVersion(deb, '99.0.0', leftovers.folder());
      expect(install(newer)).toMatchObject({ code: 0, out: expect.stringContaining('over (') });
      expect(readFileSync(inRoot('etc/horai/horai.env'), 'utf8')).toContain('HORAI_LOG=warn');
      const second = await start();
      expect(await buckets(second.port)).toEqual(['kept']);
      expect(await second.hub.stop()).toMatchObject({ code: 0 });
    }, 120_000);

    test('has the command kronos', () => {
      expect(root.run('kronos', 'add', 'one')).toEqual({ code: 0, out: 'task 1 added: one\n' });
    });

    test('leaves the data where it is when it is purged, and says so', () => {
      const purged = root.run('dpkg', '--purge', 'horai');
      expect(purged).toMatchObject({ code: 0, out: expect.stringContaining('stays in /var/lib/horai') });
      expect(statSync(inRoot('var/lib/horai/horai.db')).size).toBeGreaterThan(0);
      for (const path of ['usr/lib/horai', 'usr/bin/horai', 'etc/horai', unit])
        expect(existsSync(inRoot(path))).toBe(false);
    });
  });
}

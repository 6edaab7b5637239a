// The images of the Dockerfile and of the Home Assistant add-on: their steps executed in a clean Debian 12, and what they run, run as a
// container engine would. No Docker engine is needed.

import { chownSync, copyFileSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../scripts/prove/free-port.ts';
import { ask } from '../../harness/clients.ts';
import { ContainerImage } from '../../harness/container.ts';
import { DebianRoot, whyNoDebian } from '../../harness/debian-root.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { madeDeb } from '../../harness/release.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const id = 5600;

/** The process that a container engine sends its signals to, and that sees itself as process 1. */
function processOne(container: HubProcess): number {
  const children = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').trim();
  const child = Number(children);
  expect(readFileSync(`/proc/${child}/status`, 'utf8')).toMatch(/^NSpid:\s+\d+\s+1$/m);
  return child;
}

if (whyNoDebian !== undefined) test.skip(`the container: ${whyNoDebian}`, () => undefined);
else {
  describe('the image of the Dockerfile', () => {
    const leftovers = new Leftovers();
    let image: ContainerImage;
    beforeAll(async () => {
      const context = leftovers.folder();
      mkdirSync(join(context, 'dist/release'), { recursive: true });
      const deb = await madeDeb();
      copyFileSync(deb, join(context, 'dist/release', deb.replace(/^.*\//, '')));
      cpSync(join(top, 'packaging/docker'), join(context, 'packaging/docker'), { recursive: true });
      image = new ContainerImage(new DebianRoot(join(leftovers.folder(), 'image')), join(top, 'Dockerfile'), context);
    }, 300_000);
    afterAll(() => leftovers.clear());

    /** A new named volume has the owner and the mode of the image's folder. */
    const volume = () => {
      const folder = join(leftovers.folder(), 'volume');
      const { uid, gid, mode } = statSync(join(image.root.folder, 'data'));
      mkdirSync(folder, { mode });
      chownSync(folder, uid, gid);
      return folder;
    };
    const run = (env: Record<string, string>, volumes: Record<string, string>, args: readonly string[] = []) =>
      new HubProcess(leftovers, {}, args, [], image.command({ HORAI_KRONOS_PORT: '0', ...env }, volumes, args));

    test('is a Debian with glibc, and its user is not root', () => {
      expect(image.base).toBe('debian:bookworm-slim');
      expect(image.user).toBe(`${id}:${id}`);
      expect(image.root.run('getent', 'passwd', String(id)).out).toBe('horai:x:5600:5600::/data:/usr/sbin/nologin\n');
      expect(image.root.run('stat', '-c', '%U:%G %a', '/data').out).toBe('horai:horai 700\n');
    });

    test('without a volume it ends with one sentence that says what to add', async () => {
      expect(await run({ HORAI_PORT: '0' }, {}).ended).toEqual({
        code: 1,
        out: '',
        err: 'Nothing is mounted at /data, so the data would end with the container: run it with a volume, such as --volume horai-data:/data.\n',
      });
    });

    test('the commands of horai need no volume', async () => {
      const { code, out } = await run({}, {}, ['token', '--help']).ended;
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('create a token') });
    });

    test('on a read-only root with a volume it serves, is healthy, keeps data, and stops at SIGTERM as process 1', async () => {
      const data = volume();
      const port = await freePort();
      const env = { HORAI_PORT: String(port) };
      expect(image.exec(env, ...image.health)).toMatchObject({ code: 1, out: expect.stringContaining('ECONNREFUSED') });
      for (const turn of ['first', 'second']) {
        const container = run(env, { '/data': data });
        await container.up();
        const hub = processOne(container);
        expect(readFileSync(`/proc/${hub}/status`, 'utf8')).toMatch(/^Uid:\s+5600\s+5600\s+5600\s+5600$/m);
        expect(image.exec(env, ...image.health)).toEqual({ code: 0, out: '' });
        const [, token = ''] = /([0-9a-f]{8}-[0-9a-f-]{27})/.exec(container.out) ?? [];
        if (turn === 'first') {
          const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
          const made = await ask(port, 'POST', '/api/0/buckets/kept', {
            headers,
            body: '{"type":"t","client":"c","hostname":"h"}',
          });
          expect(made.status).toBe(200);
        }
        const began = performance.now();
        process.kill(hub, 'SIGTERM');
        expect(await container.ended).toMatchObject({ code: 0 });
        expect(performance.now() - began).toBeLessThan(5_000);
      }
      expect(statSync(join(data, 'horai.db'))).toMatchObject({ uid: id, gid: id });
    }, 120_000);

    test('a volume that its user may not write to is refused with a sentence', async () => {
      const folder = leftovers.folder();
      const { code, err } = await run({ HORAI_PORT: '0' }, { '/data': folder }).ended;
      expect(code).toBe(1);
      expect(err.trim().split('\n')).toHaveLength(1);
      expect(err).toContain('/data');
    });
  });

  describe('the Home Assistant add-on', () => {
    const leftovers = new Leftovers();
    let image: ContainerImage;
    beforeAll(async () => {
      const context = join(leftovers.folder(), 'horai');
      cpSync(join(top, 'packaging/home-assistant/horai'), context, { recursive: true });
      const deb = await madeDeb();
      copyFileSync(deb, join(context, deb.replace(/^.*\//, '')));
      image = new ContainerImage(
        new DebianRoot(join(leftovers.folder(), 'image')),
        join(context, 'Dockerfile'),
        context,
      );
      mkdirSync(join(image.root.folder, 'data'), { recursive: true });
    }, 300_000);
    afterAll(() => leftovers.clear());

    test('runs with the options of Home Assistant and without the rights of root, and stops at SIGTERM as process 1', async () => {
      const data = leftovers.folder();
      const port = await freePort();
      const settings = [`HORAI_PORT=${port}`, 'HORAI_KRONOS_PORT=0', 'PATH=/nowhere', 'HORAI_LOG=debug'];
      writeFileSync(
        join(data, 'options.json'),
        JSON.stringify({ hosts: 'home.example.org', signup: 'open', settings }),
      );
      // As a backup brings them back.
      mkdirSync(join(data, 'horai'), { mode: 0o755 });
      const container = new HubProcess(leftovers, {}, [], [], image.command({}, { '/data': data }));
      await container.up();
      const hub = processOne(container);
      const status = readFileSync(`/proc/${hub}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\s+5600\s+5600\s+5600\s+5600$/m);
      expect(status).toMatch(/^Groups:\s+5600\s*$/m);
      expect(status).toMatch(/^CapEff:\s+0{16}$/m);
      expect((await ask(port, 'GET', '/-/health')).status).toBe(200);
      process.kill(hub, 'SIGTERM');
      expect(await container.ended).toMatchObject({ code: 0 });
      expect(statSync(join(data, 'horai/horai.db'))).toMatchObject({ uid: id, gid: id });
    }, 120_000);
  });
}

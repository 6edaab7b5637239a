// The hub of a release, run by a version of Node that the test chooses, with the test's clock.

import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../scripts/prove/free-port.ts';
import type { Start } from './compose.ts';
import type { Leftovers } from './process.ts';
import { madeRelease } from './release.ts';
import { waiting } from './waiting.ts';

const clock = new URL('moved-clock.mjs', import.meta.url).href;

/** Puts a release where npm would install it. Nothing is downloaded. */
export async function unpackHub(folder: string): Promise<void> {
  const hub = join(folder, 'node_modules/horai');
  mkdirSync(hub, { recursive: true });
  execFileSync('tar', ['-xzf', (await madeRelease()).tarball, '-C', hub, '--strip-components=1']);
}

/**
 * @param command the program and its first arguments, which run the hub
 * @param folder the folder of `unpackHub`
 * @param uws the value of HORAI_UWS
 */
export function packedHub(leftovers: Leftovers, command: readonly string[], folder: string, uws?: string): Start {
  return async (overrides, world) => {
    const file = join(leftovers.folder(), 'clock');
    const writeClock = () => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(world.now());
      writeFileSync(file, bytes);
    };
    writeClock();
    world.passed = writeClock;
    const owner = randomUUID();
    const kronosPort = await freePort();
    const [program = '', ...args] = [...command, '--import', clock, join(folder, 'node_modules/horai/bin/horai.js')];
    const child = spawn(program, args, {
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        HORAI_TEST_CLOCK: file,
        HORAI_PORT: '0',
        HORAI_KRONOS_PORT: String(kronosPort),
        HORAI_DATA: leftovers.folder(),
        HORAI_OWNER_TOKEN: owner,
        HORAI_ENGINE: overrides.engine ?? 'auto',
        HORAI_HOSTS: overrides.hosts?.join(',') ?? '',
        ...(uws === undefined ? {} : { HORAI_UWS: uws }),
      },
    });
    leftovers.add(child);
    let out = '';
    const url = new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        out += chunk.toString();
        const found = /^Horai \S+ is at (\S+) [\s\S]*^Data: .*\n/m.exec(out)?.[1];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', () => reject(new Error(`the hub did not start: ${out}`)));
    });
    const hub = {
      url: await waiting('the start of the hub', url),
      kronos: `127.0.0.1:${kronosPort}`,
      ownerSecret: owner,
      engineNote: /^Socket engine: (.*)\.$/m.exec(out)?.[1] ?? '',
      async stop() {
        const ended = once(child, 'exit');
        child.kill();
        await ended;
      },
    };
    return [{ hub, catchUp: () => Promise.resolve() }];
  };
}

// The examples in the SDK's README print what their `→` comments say.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { startComposed } from '../../../harness/compose.ts';
import { Leftovers } from '../../../harness/process.ts';

const top = fileURLToPath(new URL('../../../..', import.meta.url));
const examples = [
  ...readFileSync(join(top, 'clients/typescript/README.md'), 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm),
];

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

function run(code: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: top,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  leftovers.add(child);
  let out = '';
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString();
  });
  return new Promise((resolve) => child.once('close', () => resolve(out)));
}

test.each(
  examples.map(([, code = ''], at) => [at + 1, code] as const),
)('example %i prints what its comments say', async (_at, code) => {
  const hub = await startComposed();
  const env = {
    HORAI_URL: hub.url,
    HORAI_TOKEN: hub.ownerSecret ?? '',
    HORAI_FILE: join(leftovers.folder(), 'tasks.json'),
  };
  const expected = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => `${line}\n`).join('');
  try {
    expect(expected).not.toBe('');
    expect(await run(code, env)).toBe(expected);
  } finally {
    await hub.stop();
  }
});

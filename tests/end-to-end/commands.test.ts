// One command as a process, both ways that people start it: streams, exit codes, and a running hub found. What each command
// does is tests/commands/'s.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { HubProcess, Leftovers } from '../harness/process.ts';

jest.setTimeout(60_000);

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

describe('a command', () => {
  test('finds the running hub, prints for programs on stdout and for people on stderr', async () => {
    const env = { HORAI_DATA: leftovers.folder() };
    await new HubProcess(leftovers, env).up();
    const made = await new HubProcess(leftovers, env, ['token', 'create']).ended;
    expect(made).toEqual({
      code: 0,
      out: expect.stringMatching(/^[0-9a-f-]{36}\n$/),
      err: expect.stringMatching(/^[^\n]+\n$/),
    });
    expect(await new HubProcess(leftovers, env, ['token', 'revoke', 'x']).ended).toMatchObject({ code: 1, out: '' });
  });

  test('is there as an installed `horai`, too', () => {
    const bin = fileURLToPath(new URL('../../bin/horai.js', import.meta.url));
    const { PATH, HOME } = process.env;
    const horai = (...args: readonly string[]) =>
      spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { PATH, HOME }, cwd: leftovers.folder() });
    expect(horai('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(horai('nonsense')).toMatchObject({ status: 2, stdout: '' });
  });
});

// `horai mcp` as a program with a language model starts it: by the official client, over standard input and output, in front of a real hub.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { HubProcess, Leftovers } from '../harness/process.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));
const timeoutMs = 120_000;
const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

async function connect(env: Record<string, string>, args: readonly string[] = []): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const command = { command: process.execPath, args: [join(top, 'bin/horai.js'), 'mcp', ...args] };
  await client.connect(new StdioClientTransport({ ...command, env: { PATH: process.env['PATH'] ?? '', ...env } }));
  return client;
}

test(
  'it offers the tools of the hub of this machine, or of the one that is named, with the token that is given',
  async () => {
    const data = leftovers.folder();
    const hub = new HubProcess(leftovers, { HORAI_DATA: data });
    const url = await hub.up();
    const here = await connect({ HORAI_DATA: data });
    const { tools } = await here.listTools();
    expect(tools.map(({ name }) => name)).toContain('suggestions');
    const day = await here.callTool({ name: 'day', arguments: {} });
    expect(day.structuredContent).toMatchObject({ total_seconds: 0 });
    expect(await here.callTool({ name: 'task_start', arguments: { title: 'x' } })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/mcp:write/) }],
    });
    await here.close();

    const made = spawnSync(
      process.execPath,
      [join(top, 'bin/horai.js'), 'token', 'create', '--scopes', 'mcp:write,mcp:read'],
      { env: { PATH: process.env['PATH'], HORAI_DATA: data }, encoding: 'utf8' },
    );
    const file = join(data, 'token');
    writeFileSync(file, made.stdout);
    const named = await connect({ HORAI_DATA: leftovers.folder() }, ['--hub', url, '--token-file', file]);
    const started = await named.callTool({ name: 'task_start', arguments: { title: 'from a model' } });
    expect(started.structuredContent).toMatchObject({ task: { id: 1, state: 'running' } });
    await named.close();
    const wrong = await connect({ HORAI_MCP_HUB: url, HORAI_MCP_TOKEN: 'wrong' });
    await expect(wrong.listTools()).rejects.toThrow(/user not found/);
    await hub.stop();
    await expect(wrong.listTools()).rejects.toThrow(/cannot be reached/);
    await wrong.close();
  },
  timeoutMs,
);

test('without a hub it says what to do', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(top, 'bin/horai.js'), 'mcp', ...args], {
      env: { PATH: process.env['PATH'], HORAI_DATA: leftovers.folder() },
      encoding: 'utf8',
    });
  expect(run()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/run "horai start", or name one with --hub/),
  });
  expect(run('--hub', 'ftp://x')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/not the address of a hub/),
  });
});

// The examples that `help` prints, sent as a person pastes them: what a session may see, it may also send.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { RunningHub } from '../../../server/compose.ts';
import { startComposed } from '../../harness/compose.ts';
import type { Message } from '../../harness/kronos.ts';
import { Socket } from '../../harness/socket.ts';

/** An example may name what is not there: a placeholder such as `<key>`, or an account that nobody has made, or add one again. */
const notThere: readonly ErrorCode[] = ['not_found', 'item_not_found', 'user_not_found', 'stale', 'exists'];

let folder: string;
let hub: RunningHub;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'horai-help-'));
  const backup = { folder: join(folder, 'backups'), minute: 180, keep: 1 };
  hub = await startComposed({ host: '0.0.0.0', store: 'sqlite', data: join(folder, 'data'), backup });
});
afterAll(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function login(secret: string): Promise<Socket> {
  const socket = await Socket.open(hub.url);
  expect(await socket.ask({ type: 'login', user_id: secret })).toMatchObject({ success: true });
  return socket;
}

/** A session of the owner with these scopes. */
async function sessionWith(scopes: readonly string[]): Promise<Socket> {
  const owner = await login(hub.ownerSecret ?? '');
  const made: Message = await owner.ask({ type: 'token', name: 'x', scopes });
  await owner.close();
  return login(made.secret);
}

/** Sends a text as it is, and a ping after it. @returns the refusal; undefined if there was none until the pong */
async function paste(socket: Socket, text: string): Promise<Message | undefined> {
  socket.type(text);
  socket.say({ type: 'ping', ref: 'fence' });
  let refusal: Message | undefined;
  for (;;) {
    const message: Message = await socket.next();
    if (message.ref === 'fence') return refusal;
    if (message.success === false) refusal = message;
  }
}

describe.each([
  ['an administrator', ['read', 'write', 'admin']],
  ['a person', ['read', 'write']],
  ['a reader', ['read']],
  ['a writer', ['write']],
  ['a reader of coding time', ['read:wakatime']],
  ['a writer of notes', ['write:notes']],
])('help for %s', (_, scopes) => {
  test('[A1] prints examples that are accepted as they are printed', async () => {
    const socket = await sessionWith(scopes);
    socket.say({ type: 'help' });
    const printed = await socket.text();
    const { verbs, examples }: { verbs: Record<string, string>; examples: object[] } = JSON.parse(printed);
    const lines = examples.map((example) => JSON.stringify(example));
    const types = new Set<string>(lines.map((line) => JSON.parse(line).type));
    expect(Object.keys(verbs)).toEqual(expect.arrayContaining([...types]));
    // A token for some channels sees no example of another channel; everybody else one for each verb.
    if (scopes.every((scope) => !scope.includes(':'))) expect(types.size).toBe(Object.keys(verbs).length);
    // First from the last to the first: none needs another one before it. The wrong token goes once, because the hub counts it.
    const backwards = lines.toReversed().filter((line) => JSON.parse(line).type !== 'login');
    for (const line of [...backwards, ...lines]) {
      // As it stands on the screen of wscat, without an escaped quotation mark.
      expect(printed).toContain(line);
      const refusal = await paste(socket, line);
      if (refusal === undefined) continue;
      // A token that may do less can end itself alone; the example names no token.
      const isOthers = JSON.parse(line).type === 'revoke' && refusal.code === 'forbidden';
      const { code, error, hint } = refusal;
      expect({ line, code, error, hint, isFine: isOthers || notThere.includes(code) }).toMatchObject({ isFine: true });
    }
    // One of the examples made the hub's log say more.
    if (scopes.includes('admin')) await paste(socket, JSON.stringify({ type: 'log', level: 'silent' }));
    await socket.close();
  });
});

test('[A1] help leaves out the verbs that a session may not use, and every verb is in the help of an administrator', async () => {
  const verbsFor = async (scopes: readonly string[]): Promise<readonly string[]> => {
    const socket = await sessionWith(scopes);
    const { verbs }: Message = await socket.ask({ type: 'help' });
    await socket.close();
    return Object.keys(verbs);
  };
  const all = await verbsFor(['read', 'write', 'admin']);
  const reader = await verbsFor(['read']);
  const writer = await verbsFor(['write']);
  expect(all).toEqual(expect.arrayContaining([...reader, ...writer]));
  expect(reader).not.toContain('create');
  expect(writer).not.toContain('history');
  expect(reader).toContain('tokens');
  expect(reader).not.toContain('change-token');
  expect(writer).not.toContain('tokens');
  for (const verb of ['account', 'backup', 'verify', 'log', 'limits', 'kick']) {
    expect([verb, all.includes(verb), reader.includes(verb), writer.includes(verb)]).toEqual([
      verb,
      true,
      false,
      false,
    ]);
  }
});

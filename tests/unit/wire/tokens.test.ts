// The operations of a person on the tokens of their account, and the end of a token: by every clock that can be wrong.

import { describe, expect, test } from '@jest/globals';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../harness/kronos.ts';
import { TestWorld } from '../../harness/world.ts';

async function login(hub: TestHub, secret: string, fields: object = {}): Promise<Wire> {
  const wire = hub.connect();
  await wire.ask({ type: 'login', user_id: secret, device_id: '', version: 0, ...fields });
  return wire;
}

async function tokenOf(hub: TestHub, account: string, scopes: readonly string[], expires?: number) {
  const made = await hub.accounts.createToken(
    account,
    'made',
    scopes,
    undefined,
    expires === undefined ? {} : { expires },
  );
  if (!made.ok) throw new Error(made.error);
  return { secret: made.secret, id: made.token.id };
}

async function startWithAlice() {
  const hub = await startHub({ personal: false });
  const made = await hub.accounts.createAccount('alice');
  if (!made.ok) throw new Error(made.error);
  return { hub, alice: { secret: made.secret, id: made.token.id } };
}

describe('a person', () => {
  test('[A3.2] lists the tokens of their account, with the address and the program of the last use, and no other', async () => {
    const { hub, alice } = await startWithAlice();
    const wire = await login(hub, alice.secret, { name: 'kronos.vim' });
    const [{ tokens }] = await wire.ask({ type: 'tokens' });
    expect(tokens).toMatchObject([{ id: alice.id, account: 'alice', address: '127.0.0.1', client: 'kronos.vim' }]);
    expect(await wire.ask({ type: 'tokens', account: 'owner' })).toMatchObject([{ code: 'forbidden' }]);
    const writer = await login(hub, (await tokenOf(hub, 'alice', ['write'])).secret);
    expect(await writer.ask({ type: 'tokens' })).toMatchObject([{ code: 'forbidden' }]);
  });

  test('[A3.3] [A3.5] names a token, and takes rights and time from it, but gives it none', async () => {
    const { hub, alice } = await startWithAlice();
    const other = await tokenOf(hub, 'alice', ['read', 'write:aw/*'], 5_000_000_000_000);
    const wire = await login(hub, alice.secret);
    const change = (fields: object) => wire.ask({ type: 'change-token', token: other.id, ...fields });
    expect(
      await change({ name: 'laptop', scopes: ['read:tasks', 'write:aw/one'], expires: 4_000_000_000_000 }),
    ).toMatchObject([
      {
        type: 'change-token',
        token: { name: 'laptop', scopes: ['read:tasks', 'write:aw/one'], expires: 4_000_000_000_000 },
      },
    ]);
    const more = [
      { scopes: ['read'] },
      { scopes: ['admin'] },
      { scopes: ['write:aw/*'] },
      { expires: null },
      { expires: 4_500_000_000_000 },
    ];
    for (const fields of more) expect(await change(fields)).toMatchObject([{ code: 'forbidden' }]);
    expect(await change({ scopes: ['nonsense'] })).toMatchObject([{ success: false }]);
    const [{ tokens }] = await (await login(hub, hub.owner)).ask({ type: 'tokens' });
    const owners = tokens.find((token: Message) => token.account === 'owner');
    expect(await wire.ask({ type: 'change-token', token: owners.id, name: 'x' })).toMatchObject([
      { code: 'not_found' },
    ]);
    expect(await wire.ask({ type: 'revoke', token: owners.id })).toMatchObject([{ code: 'not_found' }]);
    const small = await login(hub, other.secret);
    expect(await small.ask({ type: 'change-token', token: alice.id, name: 'x' })).toMatchObject([
      { code: 'forbidden' },
    ]);
    expect(await small.ask({ type: 'revoke', token: alice.id })).toMatchObject([{ code: 'forbidden' }]);
    expect(await small.ask({ type: 'revoke', token: other.id })).toMatchObject([{ code: 'revoked' }]);
    expect(await wire.ask({ type: 'revoke', token: alice.id })).toMatchObject([{ code: 'revoked' }]);
  });

  test('[A3.3] whose token loses rights loses them on open connections too', async () => {
    const { hub, alice } = await startWithAlice();
    const other = await tokenOf(hub, 'alice', ['read', 'write']);
    const open = await login(hub, other.secret);
    await open.ask({ type: 'subscribe', channel: 'notes' });
    const wire = await login(hub, alice.secret);
    await wire.ask({ type: 'change-token', token: other.id, scopes: ['read:tasks'] });
    await wire.ask({ type: 'create', channel: 'notes', item: 'secret' });
    expect(JSON.stringify(open.received)).not.toContain('secret');
    expect(open.closedWith).toBeDefined();
    const again = await login(hub, other.secret);
    expect(await again.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([{ code: 'forbidden' }]);
  });

  test('[A3.4] is told when a token was last used from another address or program, within a minute', async () => {
    const { hub, alice } = await startWithAlice();
    const used = async (address: string, name: string) => {
      const wire = hub.connect(undefined, { address });
      await wire.ask({ type: 'login', user_id: alice.secret, device_id: '', version: 0, name });
      await settle();
      const token = hub.accounts.tokens('alice').find(({ id }) => id === alice.id);
      return [token?.address, token?.client, token?.used];
    };
    const began = hub.world.now();
    expect(await used('10.0.0.1', 'vim')).toEqual(['10.0.0.1', 'vim', began]);
    expect(await used('10.0.0.2', 'vim')).toEqual(['10.0.0.1', 'vim', began]);
    hub.world.pass(60_000);
    expect(await used('10.0.0.2', 'vim')).toEqual(['10.0.0.2', 'vim', began + 60_000]);
  });
});

/** A World whose clock can be set without timers firing: a machine that slept, or whose clock was set. */
class JumpingWorld extends TestWorld {
  ahead = 0;

  override now(): number {
    return super.now() + this.ahead;
  }
}

describe('a token that expires', () => {
  test('[L8.3] is refused at the next request after the machine slept, before any timer', async () => {
    const world = new JumpingWorld();
    const hub = await startHub({ personal: false, world });
    const { secret } = await tokenOf(hub, 'owner', ['read', 'write'], world.now() + 3_600_000);
    const wire = await login(hub, secret);
    world.ahead = 3_600_000;
    expect(await wire.ask({ type: 'read-all', channel: 'notes' })).toMatchObject([{ code: 'revoked' }]);
    expect(wire.closedWith).toBe(4401);
  });

  test('[L8.3] closes a silent connection within a minute after the machine slept', async () => {
    const world = new JumpingWorld();
    const hub = await startHub({ personal: false, world });
    const { secret } = await tokenOf(hub, 'owner', ['read', 'write'], world.now() + 3_600_000);
    const wire = await login(hub, secret);
    world.ahead = 3_600_000;
    world.pass(60_000);
    await settle();
    expect(wire.closedWith).toBe(4401);
  });
});

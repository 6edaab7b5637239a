// Authentication of a request by its headers.

import { describe, expect, test } from '@jest/globals';
import { Accounts } from '../../../server/core/accounts.ts';
import { Hub } from '../../../server/core/hub.ts';
import { noopRelay } from '../../../server/core/relay.ts';
import { authenticate } from '../../../server/http/authenticate.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { TestWorld } from '../../harness/world.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function openHub(personal: boolean) {
  const world = new TestWorld();
  const hub = new Hub({ store: new MemoryStore({ epoch: 'e1' }), relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  const secret = (await accounts.createOwner(undefined)) ?? '';
  const ask = (authorization: string, address = '192.0.2.1') =>
    authenticate({ accounts, personal }, { address, host: 'localhost', origin: '', authorization });
  return { world, accounts, secret, ask };
}

describe('a request', () => {
  test('with a token belongs to the token’s account, however the token is written', async () => {
    const { secret, ask } = await openHub(false);
    for (const authorization of [
      `Bearer ${secret}`,
      `bearer  ${secret}`,
      `Basic ${base64(secret)}`,
      `Basic ${base64(`${secret}:`)}`,
      `Basic ${base64(`waka_${secret}`)}`,
    ]) {
      expect(ask(authorization)).toMatchObject({ ok: true, identity: { account: 'owner' } });
    }
  });

  test('without a token belongs to the owner of a personal hub, and to nobody elsewhere', async () => {
    expect((await openHub(true)).ask('')).toMatchObject({ ok: true, identity: { account: 'owner', token: '' } });
    expect((await openHub(false)).ask('')).toMatchObject({ ok: false, code: 'login_first' });
  });

  test.each([true, false])('with a wrong one is refused, personal or not (%s)', async (personal) => {
    const { secret, ask } = await openHub(personal);
    for (const authorization of [
      'Bearer',
      'Bearer nonsense',
      `Digest ${secret}`,
      secret,
      `Basic ${base64(`owner:${secret}`)}`,
      `Basic ${base64(':')}`,
      'Basic ????',
    ]) {
      expect(ask(authorization, authorization)).toMatchObject({ ok: false, code: 'user_not_found' });
    }
  });

  test('[L2.2] too often wrong has to wait, while a right one from there, and others, do not', async () => {
    const { world, secret, ask } = await openHub(false);
    for (let failure = 0; failure < 10; failure += 1) ask('Bearer guess');
    expect(ask('Bearer guess')).toMatchObject({ ok: false, code: 'too_many' });
    expect(ask('Bearer guess', '192.0.2.2')).toMatchObject({ code: 'user_not_found' });
    expect(ask(`Bearer ${secret}`)).toMatchObject({ ok: true });
    world.pass(60_000);
    expect(ask('Bearer guess')).toMatchObject({ code: 'user_not_found' });
  });

  test('without a token does not count as a failed login', async () => {
    const { ask } = await openHub(false);
    for (let time = 0; time < 20; time += 1) expect(ask('')).toMatchObject({ code: 'login_first' });
    expect(ask('Bearer guess')).toMatchObject({ code: 'user_not_found' });
  });

  test('may use the secret of this process, which has administrator’s rights and is in no list of tokens', async () => {
    const { accounts, ask } = await openHub(false);
    accounts.registerProcessSecret('of-this-process');
    expect(ask('Bearer of-this-process')).toMatchObject({ ok: true, identity: { scopes: ['read', 'write', 'admin'] } });
    expect(accounts.tokens()).toHaveLength(1);
  });
});

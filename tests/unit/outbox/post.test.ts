// Where the hub's own requests go: the name is resolved once, and the connection goes to an address that was checked.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Resolve } from '../../../server/outbox/guarded-address.ts';
import { post } from '../../../server/outbox/post.ts';
import { AllowedHosts, isAllowedHost, isPublicAddress } from '../../../server/outbox/public-address.ts';
import { sealerOf } from '../../../server/outbox/sealed.ts';
import { Receiver } from '../../harness/receiver.ts';

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.close());

const never = new AbortController().signal;

/** A name server that gives the next answer at each question, and the last one for ever. */
function nameServer(...answers: readonly (readonly string[])[]): { resolve: Resolve; asked: () => number } {
  let asked = 0;
  const resolve: Resolve = (_, done) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { resolve, asked: () => asked };
}

describe('a request', () => {
  const to = (host: string) => ({ url: new URL(`http://${host}:${receiver.port}/`), headers: {}, body: '{}' });

  test('to a name that leads into the hub’s own network is not made', async () => {
    const { resolve } = nameServer(['127.0.0.1']);
    const request = { ...to('hook.example'), url: new URL(`https://hook.example:${receiver.port}/`) };
    const outcome = await post(request, new AllowedHosts([]), never, resolve);
    expect(outcome).toEqual({ ok: false, error: expect.stringMatching(/leads to 127\.0\.0\.1.*HORAI_OUTBOX_ALLOW/) });
    expect(receiver.received).toEqual([]);
  });

  test('is not made if one of several addresses is private', async () => {
    const { resolve } = nameServer(['93.184.215.14', '10.0.0.1']);
    const request = { url: new URL('https://hook.example/'), headers: {}, body: '{}' };
    const outcome = await post(request, new AllowedHosts([]), never, resolve);
    expect(outcome).toMatchObject({ ok: false, error: expect.stringMatching(/leads to 10\.0\.0\.1/) });
  });

  test('asks the name server once and goes to that answer: a second answer leads nowhere', async () => {
    const server = nameServer(['127.0.0.1'], ['10.0.0.1']);
    const outcome = await post(to('hook.example'), new AllowedHosts(['hook.example']), never, server.resolve);
    expect(outcome).toMatchObject({ ok: true, status: 204 });
    expect([server.asked(), receiver.received.length]).toEqual([1, 1]);
    // The next request checks anew: a name that leads elsewhere by then is refused.
    const moved = nameServer(['10.0.0.1']);
    const allowed = new AllowedHosts(['127.0.0.0/8']);
    const request = { url: new URL('https://hook.example/'), headers: {}, body: '{}' };
    expect(await post(request, allowed, never, moved.resolve)).toMatchObject({ ok: false });
  });

  test('that is stopped, or whose receiver says nothing, fails', async () => {
    receiver.always = 'silent';
    const stop = new AbortController();
    const posted = post(to('127.0.0.1'), new AllowedHosts(['127.0.0.1']), stop.signal);
    stop.abort();
    expect(await posted).toMatchObject({ ok: false });
  });
});

test.each([
  ['1.1.1.1', true],
  ['2606:4700::1111', true],
  ['127.0.0.1', false],
  ['::ffff:1.1.1.1', false],
  ['::', false],
  ['240.0.0.1', false],
  ['255.255.255.255', false],
  ['2001:db8::1', false],
  ['fec0::1', false],
  ['ff02::1', false],
  ['nonsense', false],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});

test('what an administrator allows: names, addresses and subnets', () => {
  expect(['hook.lan', '10.0.0.1', '10.0.0.0/8', 'fd00::/8'].map(isAllowedHost)).toEqual([true, true, true, true]);
  expect(['', 'a b', '10.0.0.0/33', 'hook.lan/8', 'http://x'].map(isAllowedHost)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  const allowed = new AllowedHosts(['Hook.lan', '10.0.0.0/8', '192.168.0.7']);
  expect([allowed.hasName('hook.LAN'), allowed.hasName('lan')]).toEqual([true, false]);
  expect(['10.9.9.9', '192.168.0.7', '192.168.0.8', '::1'].map((address) => allowed.hasAddress(address))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('a sealed secret opens with its key and for what it belongs to, and nothing else', () => {
  const sealer = sealerOf('a key of sixteen and more');
  const sealed = sealer.seal('secret', 'one');
  expect(sealed).not.toContain('secret');
  expect(sealer.open(sealed, 'one')).toBe('secret');
  expect(sealer.seal('secret', 'one')).not.toBe(sealed);
  expect([sealer.open(sealed, 'two'), sealerOf('another key, as long').open(sealed, 'one')]).toEqual([
    undefined,
    undefined,
  ]);
  const bytes = Buffer.from(sealed, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  expect([
    sealer.open(bytes.toString('base64'), 'one'),
    sealer.open('', 'one'),
    sealer.open('nonsense', 'one'),
  ]).toEqual([undefined, undefined, undefined]);
});

// Whose address counts behind proxies: what trusted proxies say, and nothing that a client may have written itself.

import { describe, expect, test } from '@jest/globals';
import { clientAddresses, isProxyRange } from '../../../server/transport/client-address.ts';

const addressOf = (trusted: readonly string[], remote: string, headers: Readonly<Record<string, string>>) =>
  clientAddresses(trusted)(remote, new Map(Object.entries(headers)));

test('without trusted proxies the client is the other end, whatever the headers say', () => {
  expect(addressOf([], '127.0.0.1', { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' })).toBe('127.0.0.1');
});

test('a client that is not a trusted proxy is not believed', () => {
  expect(addressOf(['loopback'], '9.9.9.9', { 'x-forwarded-for': '1.2.3.4' })).toBe('9.9.9.9');
});

describe('a trusted proxy', () => {
  test.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]:80', '2001:db8::1'],
    // The client wrote the first one.
    ['6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4, 10.0.0.7', '1.2.3.4'],
    ['10.0.0.8, 10.0.0.7', '10.0.0.8'],
    ['unknown', '127.0.0.1'],
    ['6.6.6.6, unknown, 10.0.0.7', '10.0.0.7'],
    ['', '127.0.0.1'],
  ])('that sends X-Forwarded-For: %s means the client %s', (header, client) => {
    expect(addressOf(['loopback', '10.0.0.0/8'], '127.0.0.1', { 'x-forwarded-for': header })).toBe(client);
  });

  test.each([
    ['for=1.2.3.4', '1.2.3.4'],
    ['for="[2001:db8::1]:80";proto=https;by=10.0.0.7', '2001:db8::1'],
    ['for=6.6.6.6, proto=https;For=1.2.3.4', '1.2.3.4'],
    ['for=6.6.6.6, for=_hidden', '127.0.0.1'],
    ['for=6.6.6.6, by=10.0.0.7', '127.0.0.1'],
  ])('that sends Forwarded: %s means the client %s', (header, client) => {
    expect(addressOf(['loopback'], '127.0.0.1', { forwarded: header })).toBe(client);
  });

  test('whose two headers disagree means nobody: one of them came from the client', () => {
    const both = (forwarded: string) =>
      addressOf(['::1'], '::1', { 'x-forwarded-for': '1.2.3.4', forwarded: `for=${forwarded}` });
    expect([both('1.2.3.4'), both('6.6.6.6')]).toEqual(['1.2.3.4', '::1']);
  });
});

test('a range is an address, a subnet, or loopback', () => {
  const valid = ['loopback', '10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32'];
  const invalid = ['', 'proxy.example.org', '10.0.0.0/33', '10.0.0/8', '::1/129', '10.0.0.0/8/8', '1.2.3.4/x'];
  expect([valid.filter(isProxyRange), invalid.filter(isProxyRange)]).toEqual([valid, []]);
});

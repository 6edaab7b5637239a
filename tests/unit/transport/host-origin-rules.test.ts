// The rules for Host and Origin, and the normalization of addresses, as tables.

import { describe, expect, test } from '@jest/globals';
import {
  isHostAllowed,
  isLoopback,
  isOriginAllowed,
  normalizeAddress,
} from '../../../server/transport/host-origin-rules.ts';

describe('Host', () => {
  const local = { bound: '127.0.0.1', extra: ['hub.lan', 'other.lan:8080'] };

  test.each([
    'localhost',
    'localhost:5600',
    '127.0.0.1',
    '127.0.0.1:5600',
    '127.8.9.10:1',
    '[::1]',
    '[::1]:5600',
    'hub.lan',
    'hub.lan:5600',
    'other.lan:8080',
    '',
  ])('on loopback %p is let through', (host) => {
    expect(isHostAllowed(host, local)).toBe(true);
  });

  test.each([
    'evil.example',
    'evil.example:5600',
    'localhost.evil.example',
    'localhost.',
    '127.evil.example',
    '127.0.0.1.evil.example:5600',
    '127.0.0.1.5',
    '192.168.1.5',
    '0.0.0.0',
    '[::]',
    '[::1].evil.example',
    'localhost:5600:5600',
    'localhost:evil',
    'evil.example#localhost',
    'localhost@evil.example',
    'sub.hub.lan',
    'other.lan',
    '::1',
  ])('on loopback %p is refused', (host) => {
    expect(isHostAllowed(host, local)).toBe(false);
  });

  test.each(['0.0.0.0', '::', '192.168.1.5', 'hub.example'])('bound to %p any name is let through', (bound) => {
    expect(isHostAllowed('hub.example', { bound, extra: [] })).toBe(true);
  });

  test.each(['127.0.0.1', '::1', 'localhost'])('bound to %p only loopback names are', (bound) => {
    expect(isHostAllowed('evil.example', { bound, extra: [] })).toBe(false);
  });
});

describe('Origin', () => {
  const extra = ['https://dash.example', 'chrome-extension://nglaklhklhcoonedhgnpgddginnjdadi'];

  test.each([
    ['', 'localhost:5600'],
    ['', ''],
    ['http://localhost:5600', 'localhost:5600'],
    ['https://hub.example', 'hub.example'],
    ['https://HUB.example', 'hub.example'],
    ['http://hub.example', 'hub.example:80'],
    ['https://hub.example', 'hub.example:443'],
    ['https://dash.example', 'hub.example'],
    ['chrome-extension://nglaklhklhcoonedhgnpgddginnjdadi', 'localhost:5600'],
  ])('%p is let through to %p', (origin, host) => {
    expect(isOriginAllowed(origin, host, extra)).toBe(true);
  });

  test.each([
    ['null', 'localhost:5600'],
    ['null', ''],
    ['http://', ''],
    ['https://evil.example', 'hub.example'],
    ['https://hub.example.evil.example', 'hub.example'],
    ['https://evilhub.example', 'hub.example'],
    ['https://hub.example@evil.example', 'hub.example'],
    ['http://localhost:8080', 'localhost:5600'],
    ['http://localhost', 'localhost:5600'],
    ['http://127.0.0.1:5600', 'localhost:5600'],
    ['ftp://hub.example', 'hub.example'],
    ['https://dash.example.evil.example', 'hub.example'],
    ['https://dash.example:444', 'hub.example'],
    ['chrome-extension://other', 'localhost:5600'],
    ['file://', 'localhost:5600'],
  ])('%p is refused at %p', (origin, host) => {
    expect(isOriginAllowed(origin, host, extra)).toBe(false);
  });
});

describe('addresses', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:0a00:0001', '10.0.0.1'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['fe80::1', 'fe80::1'],
    ['', ''],
    ['not:an:address', 'not:an:address'],
  ])('%p is written %p', (address, plain) => {
    expect(normalizeAddress(address)).toBe(plain);
  });

  test('loopback is 127/8 and ::1', () => {
    for (const address of ['127.0.0.1', '127.200.1.1', '::1', 'localhost']) expect(isLoopback(address)).toBe(true);
    for (const address of ['', '10.0.0.1', '128.0.0.1', '::2', '127.0.0.1.example'])
      expect(isLoopback(address)).toBe(false);
  });
});

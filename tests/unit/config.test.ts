// The table of variables: defaults, valid values and invalid values of every variable.

import { describe, expect, test } from '@jest/globals';
import { type ConfigSources, configure, describe as describeTable } from '../../server/config.ts';

const place = (env: Record<string, string> = {}, platform = 'linux'): ConfigSources => ({
  env,
  platform,
  home: '/home/ann',
});
const read = (env: Record<string, string> = {}, platform?: string) => {
  const configured = configure(place(env, platform));
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  return configured.config;
};
const wrong = (env: Record<string, string>) => {
  const configured = configure(place(env));
  return configured.ok ? [] : configured.errors;
};
const uuid = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';

describe('the configuration', () => {
  test('is a personal hub where nothing is set', () => {
    expect(read()).toEqual({
      host: '127.0.0.1',
      port: 5600,
      kronosPort: 5000,
      isKronosRequired: false,
      data: '/home/ann/.local/share/horai',
      ownerToken: undefined,
      signup: 'closed',
      relay: 'notify',
      pgConnections: 8,
      backup: undefined,
      acceptLoss: false,
      rooms: 'open',
      hosts: [],
      origins: [],
      basePath: '',
      pushServices: [],
      outboxAllow: [],
      fonts: '/usr/share/fonts',
      secretKey: undefined,
      smtp: undefined,
      mailFrom: undefined,
      trustedProxies: [],
      diskFloor: 268_435_456,
      store: 'sqlite',
      engine: 'auto',
      drainMs: 100,
      tokensMaxAgeMs: 10_000,
      uws: undefined,
      heartbeatAge: undefined,
      heartbeatAhead: 24,
      awWebUi: undefined,
      awWebUiPort: 5601,
      testing: false,
      log: 'info',
    });
  });

  test.each([
    ['HORAI_HOST', '0.0.0.0', { host: '0.0.0.0' }],
    ['HORAI_HOST', '::1', { host: '::1' }],
    ['HORAI_HOST', 'hub.local', { host: 'hub.local' }],
    ['HORAI_PORT', '8080', { port: 8080 }],
    ['HORAI_PORT', '0', { port: 0 }],
    ['HORAI_KRONOS_PORT', '5001', { kronosPort: 5001, isKronosRequired: true }],
    ['HORAI_KRONOS_PORT', '5000', { kronosPort: 5000, isKronosRequired: true }],
    ['HORAI_KRONOS_PORT', '0', { kronosPort: null }],
    ['HORAI_DATA', '/srv/horai', { data: '/srv/horai' }],
    ['HORAI_OWNER_TOKEN', uuid, { ownerToken: uuid }],
    ['HORAI_SIGNUP', 'open', { signup: 'open' }],
    ['HORAI_ROOMS', 'members', { rooms: 'members' }],
    ['HORAI_SMTP', 'smtps://ann:p%40ss@mail.example.org', { smtp: 'smtps://ann:p%40ss@mail.example.org' }],
    ['HORAI_SMTP', 'smtp://localhost:25', { smtp: 'smtp://localhost:25' }],
    ['HORAI_MAIL_FROM', 'Horai <horai@example.org>', { mailFrom: 'Horai <horai@example.org>' }],
    ['HORAI_BACKUP', '/srv/backups', { backup: { folder: '/srv/backups', minute: 180, keep: 7 } }],
    ['HORAI_BACKUP', '/my backups 23:05 30', { backup: { folder: '/my backups', minute: 1385, keep: 30 } }],
    ['HORAI_HOSTS', 'Hub.example.org, hub.lan:8080', { hosts: ['hub.example.org', 'hub.lan:8080'] }],
    [
      'HORAI_ORIGINS',
      'https://dash.example,chrome-extension://abc',
      { origins: ['https://dash.example', 'chrome-extension://abc'] },
    ],
    ['HORAI_BASE_PATH', '/horai', { basePath: '/horai' }],
    ['HORAI_BASE_PATH', '/tools/horai/', { basePath: '/tools/horai' }],
    ['HORAI_BASE_PATH', '/', { basePath: '' }],
    ['HORAI_TRUSTED_PROXIES', 'loopback, 10.0.0.0/8,::1', { trustedProxies: ['loopback', '10.0.0.0/8', '::1'] }],
    ['HORAI_DISK_FLOOR', '0', { diskFloor: 0 }],
    ['HORAI_DISK_FLOOR', '1024', { diskFloor: 1_073_741_824 }],
    ['HORAI_STORE', 'memory', { store: 'memory' }],
    ['HORAI_STORE', 'postgres://horai:secret@db/horai', { store: 'postgres://horai:secret@db/horai' }],
    ['HORAI_RELAY', 'nats://mq:4222', { relay: 'nats://mq:4222' }],
    ['HORAI_PG_CONNECTIONS', '5', { pgConnections: 5 }],
    ['HORAI_HEARTBEAT_AGE', '180', { heartbeatAge: 180 }],
    ['HORAI_HEARTBEAT_AHEAD', '0.5', { heartbeatAhead: 0.5 }],
    ['HORAI_AW_WEBUI', '/srv/aw-webui/dist', { awWebUi: '/srv/aw-webui/dist' }],
    ['HORAI_AW_WEBUI_PORT', '8081', { awWebUiPort: 8081 }],
    ['HORAI_TESTING', '1', { testing: true, port: 5666 }],
    ['HORAI_TESTING', '0', { testing: false }],
    ['HORAI_ENGINE', 'ws', { engine: 'ws' }],
    ['HORAI_DRAIN', '7.5', { drainMs: 7_500 }],
    ['HORAI_TOKENS_MAX_AGE', '30', { tokensMaxAgeMs: 30_000 }],
    ['HORAI_UWS', '/opt/uws', { uws: '/opt/uws' }],
    ['HORAI_LOG', 'trace', { log: 'trace' }],
    ['XDG_DATA_HOME', '/data', { data: '/data/horai' }],
  ])('takes %s=%s', (variable, value, expected) => {
    expect(read({ [variable]: value })).toMatchObject(expected);
  });

  test('takes an empty variable for an absent one', () => {
    expect(read({ HORAI_PORT: '', HORAI_KRONOS_PORT: '', HORAI_HOSTS: ' ' })).toEqual(read());
  });

  test('keeps its data where the system keeps such data', () => {
    expect(read({}, 'darwin').data).toBe('/home/ann/Library/Application Support/horai');
    expect(read({ LOCALAPPDATA: '/local' }, 'win32').data).toBe('/local/horai');
  });

  test.each([
    ['HORAI_HOST', 'not a host'],
    ['HORAI_PORT', '65536'],
    ['HORAI_PORT', '-1'],
    ['HORAI_PORT', '5600x'],
    ['HORAI_KRONOS_PORT', 'off'],
    ['HORAI_SIGNUP', 'yes'],
    ['HORAI_ROOMS', 'none'],
    ['HORAI_MAIL_FROM', 'Horai'],
    ['HORAI_HOSTS', 'a,,b'],
    ['HORAI_BASE_PATH', 'horai'],
    ['HORAI_BASE_PATH', '/a b'],
    ['HORAI_BASE_PATH', '/a/../b'],
    ['HORAI_BASE_PATH', '/api'],
    ['HORAI_BASE_PATH', '/-/x'],
    ['HORAI_BASE_PATH', 'https://hub.example.org/horai'],
    ['HORAI_TRUSTED_PROXIES', 'proxy.example.org'],
    ['HORAI_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['HORAI_DISK_FLOOR', '1GB'],
    ['HORAI_HOSTS', 'https://hub.example.org'],
    ['HORAI_ORIGINS', 'dash.example'],
    ['HORAI_ORIGINS', 'https://dash.example/path'],
    ['HORAI_STORE', 'postgres'],
    ['HORAI_RELAY', 'mqtt://mq'],
    ['HORAI_ENGINE', 'fast'],
    ['HORAI_DRAIN', '301'],
    ['HORAI_TOKENS_MAX_AGE', '0'],
    ['HORAI_LOG', 'loud'],
  ])('refuses %s=%s in one sentence that names both', (variable, value) => {
    const errors = wrong({ [variable]: value });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(variable);
    expect(errors[0]).toContain(`"${value}"`);
    expect(errors[0]).toMatch(/ is not .+\.$/);
  });

  test('reports all errors at once', () => {
    expect(wrong({ HORAI_PORT: 'x', HORAI_STORE: 'y', HORAI_LOG: 'z' })).toHaveLength(3);
  });

  test('never prints a value that may contain a password', () => {
    for (const smtp of ['secret.example.org', 'http://secret.example.org/', 'smtps://ann:secret%@mail.example.org']) {
      const [error] = wrong({ HORAI_SMTP: smtp });
      expect(error).toMatch(/^HORAI_SMTP is set, but is not an address/);
      expect(error).not.toContain('secret');
    }
    expect(wrong({ HORAI_STORE: 'mysql://horai:secret@db/horai' })[0]).not.toContain('secret');
  });

  test('never repeats a malformed owner token', () => {
    for (const secret of ['hunter2', '6f1b2a3c-4d5e-1f60-8a7b-9c0d1e2f3a4b']) {
      const errors = wrong({ HORAI_OWNER_TOKEN: secret });
      expect(errors).toHaveLength(1);
      expect(errors[0]).toContain('HORAI_OWNER_TOKEN');
      expect(errors[0]).not.toContain(secret);
    }
  });

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(read())).toBe(true);
  });

  test('is described with one line for each variable', () => {
    const lines = describeTable(place()).split('\n');
    expect(lines).toHaveLength(32);
    for (const line of lines) expect(line).toMatch(/^ {2}HORAI_[A-Z_]+ +\S.*\(.+\)$/);
  });
});

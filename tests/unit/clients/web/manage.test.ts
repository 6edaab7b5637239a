// The functions of the pages of devices, settings, the inspector and the sign-in, without a DOM.

import { describe, expect, test } from '@jest/globals';
import { flowOf, purposes, scopesIn } from '../../../../clients/web/devices/devices-view.ts';
import { channelRows, emptyLog, logMessage, type WireLog } from '../../../../clients/web/inspector/wire-log.ts';
import { limitIn, limitText, sizeText } from '../../../../clients/web/people/limits-view.ts';
import {
  heartbeatsOf,
  importKind,
  isSwitchedOn,
  numberIn,
  piecesOf,
  settingFields,
  switchFields,
  textOfField,
  withField,
} from '../../../../clients/web/settings/settings-view.ts';
import { ago } from '../../../../clients/web/shared/ago.ts';
import { targetOf } from '../../../../clients/web/sign-in/target.ts';
import { isScope } from '../../../../server/core/access.ts';

const minute = 60_000_000;

describe('a sign-in', () => {
  test('leads to a page of this hub, never to another site', () => {
    expect(targetOf('?to=%2Fweek%2F2026-11-28')).toBe('/week/2026-11-28');
    expect(targetOf('?to=%2F')).toBe('/');
    for (const evil of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '']) {
      expect([evil, targetOf(`?to=${encodeURIComponent(evil)}`)]).toEqual([evil, '/day']);
    }
  });
});

describe('devices', () => {
  test('flow for ten minutes after an event, are quiet for a day, and silent then', () => {
    const now = 2_000 * minute;
    expect([0, 9, 10, 1_439, 1_440].map((ago) => flowOf({ last: now - ago * minute }, now))).toEqual([
      'flowing',
      'flowing',
      'quiet',
      'quiet',
      'silent',
    ]);
  });

  test('offer scopes that the hub knows', () => {
    expect(purposes.flatMap(({ scopes }) => scopes).filter((scope) => !isScope(scope))).toEqual([]);
    expect(scopesIn(' read:wakatime,write:aw/*  read ')).toEqual(['read:wakatime', 'write:aw/*', 'read']);
  });

  test('say when in words of the language', () => {
    const now = Date.UTC(2026, 10, 28, 12);
    expect(ago(now - 2 * 60_000, now, 'en')).toBe('2 minutes ago');
    expect(ago(now - 26 * 3_600_000, now, 'de')).toBe('gestern');
    expect(ago(now - 10_000, now, 'en')).toBe('this minute');
  });
});

describe('settings', () => {
  const items = new Map([
    ['day', { zone: 'Europe/Berlin', zones: [{ from: 1, zone: 'UTC' }] }],
    ['wakatime', { timeout: 15, logged_time_public: true }],
  ]);

  test('show what is said, and keep what no form has', () => {
    expect(textOfField(items, settingFields.zone)).toBe('Europe/Berlin');
    expect(textOfField(items, settingFields.timeout)).toBe('15');
    expect(textOfField(items, settingFields.idle)).toBe('');
    expect(withField(items, settingFields.zone, 'UTC')).toEqual({ zone: 'UTC', zones: [{ from: 1, zone: 'UTC' }] });
    expect(withField(items, settingFields.timeout, undefined)).toEqual({ logged_time_public: true });
    expect(isSwitchedOn(items, switchFields.time)).toBe(true);
    expect(isSwitchedOn(items, switchFields.projects)).toBe(false);
    expect(isSwitchedOn(items, switchFields.askIdle)).toBe(true);
  });

  test('take whole numbers within their limits', () => {
    expect(['', ' 15 ', '0', '1440', '1441', '-1', '1.5', 'x'].map((text) => numberIn(text, 0, 1_440))).toEqual([
      undefined,
      15,
      0,
      1_440,
      null,
      null,
      null,
      null,
    ]);
  });

  test('know an export of ActivityWatch and a dump of WakaTime by their content', () => {
    expect(importKind({ buckets: {} })).toBe('activitywatch');
    expect(importKind({ user: {}, days: [] })).toBe('wakatime');
    for (const other of [null, [], 'x', { days: 'x' }, {}]) expect(importKind(other)).toBeUndefined();
    const dump = { days: [{ heartbeats: [{ entity: 'a' }, null] }, {}, { heartbeats: [{ entity: 'b' }] }] };
    expect(heartbeatsOf(dump)).toEqual([{ entity: 'a' }, { entity: 'b' }]);
    expect(piecesOf([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
    expect(piecesOf([], 2)).toEqual([]);
  });
});

describe('limits', () => {
  test('are read and typed as people write sizes', () => {
    expect(['500 MB', '2g', '1,5 kB', '100000', 'none', '', ' '].map(limitIn)).toEqual([
      5e8,
      2e9,
      1_500,
      100_000,
      'none',
      null,
      null,
    ]);
    for (const wrong of ['much', '-1', '5 PB', '1e9']) expect(limitIn(wrong)).toBeUndefined();
    expect(sizeText(1_500_000_000, 'en')).toBe('1.5 GB');
    expect(sizeText(0, 'en')).toBe('0 byte');
    expect(limitIn(sizeText(1_500_000_000, 'en'))).toBe(1_500_000_000);
    expect(limitText('none', { unit: 'bytes' }, 'en')).toBe('∞');
  });
});

describe('the inspector', () => {
  const log = (...messages: readonly object[]) =>
    messages.reduce<WireLog>((so, message) => logMessage(so, JSON.stringify(message)), emptyLog);

  test('shows the newest changes first, and forgets the oldest', () => {
    const change = (seq: number) => ({ success: true, type: 'create', channel: 'ann/tasks', seq, key: 'k', item: 'x' });
    const { changes } = log(...Array.from({ length: 300 }, (_, seq) => change(seq)));
    expect([changes.length, changes[0]?.seq, changes.at(-1)?.seq]).toEqual([200, 299, 100]);
    expect(changes[0]).toMatchObject({ channel: 'ann/tasks', type: 'create', text: '"x"' });
  });

  test('shows who follows each channel: accounts, their connections where there are several, and visitors', () => {
    const { here } = log({
      success: true,
      type: 'presence',
      channels: [
        { channel: 'mob/team', anonymous: 3, accounts: [{ account: 'ann', connections: 2 }] },
        { channel: 'tasks', anonymous: 0, accounts: [{ account: 'bob', connections: 1 }] },
      ],
    });
    expect([...here]).toEqual([
      ['mob/team', 'ann ×2, +3'],
      ['tasks', 'bob'],
    ]);
    const channels = [{ channel: 'tasks', seq: 4, items: 2 }];
    expect(channelRows({ ...emptyLog, channels, here })).toEqual([
      { channel: 'tasks', seq: 4, items: 2, here: 'bob' },
      { channel: 'mob/team', seq: 0, items: 0, here: 'ann ×2, +3' },
    ]);
  });

  test('shows who is connected, and why it is refused', () => {
    const { sessions } = log({
      success: true,
      type: 'who',
      sessions: [{ session: 's', account: 'ann', behind: true }],
    });
    expect(sessions).toMatchObject([{ session: 's', account: 'ann', behind: true, following: [] }]);
    expect(log({ success: false, error: 'forbidden', hint: 'this needs admin' }).refusal).toBe('this needs admin');
    expect(log({ success: true, type: 'snapshot' })).toEqual(emptyLog);
  });
});

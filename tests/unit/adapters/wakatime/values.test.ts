// One line for each known form of user agents, numbers, texts, keys and days. Plugins and tools rely on them.

import { describe, expect, test } from '@jest/globals';
import { parseApiKey } from '../../../../server/adapters/wakatime/auth/credentials.ts';
import {
  dayBounds,
  formatDate,
  isZone,
  listDates,
  readDate,
  readStatsRange,
  readSummaryRange,
  startOfDay,
} from '../../../../server/adapters/wakatime/model/calendar.ts';
import { categoryName, editorName } from '../../../../server/adapters/wakatime/model/display-names.ts';
import {
  formatClock,
  formatDecimal,
  formatGrandTotal,
  formatMinutes,
  formatSeconds,
  formatTime,
  formatTimeWithSeconds,
  percentOf,
} from '../../../../server/adapters/wakatime/model/format-time.ts';
import { parseUserAgent } from '../../../../server/adapters/wakatime/model/user-agent.ts';
import { formatAge } from '../../../../server/adapters/wakatime/stats/lists.ts';

describe('a user agent', () => {
  const table: [string, string, string][] = [
    [
      'wakatime/13.0.7 (Linux-4.15.0-96-generic-x86_64-with-glibc2.4) Python3.8.0.final.0 GoLand/2019.3.4 GoLand-wakatime/11.0.1',
      'Linux',
      'GoLand',
    ],
    ['wakatime/v1.18.11 (linux-5.13.8-x86_64) go1.16.7 emacs-wakatime/1.0.2', 'Linux', 'emacs'],
    ['wakatime/ (Linux-6.0.2-x86_64) KTextEditor/5.111.0 kate-wakatime/1.3.10', 'Linux', 'kate'],
    ['Chrome/114.0.0.0 linux_x86-64 chrome-wakatime/3.0.17', 'Linux', 'chrome'],
    ['Chrome/111.0.0.0 chrome-wakatime/3.0.6', '', 'chrome'],
    ['Firefox/115.0 mac_arm64 firefox-wakatime/4.0.5', 'Mac', 'firefox'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0 Safari/537.36 Edg/114.0 win_x86-64 edge-wakatime/3.0.18',
      'Windows',
      'edge',
    ],
    ['wakatime/v1.86.5 (linux-6.6.4-x86_64) go1.21.3 neovim/900 vim-wakatime/11.1.1', 'Linux', 'neovim'],
    ['wakatime/v1.98.1 (windows-10.0.19045-x86_64) go1.22.5 Skype/unknown windows-wakatime/0.5.0', 'Windows', 'Skype'],
    [
      'wakatime/v1.98.1 (windows-10.0.1-x86_64) go1.22.5 Notepad++/unknown windows-wakatime/0.5.0',
      'Windows',
      'Notepad++',
    ],
    [
      'wakatime/v1.102.1 (linux-5.15.153.1-microsoft-standard-WSL2-unknown) go1.23.3 cursor/1.93.1 vscode-wakatime/24.9.2',
      'WSL',
      'cursor',
    ],
    [
      'wakatime/v1.130.1 (linux-6.18.2-x86_64) go1.25.5 helix/25.07.1 (74075bb5) wakatime-ls/0.2.2 helix-wakatime/0.2.2',
      'Linux',
      'helix',
    ],
    ['wakatime/v1.115.2 (linux-6.1.0-x86_64) go1.24.4 claude-code-wakatime/2.1.0', 'Linux', 'Claude'],
    ['wakatime/v1.115.2 (darwin-25.0.0-arm64) go1.24.4 Claude/0.11.3-0.11.3 macos-wakatime/5.27.2', 'Mac', 'Claude'],
    ['HBuilder X/4.56 (Windows_NT 10.0.26100)', 'Windows', 'HBuilder X'],
    ['wakatime/13.0.7 Python3.8.0.final.0 GoLand/2019.3.4 GoLand-wakatime/11.0.1', '', ''],
    ['vscode/1.93.1 vscode-wakatime/24.6.2', '', 'vscode'],
    ['wakatime/v1.102.1 (freebsd-14.1-RELEASE-amd64) go1.23.3 vim/901 vim-wakatime/11.1.1', 'Freebsd', 'vim'],
    ['wakatime/v1.102.1 (openbsd_7.5) go1.23.3 vim/901 vim-wakatime/11.1.1', 'Openbsd', 'vim'],
    ['Chrome/126.0.0.0 cros_x86-64 chrome-wakatime/4.0.5', 'Chrome OS', 'chrome'],
    ['Chrome/126.0.0.0 openbsd_x86-64 chrome-wakatime/4.0.5', 'Openbsd', 'chrome'],
    ['wakatime/v1.90.0 (linux-6.1.0) go1.22 Unknown/0', 'Linux', ''],
    ['', '', ''],
  ];
  test.each(table)('%s', (text, os, editor) => {
    expect(parseUserAgent(text)).toMatchObject({ os, editor });
  });

  const harnesses =
    'claude claude-code chatgpt copilot github-copilot-cli codex codex-cli continue cody roo-code opencode cursor-agent ' +
    'windsurf qoder kiro cline qwen-code goose amp crush devin droid kilo-code kimi-code mistral-vibe openclaw warp zed ' +
    'some-cli some-tui antigravity-ide codex-desktop';
  test.each(harnesses.split(' '))('of %s has it as the editor, after the model', (name) => {
    const text = `wakatime/v2.0.1 (linux-6.1-x86_64) go1.25 opus/4.1 ${name}/2.1 vscode-wakatime/24.8.0`;
    expect(parseUserAgent(text)).toMatchObject({ model: 'opus', editor: name });
  });

  test('names the model before the harness that runs it', () => {
    const text = 'wakatime/v2.0.1 (darwin-25.0-arm64) go1.25 opus/4.1-medium claude-code/2.1.45 vscode-wakatime/24.8.0';
    expect(parseUserAgent(text)).toMatchObject({ model: 'opus', editor: 'claude-code', os: 'Mac' });
  });

  test.each([
    ['opus/4.1 PyCharm/2025.2 PyCharm-wakatime/15.0', 'opus', 'PyCharm'],
    ['gpt/5.5-high cursor/1.93.1 vscode-wakatime/24.9.2', 'gpt', 'cursor'],
    ['Claude/2.1.118 PyCharm/2023.1 PyCharm-wakatime/15.0', '', 'Claude'],
    ['vscode/1.93.1 copilot/1.2 vscode-wakatime/24.9.2', '', 'copilot'],
    ['vscode/1.93.1 liveshare/1.2 vscode-wakatime/24.9.2', '', 'vscode'],
    ['vim/901 vim-wakatime/11.1.1', '', 'vim'],
  ])('of %s has the model "%s" and the editor %s', (input, model, editor) => {
    const text = `wakatime/v2.0.1 (darwin-25.0-arm64) go1.25 ${input}`;
    expect(parseUserAgent(text)).toMatchObject({ model, editor });
  });

  test('has the versions of plugin and command line', () => {
    const text = 'wakatime/v1.90.0 (linux-6.1) go1.22 vscode/1.93.1 vscode-wakatime/24.6.2';
    expect(parseUserAgent(text)).toMatchObject({
      editorVersion: '1.93.1',
      version: '24.6.2',
      plugin: 'vscode-wakatime',
    });
    expect(parseUserAgent('wakatime/v1.90.0 (linux-6.1) go1.22 Skype/8')).toMatchObject({ version: 'v1.90.0' });
  });
});

describe('names', () => {
  test.each([
    ['vscode', 'VS Code'],
    ['pycharm', 'PyCharm'],
    ['IntelliJIdea', 'IntelliJ IDEA'],
    ['intellij', 'IntelliJ IDEA'],
    ['goland', 'GoLand'],
    ['webstorm', 'WebStorm'],
    ['vim', 'Vim'],
    ['cursor', 'Cursor'],
    ['zed', 'Zed'],
    ['emacs', 'Emacs'],
    ['chrome', 'Chrome'],
    ['firefox', 'Firefox'],
    ['edge', 'Edge'],
    ['xcode', 'Xcode'],
    ['neovim', 'Neovim'],
    ['sublime', 'Sublime Text'],
    ['claude-code', 'Claude Code'],
    ['Notepad++', 'Notepad++'],
    ['', 'Unknown Editor'],
  ])('the editor %s is %s', (input, name) => {
    expect(editorName(input)).toBe(name);
  });

  test.each([
    ['coding', 'Coding'],
    ['writing docs', 'Writing Docs'],
    ['ai coding', 'AI Coding'],
    ['running tests', 'Running Tests'],
  ])('the category %s is %s', (input, name) => {
    expect(categoryName(input)).toBe(name);
  });
});

describe('an amount of time', () => {
  test.each([
    [143_499.9, '39.85'],
    [190_072.7, '52.78'],
    [2_409, '0.67'],
    [0, '0.00'],
  ])('%d seconds are %s in hours', (seconds, text) => {
    expect(formatDecimal(seconds)).toBe(text);
  });

  test.each([
    [2_409, '0:40'],
    [0, '0:00'],
    [36_000 + 5 * 60 + 59, '10:05'],
  ])('%d seconds are %s on a clock', (seconds, text) => {
    expect(formatClock(seconds)).toBe(text);
  });

  test.each([
    [0, '0 secs', '0 secs'],
    [1.9, '1 sec', '0 secs'],
    [7, '7 secs', '0 secs'],
    [60, '1 min', '1 min'],
    [119.9, '1 min', '1 min'],
    [22 * 60, '22 mins', '22 mins'],
    [3_600, '1 hr', '1 hr'],
    [3_659, '1 hr', '1 hr'],
    [2 * 3_600 + 60, '2 hrs 1 min', '2 hrs 1 min'],
    [1_234 * 3_600 + 5 * 60, '1,234 hrs 5 mins', '1,234 hrs 5 mins'],
  ])('%d seconds read "%s" in summaries and "%s" in stats', (seconds, fine, coarse) => {
    expect(formatSeconds(seconds)).toBe(fine);
    expect(formatMinutes(seconds)).toBe(coarse);
  });

  test('of summaries has seconds and h:MM:SS', () => {
    expect(formatTimeWithSeconds(3_725.5)).toEqual({
      total_seconds: 3_725.5,
      hours: 1,
      minutes: 2,
      seconds: 5,
      digital: '1:02:05',
      decimal: '1.03',
      text: '1 hr 2 mins',
    });
  });

  test('of stats has no seconds, and h:MM', () => {
    expect(formatTime(3_725.5)).toEqual({
      total_seconds: 3_725.5,
      hours: 1,
      minutes: 2,
      digital: '1:02',
      decimal: '1.03',
      text: '1 hr 2 mins',
    });
  });

  test('of a grand total has no seconds, except under a minute', () => {
    expect(formatGrandTotal(45)).toEqual({
      total_seconds: 45,
      hours: 0,
      minutes: 0,
      digital: '0:00',
      decimal: '0.00',
      text: '45 secs',
    });
  });

  test('is a percentage of its list with two decimals', () => {
    expect(percentOf(1, 3)).toBe(33.33);
    expect(percentOf(0, 0)).toBe(0);
  });

  test.each([
    [30, 'just now'],
    [60, '1 minute ago'],
    [7_300, '2 hours ago'],
    [86_400 * 45, '1 month ago'],
    [86_400 * 800, '2 years ago'],
  ])('%d seconds ago is "%s"', (seconds, text) => {
    expect(formatAge(seconds * 1_000_000)).toBe(text);
  });
});

describe('an API key', () => {
  const key = '00000000-0000-4000-8000-000000000000';
  const coded = (text: string) => Buffer.from(text).toString('base64');
  test('the command line’s own header', () => {
    expect(parseApiKey({ authorization: 'Basic MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAw', query: '' })).toBe(
      key,
    );
  });
  test.each([
    ['with a colon', `Basic ${coded(`${key}:`)}`, ''],
    ['as a password', `Basic ${coded(`:${key}`)}`, ''],
    ['as a password of somebody', `Basic ${coded(`ann:${key}`)}`, ''],
    ['with a password', `Basic ${coded(`${key}:secret`)}`, ''],
    ['with a line’s end', `Basic ${coded(`${key}\n`)}`, ''],
    ['with its prefix', `Basic ${coded(`waka_${key}`)}`, ''],
    ['as a bearer’s', `Bearer ${key}`, ''],
    ['as a bearer’s with its prefix', `Bearer waka_${key}`, ''],
    ['as a bearer’s base64', `Bearer ${coded(key)}`, ''],
    ['in the query', '', `start=today&api_key=${key}`],
    ['in the query as a token', '', `token=waka_${key}`],
    ['in the query as an access token', '', `access_token=${key}`],
  ])('%s', (_, authorization, query) => {
    expect(parseApiKey({ authorization, query })).toBe(key);
  });
  test('in the query, where a proxy in front of the hub uses the header for its own credentials', () => {
    expect(parseApiKey({ authorization: `Basic ${coded('ann:secret')}`, query: `api_key=${key}` })).toBe(key);
    expect(parseApiKey({ authorization: '', query: `api_key=&token=${key}` })).toBe(key);
  });
  test('a missing key differs from a wrong one', () => {
    expect(parseApiKey({ authorization: '', query: 'date=today' })).toBeUndefined();
    expect(parseApiKey({ authorization: 'Basic bm9ib2R5', query: '' })).toBe('');
    expect(parseApiKey({ authorization: '', query: 'api_key=nobody' })).toBe('');
  });
});

describe('a day', () => {
  test.each([
    ['2026-01-05', 'UTC', '2026-01-05T00:00:00Z'],
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00Z'],
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00Z'],
    ['2024-11-03', 'America/Havana', '2024-11-03T04:00:00Z'],
  ])('%s in %s begins at its first moment, also where clocks go over midnight', (date, zone, moment) => {
    expect(startOfDay(date, zone)).toBe(Date.parse(moment) * 1_000);
  });

  test('has 23, 24 or 25 hours', () => {
    const hours = (date: string) => {
      const [from = 0, to = 0] = dayBounds([date], 'Europe/Berlin');
      return (to - from) / 3_600_000_000;
    };
    expect([hours('2026-03-29'), hours('2026-03-30'), hours('2026-10-25')]).toEqual([23, 24, 25]);
  });

  test.each([
    ['2020-09-11', 'Fri Sep 11th 2020'],
    ['2026-01-01', 'Thu Jan 1st 2026'],
    ['2026-01-22', 'Thu Jan 22nd 2026'],
    ['2026-02-03', 'Tue Feb 3rd 2026'],
    ['2026-01-12', 'Mon Jan 12th 2026'],
  ])('the date %s is written %s', (date, text) => {
    expect(formatDate(date)).toBe(text);
  });

  const now = { today: '2026-01-05', weekdayStart: 1 };
  test.each([
    ['today', '2026-01-05'],
    ['yesterday', '2026-01-04'],
    ['2026-01-03', '2026-01-03'],
    ['2026-01-03T23:30:00Z', '2026-01-04'],
    ['2026-01-03T23:30:00.500+01:00', '2026-01-03'],
    ['2026-01-03T23:30:00 00:00', '2026-01-04'],
    ['2026-01-03T23:30:00', '2026-01-03'],
    ['2026-01-03 00:30', '2026-01-03'],
    ['2026-02-30', undefined],
    ['2026-02-30T12:00:00', undefined],
    ['2026-01-03T25:00:00', undefined],
    ['9999-12-31', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('"%s" is %s', (input, date) => {
    expect(readDate(input, now, 'Europe/Berlin')).toBe(date);
  });

  test.each([
    ['Today', '2026-01-05', '2026-01-05'],
    ['Yesterday', '2026-01-04', '2026-01-04'],
    ['Last 7 Days', '2025-12-30', '2026-01-05'],
    ['last_7_days', '2025-12-30', '2026-01-05'],
    ['Last 7 Days from Yesterday', '2025-12-29', '2026-01-04'],
    ['Last 14 Days', '2025-12-23', '2026-01-05'],
    ['Last 30 Days', '2025-12-07', '2026-01-05'],
    ['This Week', '2026-01-05', '2026-01-05'],
    ['Last Week', '2025-12-29', '2026-01-04'],
    ['This Month', '2026-01-01', '2026-01-05'],
    ['Last Month', '2025-12-01', '2025-12-31'],
  ])('summaries of "%s" are %s to %s', (input, first, last) => {
    expect(readSummaryRange(input, now)).toEqual({ first, last });
    expect(readSummaryRange('sometimes', now)).toBeUndefined();
  });

  test.each([
    ['last_7_days', 'last week', '2025-12-29', '2026-01-04'],
    ['last_30_days', 'last 30 days', '2025-12-06', '2026-01-04'],
    ['last_6_months', 'last 6 months', '2025-07-05', '2026-01-04'],
    ['last_year', 'last year', '2025-01-05', '2026-01-04'],
    ['2024', '2024', '2024-01-01', '2024-12-31'],
    ['2024-02', 'February 2024', '2024-02-01', '2024-02-29'],
    ['7_days', 'last week', '2025-12-29', '2026-01-04'],
    ['day', 'yesterday', '2026-01-04', '2026-01-04'],
    ['month', 'month', '2026-01-01', '2026-01-05'],
    ['Last 30 Days', 'last 30 days', '2025-12-06', '2026-01-04'],
    ['This Month', 'month', '2026-01-01', '2026-01-05'],
    ['This Week', 'week', '2026-01-05', '2026-01-05'],
  ])('stats of %s ("%s") are %s to %s', (input, label, first, last) => {
    expect(readStatsRange(input, now, false)).toMatchObject({ label, span: { first, last } });
  });

  test('stats include today with is_including_today, and of all time always', () => {
    expect(readStatsRange('last_7_days', now, true)).toMatchObject({
      span: { first: '2025-12-30', last: '2026-01-05' },
    });
    expect(readStatsRange('all_time', now, false)).toMatchObject({ includesToday: true, label: 'all time' });
    expect(readStatsRange('whenever', now, false)).toBeUndefined();
  });

  test('a span has both its ends', () => {
    expect(listDates({ first: '2025-12-31', last: '2026-01-01' })).toEqual(['2025-12-31', '2026-01-01']);
  });

  test('a zone is one of the database’s', () => {
    expect(['Europe/Berlin', 'UTC', 'Etc/GMT+3', 'Nowhere/At_All', ''].map(isZone)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

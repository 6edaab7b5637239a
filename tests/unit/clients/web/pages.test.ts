// The HTML of the pages: everything is escaped, nothing violates the Content-Security-Policy, and every referenced file exists.

import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Pages } from '../../../../server/adapters/mobtimer/pages.ts';
import { html } from '../../../../server/pages/markup.ts';
import { openPages } from '../../../../server/pages/pages.ts';

const url = 'http://horai.example:5600/';
const evil = `"><script>alert('1')</script>&`;

let pages: Pages;
let all: Readonly<Record<string, string>>;

beforeAll(async () => {
  pages = await openPages({ version: '1.2.3', base: '', kronosPort: 5000 });
  const front = { suggested: 'calm-otter-42', refused: '', url, users: 0, timers: 0, members: false };
  all = {
    front: pages.front(front),
    refused: pages.front({ ...front, refused: evil }),
    busy: pages.front({ ...front, users: 1, timers: 2, members: true }),
    room: pages.room({ room: 'calm-otter-42', url, members: false }),
    help: pages.help({ url, members: false }),
    members: pages.help({ url, members: true }),
    stats: pages.stats({
      since: Date.UTC(2026, 0, 5, 12),
      timers: [
        { minutes: 5, count: 2 },
        { minutes: 10, count: 4 },
      ],
      breaks: [],
      goals: 1,
      users: 1,
      activeTimers: 0,
    }),
  };
});

describe('markup', () => {
  test('text is escaped, markup is not, and is never made from text', () => {
    expect(`${html`<p title="${evil}">${html`<b>${'<'}</b>`}${[html`<i></i>`]}${7}</p>`}`).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"><b>&lt;</b><i></i>7</p>',
    );
  });
});

describe('the pages', () => {
  test('no page has a script, a style or a handler in its text, or asks another host for anything', () => {
    for (const page of Object.values(all)) {
      expect(page).not.toMatch(/<script(?![^>]* src="\/-\/assets\/)[^>]*>|<style|\sstyle=|\son[a-z]+=/);
      expect(page).not.toMatch(/(?:src|action)="(?!\/)|<link[^>]*href="(?!\/)/);
    }
  });

  test('every file that a page names is among the assets, under a name that changes with it', () => {
    for (const page of Object.values(all)) {
      for (const [, path] of page.matchAll(/(?:src|href)="(\/-\/assets\/[^"]*)"/g)) {
        const asset = pages.assets.find((one) => one.path === path);
        expect(asset?.headers['cache-control']).toContain('immutable');
        expect(path).toMatch(/-[A-Z0-9]{8}\.(?:js|css|svg|png)$/);
      }
    }
    expect(pages.assets.map(({ path }) => path)).toContain('/favicon.ico');
  });

  test('the policy allows this origin alone, and nothing in line', () => {
    const policy = pages.headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test('the form joins without a script, and explains an invalid name', () => {
    expect(all['front']).toContain('<form method="post" action="/">');
    expect(all['front']).toContain('name="room" value="calm-otter-42"');
    expect(all['refused']).toContain('&quot;&gt;&lt;script&gt;');
    expect(all['refused']).toContain('role="alert"');
  });

  test('an empty hub shows the next steps, a busy one shows counts', () => {
    expect(all['front']).toContain('export MOB_TIMER_ROOM=calm-otter-42');
    expect(all['busy']).not.toContain('What now?');
    expect(all['busy']).toMatch(/1 person<.* in rooms, .*2 timers</);
  });

  test('help names this hub, with the slash where it belongs and without it where it breaks', () => {
    expect(all['help']).toContain(`export MOB_TIMER_URL=${url}\n`);
    expect(all['help']).toContain('the host is <code>http://horai.example:5600</code>');
    expect(all['help']).toContain('api_url = http://horai.example:5600/api/v1');
    expect(all['help']).toContain('<code>horai.example:5000</code>');
    expect(all['members']).toContain('Authorization: Bearer');
    expect(all['members']).not.toContain('href="/stats"');
  });

  test('stats count by length', () => {
    expect(all['stats']).toMatch(/<dt>turns started<\/dt><dd>6<\/dd>/);
    expect(all['stats']).toContain('<th scope="row">10</th><td>4</td>');
    expect(all['stats']).toContain('None yet.');
  });

  test('a name makes the same file each time: two hubs serve the same', async () => {
    const again = await openPages({ version: '1.2.3', base: '', kronosPort: null });
    expect(again.assets.map(({ path }) => path)).toEqual(pages.assets.map(({ path }) => path));
    expect(again.help({ url, members: false })).toContain('Its own port is closed');
  });
});

// The addresses of pages, and what the documentation says of them, over real HTTP.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../../server/compose.ts';
import { type BundleEntry, bundle } from '../../../../server/pages/bundle.ts';
import { redirects } from '../../../../server/pages/paths.ts';
import { startComposed } from '../../../harness/compose.ts';

const docs = readFileSync(fileURLToPath(new URL('../../../../docs/pages.md', import.meta.url)), 'utf8');
const documented = [...docs.matchAll(/^\| `(\/[^`]*)` \| `(\/[^`]*)` \|$/gm)].map(([, from = '', to = '']) => [
  from,
  to,
]);

let hub: RunningHub;
beforeAll(async () => {
  hub = await startComposed();
});
afterAll(async () => {
  await hub.stop();
});

describe('addresses', () => {
  test('the table of the documentation is the table of the hub', () => {
    expect(Object.fromEntries(documented)).toEqual(redirects);
  });

  test.each(Object.entries(redirects))('%s leads to %s, which is a page', async (from, to) => {
    // An address with a `:name` leads on with what is there.
    const [asked, leads] = [from, to].map((path) => path.replace(/:\w+/, 'a%20b'));
    const answer = await fetch(new URL(asked ?? '', hub.url), { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, leads]);
    const page = await fetch(new URL(leads ?? '', hub.url));
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  });

  test('a room that is named like a page is there for its tools, and has a page', async () => {
    for (const name of ['summary', 'week', 'day', 'rooms']) {
      const put = await fetch(new URL(name, hub.url), {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{"timer":10,"user":"ann"}',
      });
      expect([name, put.status]).toEqual([name, 202]);
      const goal = await fetch(new URL(`${name}/goal`, hub.url));
      expect([name, goal.status]).toEqual([name, 204]);
      const page = await fetch(new URL(`room/${name}`, hub.url)).then((answer) => answer.text());
      expect(page).toContain(`<title>#${name}</title>`);
    }
  });

  test('a person who mistypes an address gets a page that helps, a program gets JSON', async () => {
    for (const path of ['day/2026-11-28/more', 'no.such', '-/nothing', '%3Cscript%3E']) {
      const person = await fetch(new URL(path, hub.url), { headers: { accept: 'text/html,*/*' } });
      const text = await person.text();
      expect([path, person.status, person.headers.get('content-type')]).toEqual([
        path,
        404,
        expect.stringMatching(/^text\/html/),
      ]);
      expect(text).toContain('href="/day"');
      expect(text).not.toContain('<script>');
      const program = await fetch(new URL(path, hub.url));
      expect([path, program.status]).toEqual([path, 404]);
      expect(await program.json()).toHaveProperty('error');
    }
  });

  test('/@name leads to the page of that person', async () => {
    const answer = await fetch(new URL('@ann', hub.url), { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/profile/ann']);
    const page = await fetch(new URL('profile/ann', hub.url));
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('id="profile"')]);
  });

  test('at home is today on a personal hub, and the form of rooms where everybody needs a token', async () => {
    const home = await fetch(hub.url).then((answer) => answer.text());
    expect(home).toContain('id="day"');
    expect(home).toContain('href="/rooms"');
    const shared = await startComposed({ host: '0.0.0.0', hosts: ['127.0.0.1'] });
    const { port } = new URL(shared.url);
    const front = await fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text());
    expect(front).toContain('<form method="post" action="/">');
    await shared.stop();
  });
});

describe('the scripts', () => {
  test('of a page are at most 35 KB compressed, with all they import at once', async () => {
    const built = await bundle();
    const size = (path: string) => {
      const body = built.assets.find((asset) => asset.path === path)?.body;
      if (body === undefined) throw new Error(`${path} is no asset`);
      return gzipSync(body).length;
    };
    const entries: readonly BundleEntry[] = [
      'day.tsx',
      'week.tsx',
      'set-up.tsx',
      'tasks.tsx',
      'room.tsx',
      'sign-in.tsx',
      'settings.tsx',
      'reports.tsx',
      'rules.tsx',
      'lists.tsx',
      'ranges.tsx',
      'manage.tsx',
    ];
    for (const entry of entries) {
      const all = [built.path(entry), ...built.imports(entry)].map(size);
      expect([entry, all.reduce((sum, one) => sum + one, 0) <= 35 * 1_024]).toEqual([entry, true]);
    }
    // A browser fetches one language: the tables of German (`de-…`, `de-tasks-…`) are left out, those of English count.
    const scripts = built.assets
      .filter(({ path }) => path.endsWith('.js') && !/\/de-[\w-]+\.js$/.test(path))
      .map(({ path }) => size(path));
    const total = scripts.reduce((sum, one) => sum + one, 0);
    expect([total, total <= 120 * 1_024]).toEqual([total, true]);
  });
});

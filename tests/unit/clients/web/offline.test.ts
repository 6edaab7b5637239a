// The requests whose answers the service worker stores, and those that it leaves alone.

import { describe, expect, test } from '@jest/globals';
import { cacheKey, kindOf } from '../../../../clients/web/offline/cache-rules.ts';
import { bundle } from '../../../../server/pages/bundle.ts';
import { openPages } from '../../../../server/pages/pages.ts';

const origin = 'https://hub.example';
const get = (path: string, mode = 'cors') => kindOf({ method: 'GET', mode, url: origin + path }, origin);

describe('the service worker', () => {
  test('takes files from its cache, pages and answers about days from the hub first', () => {
    expect(get('/-/assets/day-ABCDEFGH.js')).toBe('file');
    for (const path of ['/', '/day', '/day/2026-11-28', '/tasks', '/my-room'])
      expect(get(path, 'navigate')).toBe('page');
    for (const path of [
      '/-/day/today',
      '/-/days?from=2026-11-01&to=2026-11-30',
      '/-/devices',
      '/api/v1/users/current/insights/languages/last_30_days',
    ]) {
      expect(get(path)).toBe('answer');
    }
  });

  test('stores nothing of the session, of exports, of streams, of other sites, nor anything that was sent', () => {
    for (const path of [
      '/-/session',
      '/-/links',
      '/-/people',
      '/-/channels/tasks/events',
      '/api/0/export',
      '/-/clock',
    ]) {
      expect([path, get(path)]).toEqual([path, 'other']);
    }
    expect(get('/api/0/export', 'navigate')).toBe('other');
    expect(kindOf({ method: 'POST', mode: 'cors', url: `${origin}/-/suggestions` }, origin)).toBe('other');
    expect(kindOf({ method: 'GET', mode: 'navigate', url: 'https://evil.example/day' }, origin)).toBe('other');
  });

  test('knows pages of dates as one, and answers by their whole question', () => {
    const key = (path: string, kind: 'page' | 'answer') => cacheKey(path, kind);
    expect([key('/day/2026-11-28', 'page'), key('/day', 'page')]).toEqual(['/day', '/day']);
    expect(key('/week/2026-11-28', 'page')).toBe('/week');
    expect(key('/month/2026-11', 'page')).toBe('/month');
    // A room may have such a name, and its page has it too.
    expect(key('/room/2026-11-28', 'page')).toBe('/room/2026-11-28');
    expect(key('/sign-in?to=%2Fday', 'page')).toBe('/sign-in');
    expect(key('/-/days?from=a&to=b', 'answer')).toBe('/-/days?from=a&to=b');
  });

  test('is a script that imports nothing, so that every browser runs it', async () => {
    const built = await bundle();
    expect(built.imports('service-worker.ts')).toEqual([]);
    const pages = await openPages({ version: '1', base: '', kronosPort: null });
    const script = pages.assets.find(({ path }) => path === '/service-worker.js');
    expect(script).toMatchObject({ type: expect.stringContaining('javascript') });
    expect(String(script?.body)).not.toMatch(/\b(?:import|export)\b[^.(]/);
    expect(script?.headers).toMatchObject({ 'cache-control': 'no-cache' });
  });

  test('belongs to an app with icons that exist', async () => {
    const pages = await openPages({ version: '1', base: '', kronosPort: null });
    const manifest = pages.assets.find(({ path }) => path === '/manifest.webmanifest');
    const { icons, start_url: start, display } = JSON.parse(String(manifest?.body));
    expect([start, display, icons.length]).toEqual(['/', 'standalone', 3]);
    for (const { src, type } of icons) {
      const icon = pages.assets.find(({ path }) => path === src);
      expect([icon?.type, (icon?.body.length ?? 0) > 100]).toEqual([type, true]);
      if (type === 'image/png')
        expect(
          Buffer.from(icon?.body ?? '')
            .subarray(1, 4)
            .toString(),
        ).toBe('PNG');
    }
  });
});

// A hub with HORAI_BASE_PATH, on both engines: a proxy serves it below a path of its origin, and may pass the path on or remove it.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { basePathOf } from '../../../clients/web/shared/base-path.ts';
import { hubPath } from '../../../protocol/hub-path.ts';
import type { RunningHub } from '../../../server/compose.ts';
import { pagePaths } from '../../../server/pages/paths.ts';
import { startComposed } from '../../harness/compose.ts';
import { Socket } from '../../harness/socket.ts';
import { readStream } from '../../harness/stream.ts';

const base = '/tools/horai';

describe.each(['uws', 'ws'] as const)('a hub below a path, on %s', (engine) => {
  let hub: RunningHub;
  let origin: string;
  beforeAll(async () => {
    hub = await startComposed({ engine, basePath: base, host: '0.0.0.0', hosts: ['127.0.0.1'] });
    origin = `http://127.0.0.1:${new URL(hub.url).port}`;
  });
  afterAll(() => hub.stop());

  const ask = (path: string, init: RequestInit = {}) => fetch(origin + path, { redirect: 'manual', ...init });
  const textOf = async (path: string) => (await ask(path, { headers: { accept: 'text/html' } })).text();

  test('takes requests with the path, and without it: tools on its machine know none', async () => {
    for (const path of [base, `${base}/`, `${base}/day`, '/day', `${base}/-/health`, '/-/health', '/api/0/info']) {
      expect([path, (await ask(path)).status]).toEqual([path, 200]);
    }
    const missing = await ask(`${base}x/day`, { headers: { accept: 'text/html' } });
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining(`href="${base}/day"`)]);
  });

  test('every link, script and form of every page leads below the path', async () => {
    const pages = [...Object.values(pagePaths).map(([path]) => path), '/', '/rooms', '/my-room', '/help', '/stats'];
    for (const page of [...pages, '/-/reference', '/no.such']) {
      const text = await textOf(base + page);
      const addresses = [...text.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)].map(([, address = '']) => address);
      expect([page, addresses.length > 8]).toEqual([page, true]);
      expect([page, addresses.filter((address) => !address.startsWith(`${base}/`))]).toEqual([page, []]);
      const files = addresses.filter((address) => address.includes('/-/assets/') || address.includes('manifest'));
      for (const file of new Set(files)) expect([file, (await ask(file)).status]).toEqual([file, 200]);
    }
  });

  test('redirects below the path, and shows addresses with it', async () => {
    for (const [from, to] of [
      ['/dashboard', '/day'],
      ['/project/a%20b', '/projects/a%20b'],
      ['/@ann', '/profile/ann'],
    ] as const) {
      const answer = await ask(base + from);
      expect([from, answer.status, answer.headers.get('location')]).toEqual([from, 302, base + to]);
    }
    const joined = await ask(`${base}/`, { method: 'POST', body: new URLSearchParams({ room: 'otters' }) });
    expect([joined.status, joined.headers.get('location')]).toEqual([303, `${base}/otters`]);
    expect(await textOf(`${base}/help`)).toContain(`export MOB_TIMER_URL=${origin}${base}/`);
    const { servers } = JSON.parse(await textOf(`${base}/-/reference/openapi.json`));
    expect(servers).toEqual([{ url: base }]);
    const bearer = { authorization: `Bearer ${hub.ownerSecret}` };
    const person = await (await ask(`${base}/api/v1/users/current`, { headers: bearer })).text();
    expect(person).toContain(`"photo":"${origin}${base}/photo/`);
  });

  test('is installed below the path', async () => {
    const manifest = JSON.parse(await textOf(`${base}/manifest.webmanifest`));
    expect(manifest).toMatchObject({ id: `${base}/`, start_url: `${base}/`, scope: `${base}/` });
    for (const { src } of manifest.icons) expect([src, (await ask(src)).status]).toEqual([src, 200]);
    for (const { url } of manifest.shortcuts) expect([url, (await ask(url)).status]).toEqual([url, 200]);
    expect((await ask(`${base}/service-worker.js`)).status).toBe(200);
  });

  test('the cookie is for the path, so over https it is named __Secure-; the origin’s other storage is left alone', async () => {
    const port = new URL(origin).port;
    const signIn = (from: string) =>
      ask(`${base}/-/session`, {
        method: 'POST',
        headers: { origin: from, 'content-type': 'application/json' },
        body: JSON.stringify({ token: hub.ownerSecret }),
      });
    const cookie = (await signIn(origin)).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(new RegExp(`^horai-${port}=[0-9a-f-]{36}; Path=${base}; HttpOnly; SameSite=Strict; `));
    const secure = (await signIn(origin.replace('http', 'https'))).headers.get('set-cookie') ?? '';
    expect(secure).toMatch(new RegExp(`^__Secure-horai-${port}=[0-9a-f-]{36}; Path=${base}; .*; Secure$`));

    const [pair = ''] = cookie.split(';');
    // A hub that has the whole origin has a cookie of the same name; a browser sends that of the longer path first.
    const both = `${pair}; horai-${port}=00000000-0000-4000-8000-000000000000`;
    const session = await (await ask(`${base}/-/session`, { headers: { cookie: both } })).text();
    expect(session).toContain('"account":"owner"');
    const stream = await readStream(Number(port), `${base}/-/channels/tasks/events`, { cookie: pair });
    expect(stream.status).toBe(200);
    stream.close();
    const socket = await Socket.open(`${origin}${base}/`, { cookie: pair, origin });
    expect(await socket.ask({ type: 'login', device_id: 'page', ref: 1 })).toMatchObject({ success: true });
    await socket.close();

    const out = await ask(`${base}/-/session`, { method: 'DELETE', headers: { cookie: pair, origin } });
    expect([out.status, out.headers.get('clear-site-data')]).toEqual([204, null]);
    expect(out.headers.get('set-cookie')).toMatch(new RegExp(`^horai-${port}=; Path=${base}; .*Max-Age=0`));
  });
});

describe('addresses of a hub below a path', () => {
  test('the pages read it from the address of their scripts', () => {
    expect(basePathOf('https://example.org/horai/-/assets/day-X.js')).toBe('/horai');
    expect(basePathOf('https://example.org/-/assets/day-X.js')).toBe('');
    expect(basePathOf('file:///work/clients/web/shared/address.ts')).toBe('');
  });

  test('programs append a path and its query', () => {
    expect(hubPath('https://example.org/horai', '/-/day/today').href).toBe('https://example.org/horai/-/day/today');
    expect(hubPath('https://example.org/horai/', '/-/suggestions?date=2026-11-28').href).toBe(
      'https://example.org/horai/-/suggestions?date=2026-11-28',
    );
    expect(hubPath('http://127.0.0.1:5600', '/-/health').href).toBe('http://127.0.0.1:5600/-/health');
  });
});

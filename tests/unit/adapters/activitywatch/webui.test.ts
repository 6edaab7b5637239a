// ActivityWatch's web UI on its own port: its files, the API, and no file outside of its folder.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compose, type RunningHub } from '../../../../server/compose.ts';
import { realWorld } from '../../../../server/world.ts';
import { startComposed, testConfig } from '../../../harness/compose.ts';

let folder = '';
let hub: RunningHub | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'horai-webui-'));
  mkdirSync(join(folder, 'dist', 'js'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'index.html'), '<title>ActivityWatch</title>');
  writeFileSync(join(folder, 'dist', 'js', 'app.js'), 'start()');
  writeFileSync(join(folder, 'secret'), 'not yours');
  symlinkSync(join(folder, 'secret'), join(folder, 'dist', 'link'));
});

afterEach(async () => {
  await hub?.stop();
  hub = undefined;
  rmSync(folder, { recursive: true });
});

async function start(engine: 'uws' | 'ws'): Promise<string> {
  hub = await startComposed({ awWebUi: join(folder, 'dist'), awWebUiPort: 0, engine });
  return hub.webUi ?? '';
}

/** Sends the path unchanged; `fetch` would normalize it. */
function statusOf(url: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const asking = request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.on('error', reject);
    asking.end();
  });
}

describe.each(['uws', 'ws'] as const)('the web UI on %s', (engine) => {
  test('is served with its files, which browsers may cache', async () => {
    const url = await start(engine);
    const index = await fetch(url);
    expect([index.status, await index.text()]).toEqual([200, '<title>ActivityWatch</title>']);
    expect(index.headers.get('cache-control')).toBe('no-cache');
    const script = await fetch(`${url}js/app.js`);
    expect([script.headers.get('content-type'), await script.text()]).toEqual([
      'text/javascript; charset=utf-8',
      'start()',
    ]);
    const again = await fetch(`${url}js/app.js`, { headers: { 'if-none-match': script.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  test('has the API beside it, for its own origin and no other', async () => {
    const url = await start(engine);
    const origin = url.slice(0, -1);
    const headers = { origin, 'content-type': 'application/json' };
    const body = JSON.stringify({ client: 'aw-webui', type: 'general.stopwatch', hostname: 'unknown' });
    expect((await fetch(`${url}api/0/buckets/aw-stopwatch`, { method: 'POST', headers, body })).status).toBe(200);
    expect(await (await fetch(`${url}api/0/buckets/`)).json()).toHaveProperty('aw-stopwatch');
    const foreign = await fetch(`${url}api/0/buckets/`, { headers: { origin: 'https://evil.example' } });
    expect(foreign.status).toBe(403);
    // Both ports belong to the same hub.
    expect(await (await fetch(`${hub?.url}api/0/buckets/`)).json()).toHaveProperty('aw-stopwatch');
  });

  test('shows nothing outside of its folder', async () => {
    const url = await start(engine);
    for (const path of [
      '/../secret',
      '/..%2fsecret',
      '/%2e%2e/secret',
      '/js/../../secret',
      '/link',
      '/js',
      '/js/',
      '/none',
      '/%00',
      '/%ff',
      '//secret',
    ]) {
      expect([path, await statusOf(url, path)]).toEqual([path, 404]);
    }
  });
});

test('a folder without a web UI prevents the start', async () => {
  const config = testConfig({ awWebUi: join(folder, 'none'), awWebUiPort: 0 });
  expect(await compose(config, realWorld('silent'))).toEqual({
    ok: false,
    error: `There is no built aw-webui in ${join(folder, 'none')}: it has no index.html (HORAI_AW_WEBUI, HORAI_AW_WEBUI_PORT).`,
  });
});

// The pages over real HTTP, on both engines: caching by browsers.

import { afterEach, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../../server/compose.ts';
import { startComposed } from '../../../harness/compose.ts';

let hub: RunningHub | undefined;
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
});

describe.each(['uws', 'ws'] as const)('pages on %s', (engine) => {
  test('a page that the visitor has is not sent again, one that is another is', async () => {
    hub = await startComposed({ engine });
    for (const path of ['help', 'calm-otter-42']) {
      const first = await fetch(hub.url + path);
      const etag = first.headers.get('etag') ?? '';
      expect(first.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await first.text()).toContain('<!doctype html>');
      const again = await fetch(hub.url + path, { headers: { 'if-none-match': etag } });
      expect([again.status, await again.text()]).toEqual([304, '']);
      const other = await fetch(`${hub.url}other-room`, { headers: { 'if-none-match': etag } });
      expect(other.status).toBe(200);
      await other.text();
    }
  });

  test('the files of a page exist and may be cached without limit', async () => {
    hub = await startComposed({ engine });
    const page = await fetch(`${hub.url}calm-otter-42`).then((answer) => answer.text());
    const paths = [...page.matchAll(/(?:src|href)="\/(-\/assets\/[^"]*)"/g)].map(([, path]) => path ?? '');
    expect(paths.length).toBeGreaterThanOrEqual(3);
    for (const path of paths) {
      const file = await fetch(hub.url + path);
      expect([file.status, file.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
      expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(0);
    }
  });
});

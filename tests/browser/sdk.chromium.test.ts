// The SDK with BrowserStorage, bundled into a page, in real Chromium against a real hub: two tabs, one of them offline.

import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import type { RunningHub } from '../../server/compose.ts';
import { hasChromium, Visitor } from '../harness/browser.ts';
import { startComposed } from '../harness/compose.ts';

jest.setTimeout(120_000);

const page = `
import { BrowserStorage } from './browser-storage.ts';
import { connect } from './index.ts';
globalThis.begin = async (url, token) => {
  globalThis.hub = connect({ url, token, storage: new BrowserStorage('trial') });
  globalThis.notes = hub.channel('notes');
  await notes.open();
};
globalThis.texts = () => JSON.stringify([...notes.items.values()].map(({ item }) => item).sort());
document.title = 'ready';
`;

async function script(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: fileURLToPath(new URL('../../clients/typescript', import.meta.url)) },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Serves the page on a loopback address. */
async function serve(): Promise<{ server: Server; url: string }> {
  const body = `<!doctype html><link rel="icon" href="data:,"><script type="module">${await script()}</script>`;
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, url: `http://127.0.0.1:${address.port}/` };
}

(hasChromium ? describe : describe.skip)('the SDK in Chromium', () => {
  let hub: RunningHub;
  let site: { server: Server; url: string };
  beforeAll(async () => {
    site = await serve();
    hub = await startComposed({ origins: [new URL(site.url).origin] });
  });
  afterAll(async () => {
    site.server.close();
    await hub.stop();
  });

  const open = async (tab: Page, url: string) => {
    await tab.goto(site.url);
    await tab.waitForFunction('document.title === "ready"');
    await tab.evaluate(`begin(${JSON.stringify(url)}, ${JSON.stringify(hub.ownerSecret)})`);
  };
  const shows = (tab: Page, texts: readonly string[]) =>
    tab.waitForFunction(`texts() === ${JSON.stringify(JSON.stringify(texts))}`);

  test('two tabs share one queue: a write of an offline tab shows in the other tab, which sends it', async () => {
    const visitor = await Visitor.open(site.url);
    visitor.outage = true;
    try {
      const one = visitor.page;
      const other = await one.context().newPage();
      await open(one, 'ws://127.0.0.1:9');
      await open(other, hub.url);
      expect(await one.evaluate('notes.create("a").then(({ ok }) => ok)')).toBe(true);
      await shows(other, ['a']);
      expect(
        await one.evaluate('hub.sync({ deadlineMs: 5000 }).then(({ state, pending }) => [state, pending])'),
      ).toEqual(['offline', 1]);
      const synced = 'hub.sync({ deadlineMs: 20000 }).then(({ state, pending }) => [state, pending])';
      expect(await other.evaluate(synced)).toEqual(['live', 0]);
      // The offline tab gets the result of its write from the storage.
      await one.waitForFunction(
        'notes.position !== undefined && [...notes.items.values()].every(({ seq }) => seq > 0)',
      );
      await one.reload();
      await open(one, hub.url);
      await shows(one, ['a']);
      await one.evaluate('hub.start()');
      await other.evaluate('notes.create("b")');
      await shows(one, ['a', 'b']);
    } finally {
      await visitor.close();
    }
  });
});

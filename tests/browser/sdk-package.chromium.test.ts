// The packed SDK in a page of real Chromium: the page imports the files of the installed package, without a bundler.

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { RunningHub } from '../../server/compose.ts';
import { hasChromium, Visitor } from '../harness/browser.ts';
import { startComposed } from '../harness/compose.ts';
import { Leftovers } from '../harness/process.ts';
import { installSdk } from '../harness/sdk-package.ts';

jest.setTimeout(120_000);

const page = `<!doctype html><link rel="icon" href="data:,"><script type="module">
import { connect } from '/sdk/dist/index.js';
import { BrowserStorage } from '/sdk/dist/browser-storage.js';
globalThis.write = async (url, token) => {
  const hub = connect({ url, token, storage: new BrowserStorage('package') });
  const notes = hub.channel('notes');
  await notes.create({ text: 'from a page' }, { key: 'a' });
  const { state, pending } = await hub.sync({ deadlineMs: 20_000 });
  const read = await notes.read();
  await hub.close();
  return [state, pending, read.items[0].item.text].join(' ');
};
document.title = 'ready';
</script>`;

/** Serves the page, and under `/sdk/` the files of a folder. */
async function serve(folder: string): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const path = normalize(request.url ?? '/');
    if (!path.startsWith('/sdk/')) {
      response.setHeader('content-type', 'text/html').end(page);
      return;
    }
    readFile(join(folder, path.slice('/sdk/'.length))).then(
      (content) => response.setHeader('content-type', 'text/javascript').end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, url: `http://127.0.0.1:${address.port}/` };
}

(hasChromium ? describe : describe.skip)('the SDK from its tarball, in Chromium', () => {
  const leftovers = new Leftovers();
  let hub: RunningHub;
  let site: { server: Server; url: string };
  beforeAll(async () => {
    site = await serve(await installSdk(leftovers.folder()));
    hub = await startComposed({ origins: [new URL(site.url).origin] });
  }, 120_000);
  afterAll(async () => {
    site.server.close();
    await hub.stop();
    await leftovers.clear();
  });

  test('a page imports the package without a bundler and writes to a hub', async () => {
    const visitor = await Visitor.open(site.url);
    try {
      await visitor.page.goto(site.url);
      await visitor.page.waitForFunction('document.title === "ready"');
      const written = `write(${JSON.stringify(hub.url)}, ${JSON.stringify(hub.ownerSecret)})`;
      expect(await visitor.page.evaluate(written)).toBe('live 0 from a page');
      expect(visitor.complaints).toEqual([]);
    } finally {
      await visitor.close();
    }
  });
});

// `npm run reference` writes docs/reference: the OpenAPI and AsyncAPI documents as a running hub serves them at `/-/reference`. A test
// compares the committed copies with what the hub serves.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compose } from '../server/compose.ts';
import { configure } from '../server/config.ts';
import { realWorld } from '../server/world.ts';

export const documents = ['openapi.json', 'asyncapi.json'] as const;
export const folder = fileURLToPath(new URL('../docs/reference/', import.meta.url));

/** @returns the text of each document by its file name, from a hub in memory on a free port of loopback */
export async function readReference(): Promise<ReadonlyMap<string, string>> {
  const configured = configure({ env: {}, platform: 'linux', home: '/nowhere' });
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  const config = { ...configured.config, port: 0, kronosPort: null, store: 'memory', log: 'silent' } as const;
  const composed = await compose(config, realWorld('silent'));
  if (!composed.ok) throw new Error(composed.error);
  const { hub } = composed;
  try {
    const texts = documents.map(async (name) => {
      const reply = await fetch(`${hub.url}-/reference/${name}`);
      return [name, await reply.text()] as const;
    });
    return new Map(await Promise.all(texts));
  } finally {
    await hub.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of await readReference()) await writeFile(`${folder}${name}`, text);
}

// The version of Horai, said once: in package.json.

import { readFileSync } from 'node:fs';

const { version: said }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

export const version = said;

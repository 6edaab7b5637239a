// The version of Horai, read from package.json.

import { readFileSync } from 'node:fs';

const { version: packageVersion }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

export const version = packageVersion;

/** The version of Node, such as `v22.12.0`. */
export { version as nodeVersion } from 'node:process';

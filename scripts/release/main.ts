// `npm run release` makes the files of a release in dist/release: the tarball that npm and npx install, the Debian package, the bill of
// materials and the checksums.
//
//   npm run release                                  for this machine
//   npm run release -- --platform linux-arm64        for another platform; its binaries come from the npm registry
//   npm run release -- --out FOLDER --no-deb

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeRelease } from './release.ts';

const { values } = parseArgs({
  options: {
    platform: { type: 'string', default: `${platform}-${arch}` },
    out: { type: 'string', default: fileURLToPath(new URL('../../dist/release', import.meta.url)) },
    'no-deb': { type: 'boolean', default: false },
  },
});
const [os = '', cpu = ''] = values.platform.split('-');
const out = resolve(values.out);
await makeRelease(out, { platform: { os, cpu }, withDeb: os === 'linux' && !values['no-deb'] });
console.log(`${out}:\n${readFileSync(join(out, 'SHA256SUMS'), 'utf8')}`);

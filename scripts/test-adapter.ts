// `npm run test:adapter <name>` runs all tests of one adapter. It passes further arguments to jest.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));
const [name = '', ...rest] = process.argv.slice(2);
const names = readdirSync(new URL('../server/adapters/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

if (!names.includes(name)) {
  console.error(
    `${name === '' ? 'Which adapter?' : `There is no adapter "${name}".`} npm run test:adapter ${names.join(' | ')}`,
  );
  process.exitCode = 2;
} else {
  // A folder of the adapter's name, or files whose names begin with it.
  const pattern = `(adapters|browser|simulation)/${name}[./-]`;
  const { status } = spawnSync('npm', ['test', '--silent', '--', pattern, ...rest], { cwd: top, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

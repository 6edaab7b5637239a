// Installs the SDK as its users do: packed by npm, and installed, without a network, into an empty project.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSdk } from '../../scripts/build-sdk.ts';

const source = fileURLToPath(new URL('../../clients/typescript/', import.meta.url));

export function npm(cwd: string, ...args: readonly string[]): string {
  return execFileSync('npm', [...args, '--offline', '--no-audit', '--no-fund'], { cwd, encoding: 'utf8' });
}

/** @param folder an empty folder for the package and the project. @returns the folder of the installed package */
export async function installSdk(folder: string): Promise<string> {
  const [packed, project] = [join(folder, 'packed'), join(folder, 'project')];
  mkdirSync(packed);
  mkdirSync(project);
  for (const name of ['package.json', 'README.md']) copyFileSync(join(source, name), join(packed, name));
  await buildSdk(join(packed, 'dist'));
  const tarball = npm(packed, 'pack', '--ignore-scripts', '--silent').trim();
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
  npm(project, 'install', join(packed, tarball));
  return join(project, 'node_modules/horai-sdk');
}

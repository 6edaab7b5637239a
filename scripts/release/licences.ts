// The licences of the packages that a release contains. Most of them are bundled into one file, so their own licence files are not beside them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PackageInside {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
}

/** @param folder the folder of an installed package */
export function readPackage(folder: string): PackageInside {
  const { name, version, license }: Omit<PackageInside, 'folder'> = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  return { folder, name, version, license };
}

/**
 * @param packages in the order of the text
 * @returns one text with the licence of each package
 * @throws if a package states no licence
 */
export function licencesOf(packages: readonly PackageInside[]): string {
  const parts = packages.map(({ folder, name, version, license }) => {
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file));
    if (files.length === 0 && license === undefined) throw new Error(`${name} states no licence`);
    const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return [`${name} ${version} (${license ?? 'licence below'})`, ...texts].join('\n\n');
  });
  const line = `\n\n${'-'.repeat(80)}\n\n`;
  return `This release of Horai contains these packages. Some of their files are bundled into the files in built/.${line}${parts.join(line)}\n`;
}

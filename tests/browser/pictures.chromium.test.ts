// `npm run pictures`: it makes every file that it names, and the README shows these files.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { pictureNames, takePictures } from '../../scripts/pictures/take.ts';
import { hasChromium } from '../harness/browser.ts';
import { Leftovers } from '../harness/process.ts';

jest.setTimeout(300_000);

const top = fileURLToPath(new URL('../../', import.meta.url));
/** The largest size of a picture, so that the README opens fast. */
const mostBytes = 80_000;
const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

/** The files of a folder, each with what is wrong with it. */
function checkPictures(folder: string): readonly (readonly [name: string, problem: string])[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(folder, name));
      const isWebp = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
      return [name, isWebp ? (bytes.length > mostBytes ? `${bytes.length} bytes` : '') : 'no WebP'];
    });
}

const sound = [...pictureNames()].sort().map((name) => [name, '']);

test('the pictures in docs/pictures are those that the script makes, and small', () => {
  expect(checkPictures(join(top, 'docs/pictures'))).toEqual(sound);
});

test('the README shows each picture, in both themes', () => {
  const readme = readFileSync(join(top, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/docs\/pictures\/([\w.-]+)/g)].map(([, name]) => name);
  expect(shown.sort()).toEqual([...pictureNames()].sort());
});

(hasChromium ? describe : describe.skip)('the script', () => {
  test('makes every file that it names', async () => {
    const folder = leftovers.folder();
    await takePictures(folder);
    expect(checkPictures(folder)).toEqual(sound);
  });
});

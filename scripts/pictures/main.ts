// `npm run pictures` writes the pictures of the README to docs/pictures. `npm run pictures -- all <folder> [page …]` takes every page, or
// those that are named, at 320 to 2,560 pixels in both themes, to be looked at.

import { fileURLToPath } from 'node:url';
import { takeAllPages, takePictures } from './take.ts';

const [what, folder, ...names] = process.argv.slice(2);
if (what === undefined) await takePictures(fileURLToPath(new URL('../../docs/pictures/', import.meta.url)));
else if (what === 'all' && folder !== undefined) await takeAllPages(folder, names);
else {
  console.error('npm run pictures, or npm run pictures -- all <folder> [page …]');
  process.exitCode = 2;
}

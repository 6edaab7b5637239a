// A process that adds 1 to a value in a file in a loop. It prints `+` after each update that the storage has acknowledged.

import { FileStorage } from '../../clients/typescript/file-storage.ts';

const [file = '', times = '0'] = process.argv.slice(2);
const storage = new FileStorage(file);
for (let n = 0; n < Number(times); n += 1) {
  await storage.update('count', (value) => (typeof value === 'number' ? value : 0) + 1);
  process.stdout.write('+');
}

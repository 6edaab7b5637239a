// A process that adds one to a value in a file, again and again, and says so each time that it was promised.

import { FileStorage } from '../../clients/typescript/file-storage.ts';

const [file = '', times = '0'] = process.argv.slice(2);
const storage = new FileStorage(file);
for (let n = 0; n < Number(times); n += 1) {
  await storage.update('count', (value) => (typeof value === 'number' ? value : 0) + 1);
  process.stdout.write('+');
}

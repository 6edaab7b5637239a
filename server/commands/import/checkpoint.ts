// Stores the progress of an import in a small file of the data folder, so that an interrupted import continues there. The file only saves
// time: without it, everything is sent again, which changes nothing.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export class Checkpoint {
  readonly #file: string;

  /** @param parts texts that identify the import. They are hashed, because they may contain secrets */
  constructor(folder: string, ...parts: readonly string[]) {
    const name = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
    this.#file = join(folder, 'imports', `${name}.txt`);
  }

  /** @returns the stored mark; '' if there is none */
  async read(): Promise<string> {
    return readFile(this.#file, 'utf8').catch(() => '');
  }

  async write(mark: string): Promise<void> {
    await mkdir(join(this.#file, '..'), { recursive: true });
    await writeFile(`${this.#file}.new`, mark);
    await rename(`${this.#file}.new`, this.#file);
  }

  async done(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}

// The file of privacy rules: read again whenever it has changed, looked at before anything leaves. A file that is missing or wrong
// gives no rules at all, which is not the same as an empty list: nothing leaves then. What rules mean is in adapters/privacy.ts.

import { readFileSync, statSync } from 'node:fs';
import { errorMessage } from '../../protocol/error-message.ts';
import { type ParsedFilters, type PrivacyFilters, parseFilters } from '../http/privacy-filters.ts';

export class RulesFile {
  readonly #path: string | undefined;
  readonly #told: (error: string | null) => void;
  #mark: string | undefined;
  #read: ParsedFilters = { ok: true, filters: [] };

  /**
   * @param path undefined: there are no rules, and everything may leave
   * @param told what is wrong with the file, each time that changes; null when nothing is any more
   */
  constructor(path: string | undefined, told: (error: string | null) => void) {
    this.#path = path;
    this.#told = told;
  }

  /** As the file has them now; undefined while it has none that can be followed. */
  filters(): PrivacyFilters | undefined {
    if (this.#path !== undefined) this.#look(this.#path);
    return this.#read.ok ? this.#read.filters : undefined;
  }

  get error(): string | null {
    return this.#read.ok ? null : this.#read.error;
  }

  #look(path: string): void {
    const mark = markOf(path);
    if (mark === this.#mark) return;
    this.#mark = mark;
    const before = this.error;
    const read = readFile(path);
    this.#read = read.ok ? read : { ok: false, error: `${path}: ${read.error}` };
    if (this.error !== before) this.#told(this.error);
  }
}

function markOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'missing' : `${found.ino} ${found.size} ${found.mtimeNs}`;
}

function readFile(path: string): ParsedFilters {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { ok: false, error: errorMessage(error) };
  }
  return parseFilters(value);
}

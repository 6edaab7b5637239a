// The file of privacy rules. It is checked before every batch, and read again if it changed. While the file is missing or invalid there are
// no filters, and nothing is sent: that is not the same as an empty list. http/privacy-filters.ts applies the rules.

import { readFileSync, statSync } from 'node:fs';
import { errorMessage } from '../../protocol/error-message.ts';
import { type ParsedFilters, type PrivacyFilters, parseFilters } from '../http/privacy-filters.ts';

export class RulesFile {
  readonly #path: string | undefined;
  readonly #onError: (error: string | null) => void;
  #fingerprint: string | undefined;
  #parsed: ParsedFilters = { ok: true, filters: [] };

  /**
   * @param path the file; if undefined, there are no rules, and everything is sent
   * @param onError called whenever the error of the file changes; with null once the file is valid
   */
  constructor(path: string | undefined, onError: (error: string | null) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  /** The current filters; undefined while the file is invalid. */
  filters(): PrivacyFilters | undefined {
    if (this.#path !== undefined) this.#reload(this.#path);
    return this.#parsed.ok ? this.#parsed.filters : undefined;
  }

  get error(): string | null {
    return this.#parsed.ok ? null : this.#parsed.error;
  }

  #reload(path: string): void {
    const fingerprint = fingerprintOf(path);
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    const before = this.error;
    const parsed = readFile(path);
    this.#parsed = parsed.ok ? parsed : { ok: false, error: `${path}: ${parsed.error}` };
    if (this.error !== before) this.#onError(this.error);
  }
}

function fingerprintOf(path: string): string {
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

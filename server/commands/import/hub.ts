// A client of the running hub that an import writes to. It uses the HTTP routes of plugins and watchers, so the hub checks and deduplicates
// the data as usual.

import { readHubFile } from '../../hub-file.ts';

export class ImportError extends Error {
  /** The HTTP status of the hub's answer, if the hub refused. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

export class ImportHub {
  readonly #url: string;
  readonly #key: string;

  /** @param url with a final slash */
  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /**
   * Finds the hub that runs on the data folder.
   * @param key a token of the account to import into; the owner's account by default
   */
  static async of(folder: string, key: string | undefined): Promise<ImportHub> {
    const hub = await readHubFile(folder);
    if (hub === undefined) throw new ImportError('No hub runs on this data folder: start it first.');
    return new ImportHub(hub.url.replace(/^ws/, 'http'), key ?? hub.secret);
  }

  /** @param path without a leading slash */
  async post(path: string, body: string): Promise<string> {
    return this.#ask(path, { method: 'POST', body });
  }

  async get(path: string): Promise<string> {
    return this.#ask(path, {});
  }

  async #ask(
    path: string,
    { method = 'GET', body = null }: { method?: string; body?: string | null },
  ): Promise<string> {
    const answer = await fetch(this.#url + path, {
      method,
      body,
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json', 'user-agent': '' },
    });
    const text = await answer.text();
    if (!answer.ok) throw new ImportError(`The hub answered ${answer.status}: ${text.slice(0, 200)}`, answer.status);
    return text;
  }
}

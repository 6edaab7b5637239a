// An answer of the hub to a page, on a live connection: asked at first, and again when one of the page's channels changes.

import { LiveConnection } from './live-connection.ts';
import type { PageSource } from './page-source.ts';

export type LoadedAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export interface LiveAnswerDeps<T> {
  readonly load: (live: LiveConnection) => Promise<LoadedAnswer<T>>;
  /** Channels without the account whose changes change the answer. */
  readonly channels?: readonly string[];
  readonly changed: () => void;
}

export class LiveAnswer<T> implements PageSource {
  readonly live: LiveConnection;
  /** Why the hub gave no answer; '' if it did. */
  problem = '';
  value: T | undefined;
  readonly #deps: LiveAnswerDeps<T>;
  #isAsking = false;
  #isStale = false;

  constructor(deps: LiveAnswerDeps<T>) {
    this.#deps = deps;
    this.live = new LiveConnection(deps.changed);
    const { connection } = this.live;
    connection.start();
    for (const name of deps.channels ?? []) {
      const channel = connection.channel(name);
      channel.onItems(() => {
        if (channel.isCurrent) void this.ask();
      });
      channel.open().catch(() => undefined);
    }
    void this.ask();
  }

  get isKnown(): boolean {
    return this.value !== undefined;
  }

  /** One question at a time; a change that comes meanwhile asks once more. */
  async ask(): Promise<void> {
    this.#isStale = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#isStale) {
      this.#isStale = false;
      const answer = await this.#deps.load(this.live);
      this.problem = answer.ok ? '' : answer.reason;
      if (answer.ok) this.value = answer.value;
      this.#deps.changed();
    }
    this.#isAsking = false;
  }

  close(): void {
    this.live.close();
  }
}

/** The list in an answer of WakaTime's API, `{"data": [...]}`, as it is: the hub's answers are trusted in their parts. */
export function dataOf<T>(value: unknown, isRow: (row: unknown) => row is T): readonly T[] {
  if (typeof value !== 'object' || value === null || !('data' in value) || !Array.isArray(value.data)) return [];
  return value.data.filter(isRow);
}

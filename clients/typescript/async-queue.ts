// What one subscriber has still to be told, as an async iterator. It holds the last change of each item, not every change: who reads
// slowly is told less often, and nothing piles up.

import type { ChannelEvent, SdkChange, Subscription } from './api.ts';

export class AsyncQueue<T extends ChannelEvent<unknown>> implements Subscription<T> {
  /** In the order of the last change. */
  #waiting = new Map<string, T>();
  #asked: ((result: IteratorResult<T>) => void)[] = [];
  #over = false;
  #closed: () => void;

  constructor(closed: () => void) {
    this.#closed = closed;
  }

  tell(told: T): void {
    if (this.#over) return;
    const ask = this.#asked.shift();
    if (ask !== undefined) {
      ask({ value: told, done: false });
      return;
    }
    if (!isChange(told)) {
      for (const [name, { channel }] of this.#waiting) if (channel === told.channel) this.#waiting.delete(name);
      this.#waiting.set(`${told.channel}\n`, told);
      return;
    }
    const name = `${told.channel}\n${told.key}`;
    const before = this.#waiting.get(name);
    this.#waiting.delete(name);
    const type = before === undefined || !isChange(before) ? told.type : together(before.type, told.type);
    if (type !== undefined) this.#waiting.set(name, { ...told, type });
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.clear();
    for (const ask of this.#asked.splice(0)) ask({ value: undefined, done: true });
    this.#closed();
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => {
        for (const [name, value] of this.#waiting) {
          this.#waiting.delete(name);
          return Promise.resolve({ value, done: false });
        }
        if (this.#over) return Promise.resolve({ value: undefined, done: true });
        return new Promise((resolve) => this.#asked.push(resolve));
      },
      return: () => {
        this.close();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}

export function isChange(told: ChannelEvent<unknown>): told is SdkChange<unknown> {
  return told.type !== 'snapshot' && told.type !== 'reset';
}

type Kind = SdkChange<unknown>['type'];

/** Two changes as one; undefined where they come to nothing. */
function together(before: Kind, after: Kind): Kind | undefined {
  if (before === 'create') return after === 'delete' ? undefined : 'create';
  return before === 'delete' && after !== 'delete' ? 'update' : after;
}

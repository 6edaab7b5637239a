// The unread events of one subscriber, as an async iterator. The queue is bounded: it coalesces the changes of each item, so a slow
// reader gets the last change of an item instead of every change.

import type { ChannelEvent, SdkChange, Subscription } from './api.ts';

export class EventQueue<T extends ChannelEvent<unknown>> implements Subscription<T> {
  /** Unread events by channel and key, in the order of the last change. */
  #buffer = new Map<string, T>();
  /** Calls of `next` that wait for an event. */
  #readers: ((result: IteratorResult<T>) => void)[] = [];
  #isClosed = false;
  #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  push(event: T): void {
    if (this.#isClosed) return;
    const resolve = this.#readers.shift();
    if (resolve !== undefined) {
      resolve({ value: event, done: false });
      return;
    }
    if (!isChange(event)) {
      for (const [name, { channel }] of this.#buffer) if (channel === event.channel) this.#buffer.delete(name);
      this.#buffer.set(`${event.channel}\n`, event);
      return;
    }
    const name = `${event.channel}\n${event.key}`;
    const before = this.#buffer.get(name);
    this.#buffer.delete(name);
    const type = before === undefined || !isChange(before) ? event.type : combineTypes(before.type, event.type);
    if (type !== undefined) this.#buffer.set(name, { ...event, type });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffer.clear();
    for (const resolve of this.#readers.splice(0)) resolve({ value: undefined, done: true });
    this.#onClose();
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => {
        for (const [name, value] of this.#buffer) {
          this.#buffer.delete(name);
          return Promise.resolve({ value, done: false });
        }
        if (this.#isClosed) return Promise.resolve({ value: undefined, done: true });
        return new Promise((resolve) => this.#readers.push(resolve));
      },
      return: () => {
        this.close();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}

export function isChange(event: ChannelEvent<unknown>): event is SdkChange<unknown> {
  return event.type !== 'snapshot' && event.type !== 'reset';
}

type ChangeType = SdkChange<unknown>['type'];

/** Combines the types of two changes of one item; undefined if they cancel each other out. */
function combineTypes(before: ChangeType, after: ChangeType): ChangeType | undefined {
  if (before === 'create') return after === 'delete' ? undefined : 'create';
  return before === 'delete' && after !== 'delete' ? 'update' : after;
}

// A list of callbacks. Subscribers that read at their own pace use event-queue.ts.

export class Listeners<T = void> {
  #listeners = new Set<(value: T) => void>();

  /** Adds a listener; a function that is added twice is called twice. Returns a function that removes the listener. */
  add(listener: (value: T) => void): () => void {
    const entry = (value: T) => listener(value);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  notify(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}

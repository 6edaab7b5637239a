// Functions that want to be told of something, each until it has had enough. Subscribers who read at their own pace are in feed.ts.

export class Listeners<T = void> {
  #all = new Set<(value: T) => void>();

  /** Two who watch with one function are two. The answer ends it. */
  add(told: (value: T) => void): () => void {
    const watcher = (value: T) => told(value);
    this.#all.add(watcher);
    return () => this.#all.delete(watcher);
  }

  notify(value: T): void {
    for (const told of [...this.#all]) told(value);
  }
}

// Runs acts one after the other, in the order in which they are given. With nothing before it an act starts at once and
// without a promise, because nearly every message of every connection passes through here.

export type Act = () => void | Promise<void>;

export interface QueueOwner {
  /** An act failed; those after it go on. */
  failed(error: unknown): void;
}

export class SerialQueue {
  #owner: QueueOwner;
  #busy = false;
  /** undefined while empty: most have nothing to do most of the time. */
  #waiting: Act[] | undefined;

  constructor(owner: QueueOwner) {
    this.#owner = owner;
  }

  run(act: Act): void {
    if (this.#busy) {
      this.#waiting ??= [];
      this.#waiting.push(act);
      return;
    }
    this.#busy = true;
    const going = this.#begin(act);
    if (going === undefined) this.#next();
    else void this.#go(going);
  }

  /** Resolves when every act given so far is done. */
  done(): Promise<void> {
    return new Promise((resolve) => this.run(resolve));
  }

  async #go(going: Promise<void>): Promise<void> {
    try {
      await going;
    } catch (error) {
      this.#owner.failed(error);
    }
    this.#next();
  }

  #next(): void {
    for (;;) {
      const act = this.#waiting?.shift();
      if (act === undefined) {
        this.#busy = false;
        this.#waiting = undefined;
        return;
      }
      const going = this.#begin(act);
      if (going === undefined) continue;
      void this.#go(going);
      return;
    }
  }

  #begin(act: Act): Promise<void> | undefined {
    try {
      return act() ?? undefined;
    } catch (error) {
      this.#owner.failed(error);
      return undefined;
    }
  }
}

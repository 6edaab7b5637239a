// One thing after the other: acts are begun in the order in which they were given, each when the one before is done. With
// nothing before it an act begins at once, without a promise, because nearly every message of every connection comes here.

export type Act = () => void | Promise<void>;

export interface TurnsOwner {
  /** An act failed; those after it go on. */
  failed(error: unknown): void;
}

export class Turns {
  #owner: TurnsOwner;
  #busy = false;
  /** undefined while empty: most have nothing to do most of the time. */
  #waiting: Act[] | undefined;

  constructor(owner: TurnsOwner) {
    this.#owner = owner;
  }

  take(act: Act): void {
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

  /** Resolves when all that was taken so far is done. */
  done(): Promise<void> {
    return new Promise((resolve) => this.take(resolve));
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

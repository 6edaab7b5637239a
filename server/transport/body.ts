// The body of a request while it arrives. Limits are checked by the engines.

/** Preallocate Content-Length bytes only once 1/8 of the body has arrived; a header alone must not make us allocate. */
const PREALLOCATE_AFTER = 1 / 8;

/** Collects the chunks of a request's body. A large body of known length is copied to its final place at once: joining 100 MB takes long. */
export class BodyCollector {
  readonly #announced: number;
  #chunks: Uint8Array[] = [];
  #whole: Buffer | null = null;
  #length = 0;

  /** @param announced the Content-Length in bytes; 0 without one */
  constructor(announced: number) {
    this.#announced = announced;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies the chunk. */
  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (this.#whole === null && length <= this.#announced && length >= this.#announced * PREALLOCATE_AFTER) {
      this.#whole = Buffer.allocUnsafe(this.#announced);
      let at = 0;
      for (const earlier of this.#chunks.splice(0)) {
        this.#whole.set(earlier, at);
        at += earlier.length;
      }
    }
    if (this.#whole !== null && length <= this.#announced) this.#whole.set(chunk, this.#length);
    else this.#chunks.push(Buffer.from(chunk));
    this.#length = length;
  }

  take(): Buffer {
    if (this.#whole === null) return Buffer.concat(this.#chunks);
    return this.#length === this.#announced ? this.#whole : this.#whole.subarray(0, this.#length);
  }
}

// Joins many small writes into one.

/** Collects the texts of one turn of the event loop and writes them together: one system call instead of many. */
export class WriteCoalescer {
  readonly #most: number;
  readonly #pour: (text: string) => void;
  #texts: string[] = [];
  #length = 0;

  constructor(most: number, pour: (text: string) => void) {
    this.#most = most;
    this.#pour = pour;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length > this.#most) this.flush();
    else if (this.#texts.length === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#texts.length === 0) return;
    const text = this.#texts.join('');
    this.#texts = [];
    this.#length = 0;
    this.#pour(text);
  }
}

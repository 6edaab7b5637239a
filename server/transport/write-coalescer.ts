// Joins many small writes into one system call.

/** Collects the texts of one turn of the event loop and writes them together: one system call instead of many. */
export class WriteCoalescer {
  readonly #limit: number;
  readonly #write: (text: string) => void;
  #texts: string[] = [];
  #length = 0;

  constructor(limit: number, write: (text: string) => void) {
    this.#limit = limit;
    this.#write = write;
  }

  add(text: string): void {
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length > this.#limit) this.flush();
    else if (this.#texts.length === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#texts.length === 0) return;
    const text = this.#texts.join('');
    this.#texts = [];
    this.#length = 0;
    this.#write(text);
  }
}

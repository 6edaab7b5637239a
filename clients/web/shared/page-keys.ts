// Keys that all pages of the merged day have: single letters, and two letters one after the other (`g t`). Pure; use-page-keys.ts listens.

export interface PageKey<Command> {
  /** `[`, `t`, `g t`. */
  readonly keys: string;
  readonly command: Command;
}

export interface PagePress {
  /** As `KeyboardEvent.key` has it. */
  readonly key: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Milliseconds in which the second letter of a pair is expected. */
const pairMs = 1_500;

/** Reads presses one after the other. */
export class PageKeyReader<Command> {
  readonly #bindings: readonly PageKey<Command>[];
  #before: PagePress | undefined;

  constructor(bindings: readonly PageKey<Command>[]) {
    this.#bindings = bindings;
  }

  /** @returns undefined if the key is of nobody, or the first of a pair */
  read(press: PagePress): Command | undefined {
    const before = this.#before;
    this.#before = undefined;
    const isPair = before !== undefined && press.at - before.at <= pairMs;
    const command = this.#find(isPair ? `${before.key} ${press.key}` : press.key);
    if (command !== undefined) return command;
    if (isPair) return this.#find(press.key);
    if (this.#bindings.some(({ keys }) => keys.startsWith(`${press.key} `))) this.#before = press;
    return undefined;
  }

  #find(keys: string): Command | undefined {
    return this.#bindings.find((binding) => binding.keys === keys)?.command;
  }
}

export type Destination = '/day' | '/week' | '/tasks' | '/rooms';

/** The pairs that lead to other pages. */
export const destinations: readonly PageKey<Destination>[] = [
  { keys: 'g t', command: '/day' },
  { keys: 'g w', command: '/week' },
  { keys: 'g k', command: '/tasks' },
  { keys: 'g r', command: '/rooms' },
];

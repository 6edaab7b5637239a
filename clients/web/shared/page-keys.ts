// Keys that all pages of the merged day have: single letters, and two letters one after the other (`g t`). Pure; use-page-keys.ts listens.

import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';

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

/** What the keys of a page about a day or a week do: `before` and `after` lead to its neighbours. */
export type PeriodCommand = 'before' | 'after' | 'now' | 'table' | 'keys' | Destination;

export const periodKeys: readonly PageKey<PeriodCommand>[] = [
  { keys: '[', command: 'before' },
  { keys: ']', command: 'after' },
  { keys: 't', command: 'now' },
  ...destinations,
  { keys: 'n', command: 'table' },
  { keys: '?', command: 'keys' },
];

/** The rows of the list of keys. @param own the texts of the keys that say "day" or "week" */
export function periodKeyRows(
  texts: Texts,
  own: Readonly<Record<'before' | 'after' | 'now', TextKey>>,
): readonly { readonly label: string; readonly does: string }[] {
  const all: Readonly<Record<PeriodCommand, TextKey>> = {
    ...own,
    '/day': 'keys.go-today',
    '/week': 'keys.go-week',
    '/tasks': 'keys.go-tasks',
    '/rooms': 'keys.go-rooms',
    table: 'keys.table',
    keys: 'keys.help',
  };
  return periodKeys.map(({ keys, command }) => ({ label: keys, does: texts.text(all[command]) }));
}

// Keys that all pages of the merged day have: single letters, and two letters one after the other (`g t`). Pure; use-page-keys.ts listens.

import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { places } from './places.ts';

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

/** The actions of a page's keys besides leading to another page. */
export type PageAction = 'before' | 'after' | 'now' | 'table' | 'add' | 'undo' | 'palette' | 'keys';

/** An action, or the path of a page. */
export type PageCommand = PageAction | `/${string}`;

const actionKeys: Readonly<Record<PageAction, string>> = {
  before: '[',
  after: ']',
  now: 't',
  add: 'a',
  table: 'n',
  undo: 'z',
  palette: '/',
  keys: '?',
};

function isAction(name: string): name is PageAction {
  return Object.hasOwn(actionKeys, name);
}

const destinations = places.filter(({ keys }) => keys !== '');

export const pageKeys: readonly PageKey<PageCommand>[] = [
  ...Object.entries(actionKeys).flatMap(([command, keys]) => (isAction(command) ? [{ keys, command }] : [])),
  ...destinations.map(({ keys, path }) => ({ keys, command: asPath(path) })),
];

function asPath(path: string): `/${string}` {
  return `/${path.slice(1)}`;
}

export interface PageKeyRow {
  readonly label: string;
  readonly does: string;
}

/** The rows of the list of keys. @param own the texts of the actions that the page has */
export function pageKeyRows(texts: Texts, own: Partial<Readonly<Record<PageAction, TextKey>>>): readonly PageKeyRow[] {
  return [
    ...Object.entries(own).flatMap(([name, text]) =>
      isAction(name) ? [{ label: actionKeys[name], does: texts.text(text) }] : [],
    ),
    ...destinations.map(({ keys, name }) => ({ label: keys, does: texts.text('keys.go', { page: texts.text(name) }) })),
    { label: `${actionKeys.palette} Ctrl-K`, does: texts.text('keys.palette') },
    { label: actionKeys.keys, does: texts.text('keys.help') },
  ];
}

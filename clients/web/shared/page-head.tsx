// The head of a page of the merged day: its title with the way to the neighbours, the connection, the keys.

import type { ComponentChildren } from 'preact';
import type { Texts } from '../languages/languages.ts';
import { ConnectionLine } from './connection-line.tsx';
import type { ConnectionWords } from './connection-words.ts';

export interface PageHeadProps {
  readonly title: string;
  /** The text beside the title, in a smaller type. */
  readonly subtitle: string;
  readonly words: ConnectionWords;
  readonly texts: Texts;
  readonly showKeys: () => void;
  /** Links to the neighbours. */
  readonly children: ComponentChildren;
}

export function PageHead({ title, subtitle, words, texts, showKeys, children }: PageHeadProps) {
  return (
    <div class="page-head">
      <div class="page-title">
        <h1>{title}</h1>
        {subtitle !== '' && <p class="soft">{subtitle}</p>}
      </div>
      <nav class="neighbours" aria-label={title}>
        {children}
      </nav>
      <ConnectionLine words={words} />
      <button type="button" class="keys-button" aria-keyshortcuts="?" onClick={showKeys}>
        {texts.text('keys')} <kbd>?</kbd>
      </button>
    </div>
  );
}

export interface NeighbourProps {
  readonly href: string;
  readonly label: string;
  /** Drawn in the place of the label; '' draws the label. */
  readonly sign: string;
  readonly keys: string;
}

export function Neighbour({ href, label, sign, keys }: NeighbourProps) {
  return sign === '' ? (
    <a class="button" href={href} aria-keyshortcuts={keys}>
      {label}
    </a>
  ) : (
    <a class="button" href={href} aria-keyshortcuts={keys} title={label}>
      <span aria-hidden="true">{sign}</span>
      <span class="unseen">{label}</span>
    </a>
  );
}

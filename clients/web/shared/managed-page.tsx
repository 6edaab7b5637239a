// The parts of the pages of tokens, people and settings around their content: the head with the connection, the keys, and the sign-in.

import type { ComponentChildren } from 'preact';
import type { Texts } from '../languages/languages.ts';
import type { ConnectionWords } from './connection-words.ts';
import { PageFrame } from './page-frame.tsx';
import { SignIn } from './sign-in.tsx';
import type { Polled } from './use-polled.ts';

export interface ManagedPageProps {
  readonly texts: Texts;
  readonly title: string;
  readonly words: ConnectionWords;
  /** Why nobody is let in; '' for those who are. */
  readonly refused: string;
  readonly children: ComponentChildren;
}

export function ManagedPage({ texts, title, words, refused, children }: ManagedPageProps) {
  return (
    <PageFrame texts={texts} title={title} words={words}>
      {refused === '' ? children : <SignIn texts={texts} reason={refused} />}
    </PageFrame>
  );
}

/** The state of the connection, for a page that polls the hub. */
export function polledWords({ problem, status, at }: Polled<unknown>, texts: Texts): ConnectionWords {
  const clock = new Intl.DateTimeFormat(texts.locale, { hour: 'numeric', minute: '2-digit' });
  const detail = at === undefined ? '' : texts.text('live.as-of', { time: clock.format(at) });
  if (status === 401) return { tone: 'revoked', state: texts.text('live.signed-out'), detail };
  if (problem !== '') return { tone: 'offline', state: texts.text('live.offline'), detail };
  if (at === undefined) return { tone: 'connecting', state: texts.text('live.connecting'), detail };
  return { tone: 'live', state: texts.text('live.live'), detail: '' };
}

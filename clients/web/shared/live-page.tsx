// The parts of the pages of the merged day around their content: the frame of a page, the sign-in, and what is said while the hub has not
// answered.

import type { ComponentChildren } from 'preact';
import { connectionWords } from './connection-words.ts';
import { PageFrame, type PageFrameProps } from './page-frame.tsx';
import type { PageSource } from './page-source.ts';
import { SignIn } from './sign-in.tsx';
import type { TimeFormat } from './time-format.ts';
import { useRefusal } from './use-refusal.ts';

export interface LivePageProps extends Omit<PageFrameProps, 'words' | 'children'> {
  readonly source: PageSource;
  /** Undefined while the zone is not known. */
  readonly format: TimeFormat | undefined;
  /** Drawn once there is something to show. */
  readonly content: () => ComponentChildren;
}

export function LivePage({ source, format, content, ...frame }: LivePageProps) {
  const { texts } = frame;
  const { state } = source.live;
  const refusal = useRefusal(state.name === 'offline');
  const reason = state.name === 'revoked' ? state.reason : source.isKnown ? '' : source.problem;
  const words = connectionWords(
    { state, isOnline: navigator.onLine, now: Date.now(), asOf: source.live.liveAt },
    texts,
    format,
  );
  return (
    <PageFrame {...frame} words={words}>
      {refusal !== '' && (
        <p class="problem" role="alert">
          {refusal}
        </p>
      )}
      {reason !== '' ? (
        <SignIn texts={texts} reason={reason} />
      ) : source.isKnown ? (
        content()
      ) : (
        <p class="hint">{texts.text('loading')}</p>
      )}
    </PageFrame>
  );
}

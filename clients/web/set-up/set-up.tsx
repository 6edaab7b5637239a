// The script of the page that connects tools.

import { useEffect, useMemo, useReducer } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { ConnectionLine } from '../shared/connection-line.tsx';
import { connectionWords } from '../shared/connection-words.ts';
import { openPage } from '../shared/frame.ts';
import { LiveConnection } from '../shared/live-connection.ts';
import { SignIn } from '../shared/sign-in.tsx';
import { SetUpCards } from './set-up-cards.tsx';
import { useArrivals } from './use-arrivals.ts';

function SetUpPage({ texts, kronosPort }: { texts: Texts; kronosPort: string }) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const live = useMemo(() => new LiveConnection(() => redraw(0)), []);
  useEffect(() => () => live.close(), [live]);
  const arrived = useArrivals(live.connection);
  const { state } = live;
  const words = connectionWords(
    { state, isOnline: navigator.onLine, now: Date.now(), asOf: undefined },
    texts,
    undefined,
  );
  return (
    <>
      <div class="page-head">
        <div class="page-title">
          <h1>{texts.text('set-up.title')}</h1>
        </div>
        <ConnectionLine words={words} />
        <a class="button" href={pathTo('/day')}>
          {texts.text('set-up.open-day')}
        </a>
      </div>
      {state.name === 'revoked' ? (
        <SignIn texts={texts} reason={state.reason} />
      ) : (
        <SetUpCards texts={texts} arrived={arrived ?? new Set()} kronosPort={kronosPort} />
      )}
    </>
  );
}

await openPage('set-up', (texts, _, place) => (
  <SetUpPage texts={texts} kronosPort={place.dataset['kronosPort'] ?? ''} />
));

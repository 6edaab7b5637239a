// A list of tokens or of browsers that are signed in, with what each may do and when it was used.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { ago } from './ago.ts';
import { ask } from './ask.ts';

/** As the hub lists it. Moments are milliseconds since 1970. */
export interface ListedToken {
  readonly id: string;
  readonly name: string;
  readonly kind: 'token' | 'session';
  readonly scopes: readonly string[];
  readonly created: number;
  readonly expires: number | null;
  readonly used: number | null;
  /** True for the one that asks. */
  readonly current?: boolean;
}

export interface TokenListProps {
  readonly texts: Texts;
  readonly tokens: readonly ListedToken[];
  readonly now: number;
  /** Further facts about a token; '' for none. */
  readonly note: (token: ListedToken) => string;
  /** Called when one was revoked. */
  readonly changed: () => void;
}

export function TokenList({ texts, tokens, now, note, changed }: TokenListProps) {
  const [asked, setAsked] = useState('');
  const [problem, setProblem] = useState('');
  const date = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'medium' });
  const revoke = async (id: string) => {
    const answer = await ask('DELETE', `/-/tokens/${encodeURIComponent(id)}`);
    setProblem(answer.ok ? '' : answer.reason);
    setAsked('');
    changed();
  };
  return (
    <>
      <ul class="rows">
        {tokens.map((token) => (
          <li key={token.id} class="row" data-token={token.id} data-kind={token.kind}>
            <div class="row-what">
              <strong>{token.name}</strong>{' '}
              {token.current === true && <span class="tag">{texts.text('tokens.current')}</span>}
              <p class="hint">
                {[
                  token.scopes.join(', '),
                  token.used === null
                    ? texts.text('tokens.unused')
                    : texts.text('tokens.used', { time: ago(token.used, now, texts.locale) }),
                  token.expires === null ? '' : texts.text('tokens.until', { date: date.format(token.expires) }),
                  note(token),
                ]
                  .filter((part) => part !== '')
                  .join(' · ')}
              </p>
            </div>
            {token.current !== true &&
              (asked === token.id ? (
                <span class="buttons">
                  <button type="button" class="danger" onClick={() => void revoke(token.id)}>
                    {texts.text('tokens.revoke-really')}
                  </button>
                  <button type="button" onClick={() => setAsked('')}>
                    {texts.text('cancel')}
                  </button>
                </span>
              ) : (
                <button
                  type="button"
                  aria-label={`${texts.text('tokens.revoke')}: ${token.name}`}
                  onClick={() => setAsked(token.id)}
                >
                  {texts.text('tokens.revoke')}
                </button>
              ))}
          </li>
        ))}
      </ul>
      <p role="alert">{problem}</p>
    </>
  );
}

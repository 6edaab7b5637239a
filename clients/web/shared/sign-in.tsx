// Asks for a token where the hub wants one. This browser remembers it, for all pages.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';

export interface SignInProps {
  readonly texts: Texts;
  /** What the hub said. */
  readonly reason: string;
  readonly enter: (token: string) => void;
}

export function SignIn({ texts, reason, enter }: SignInProps) {
  const [typed, setTyped] = useState('');
  return (
    <section class="card admission">
      <h2>{texts.text('sign-in.title')}</h2>
      <p>{texts.text('sign-in.hint', { reason })}</p>
      <p>
        <code>horai token create</code>
      </p>
      <form
        class="token-line"
        onSubmit={(event) => {
          event.preventDefault();
          enter(typed.trim());
        }}
      >
        <input
          id="token-input"
          type="password"
          aria-label={texts.text('sign-in.token')}
          autocomplete="current-password"
          required
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          {texts.text('sign-in.title')}
        </button>
      </form>
      <p class="soft">
        <a href="/rooms">{texts.text('sign-in.rooms')}</a>
      </p>
    </section>
  );
}

// Asks for a token where the hub wants to know who it is. The hub makes a session of it; this browser does not keep the token.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from './address.ts';
import { signIn } from './session.ts';

export interface SignInFormProps {
  readonly texts: Texts;
  /** The hub's error text; '' if nothing went wrong. */
  readonly reason: string;
  /** Called when the browser is signed in. Without it, the page is loaded again. */
  readonly entered?: () => void;
}

export function SignInForm({ texts, reason, entered = () => location.reload() }: SignInFormProps) {
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState(reason);
  const enter = async () => {
    const signed = await signIn({ token: typed.trim() });
    if (signed.ok) entered();
    else setProblem(signed.reason);
  };
  return (
    <section class="card admission">
      <h2>{texts.text('sign-in.title')}</h2>
      <p role="alert">{problem !== '' && texts.text('sign-in.reason', { reason: problem })}</p>
      <p>{texts.text('sign-in.hint')}</p>
      <p>
        <code>horai login-link</code>
      </p>
      <form
        class="token-line"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
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
        <a href={pathTo('/rooms')}>{texts.text('sign-in.rooms')}</a>
      </p>
    </section>
  );
}

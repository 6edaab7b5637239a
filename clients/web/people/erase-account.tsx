// Erases an account with all that it stored, once the administrator has typed its name. Nothing brings it back.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { askWire } from '../shared/ask-wire.ts';

export function EraseAccount({ texts, account }: { texts: Texts; account: string }) {
  const [typed, setTyped] = useState('');
  const [message, setMessage] = useState('');
  const erase = async () => {
    const answer = await askWire({ type: 'erase-account', name: account, confirm: 'erase' });
    setMessage(answer.ok ? texts.text('erase.done', { account }) : answer.reason);
  };
  return (
    <>
      <h3>{texts.text('erase.title')}</h3>
      <form
        class="token-line"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === account) void erase();
          else setMessage(texts.text('erase.name', { account }));
        }}
      >
        <input
          aria-label={texts.text('erase.name', { account })}
          placeholder={texts.text('erase.name', { account })}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <button type="submit" class="danger">
          {texts.text('erase.title')}
        </button>
      </form>
      <output>{message}</output>
    </>
  );
}

// Makes a token: a name, what it is for, until when; its secret is shown once.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { ask } from '../shared/ask.ts';
import { CopyLines } from '../shared/copy-lines.tsx';
import { purposes, scopesIn } from './devices-view.ts';

const terms = [0, 30, 90, 365] as const;

export function MakeToken({ texts, made }: { texts: Texts; made: () => void }) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState(purposes[0]?.scopes.join(' ') ?? '');
  const [days, setDays] = useState(0);
  const [secret, setSecret] = useState('');
  const [problem, setProblem] = useState('');
  const make = async () => {
    const body = { name: name.trim(), scopes: scopesIn(scopes), ...(days === 0 ? {} : { days }) };
    const answer = await ask<{ readonly secret: string }>('POST', '/-/tokens', body);
    setProblem(answer.ok ? '' : answer.reason);
    if (!answer.ok) return;
    setSecret(answer.value.secret);
    setName('');
    made();
  };
  return (
    <>
      <h3>{texts.text('tokens.make')}</h3>
      {secret !== '' && (
        <div class="made">
          <p>{texts.text('tokens.made')}</p>
          <CopyLines texts={texts} lines={[secret]} />
        </div>
      )}
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          {texts.text('tokens.name')}
          <input
            name="name"
            required
            maxLength={100}
            placeholder={texts.text('tokens.name-example')}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          {texts.text('tokens.purpose')}
          <select
            name="purpose"
            onChange={({ currentTarget }) =>
              setScopes(purposes.find(({ name: one }) => one === currentTarget.value)?.scopes.join(' ') ?? '')
            }
          >
            {purposes.map(({ name: one, text }) => (
              <option key={one} value={one}>
                {texts.text(text)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {texts.text('tokens.scopes')}
          <input
            name="scopes"
            required
            spellcheck={false}
            autocapitalize="none"
            value={scopes}
            onInput={(event) => setScopes(event.currentTarget.value)}
          />
        </label>
        <label>
          {texts.text('tokens.term')}
          <select name="term" onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}>
            {terms.map((term) => (
              <option key={term} value={term}>
                {term === 0 ? texts.text('tokens.no-end') : texts.text('tokens.days', { count: term })}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary">
          {texts.text('tokens.make')}
        </button>
      </form>
      <p role="alert">{problem}</p>
    </>
  );
}

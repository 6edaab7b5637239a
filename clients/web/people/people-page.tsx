// The page of people: accounts with what they store, their devices, and invitations.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { ago } from '../shared/ago.ts';
import { ask } from '../shared/ask.ts';
import { ManagedPage, polledWords } from '../shared/managed-page.tsx';
import { OneTimeLink } from '../shared/one-time-link.tsx';
import { type ListedToken, TokenList } from '../shared/token-list.tsx';
import { type Polled, usePolled } from '../shared/use-polled.ts';
import { EraseAccount } from './erase-account.tsx';
import { Limits } from './limits.tsx';
import { sizeText } from './limits-view.ts';

/** As `GET /-/people` lists it. Moments are milliseconds since 1970. */
interface Person {
  readonly account: string;
  readonly created: number;
  readonly used: number | null;
  readonly admin: boolean;
  readonly tokens: number;
  readonly sessions: number;
  readonly connections: number;
  readonly channels: number;
  readonly items: number;
  readonly bytes: number;
}

interface OpenInvitation {
  readonly id: string;
  readonly kind: string;
  readonly account: string;
  readonly expires: number;
}

export function PeoplePage({ texts }: { texts: Texts }) {
  const people = usePolled<{ readonly people: readonly Person[] }>('/-/people');
  const [open, setOpen] = useState('');
  const refused = people.status === 401 || people.status === 403 ? people.problem : '';
  return (
    <ManagedPage texts={texts} title={texts.text('nav.people')} words={polledWords(people, texts)} refused={refused}>
      <div class="manage">
        <section class="card wide">
          <h2>{texts.text('people.accounts')}</h2>
          <ul class="rows">
            {people.value?.people.map((person) => (
              <PersonRow
                key={person.account}
                person={person}
                texts={texts}
                isOpen={open === person.account}
                toggle={() => setOpen(open === person.account ? '' : person.account)}
              />
            ))}
          </ul>
        </section>
        <Invitations texts={texts} people={people} />
        <section class="card wide">
          <h2>{texts.text('limits.title')}</h2>
          <p class="hint">{texts.text('limits.hint')}</p>
          <Limits texts={texts} account="" />
        </section>
      </div>
    </ManagedPage>
  );
}

interface PersonRowProps {
  readonly person: Person;
  readonly texts: Texts;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}

function PersonRow({ person, texts, isOpen, toggle }: PersonRowProps) {
  const { account, used, admin, tokens, sessions, connections, items, bytes } = person;
  const numbers = new Intl.NumberFormat(texts.locale);
  return (
    <li class="row" data-account={account}>
      <div class="row-what">
        <strong>{account}</strong> {admin && <span class="tag">{texts.text('people.admin')}</span>}
        <p class="hint">
          {[
            used === null
              ? texts.text('tokens.unused')
              : texts.text('tokens.used', { time: ago(used, Date.now(), texts.locale) }),
            texts.text('people.devices', { tokens, sessions, connections }),
            texts.text('people.items', { count: numbers.format(items), size: sizeText(bytes, texts.locale) }),
          ].join(' · ')}
        </p>
      </div>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-label={`${texts.text('nav.devices')}: ${account}`}
        onClick={toggle}
      >
        {texts.text('nav.devices')}
      </button>
      {isOpen && <Devices account={account} texts={texts} />}
    </li>
  );
}

function Devices({ account, texts }: { account: string; texts: Texts }) {
  const { value, again } = usePolled<{ readonly tokens: readonly ListedToken[] }>(
    `/-/people/${encodeURIComponent(account)}`,
  );
  return (
    <div class="row-more">
      <TokenList
        texts={texts}
        tokens={value?.tokens ?? []}
        now={Date.now()}
        note={({ kind }) => (kind === 'session' ? texts.text('people.browser') : '')}
        changed={() => void again()}
      />
      <h3>{texts.text('limits.title')}</h3>
      <Limits texts={texts} account={account} />
      <EraseAccount texts={texts} account={account} />
    </div>
  );
}

function Invitations({ texts, people }: { texts: Texts; people: Polled<unknown> }) {
  const links = usePolled<{ readonly links: readonly OpenInvitation[] }>('/-/links');
  const [name, setName] = useState('');
  const [made, setMade] = useState<{ readonly code: string; readonly expires: number }>();
  const [problem, setProblem] = useState('');
  const invite = async () => {
    const body = { kind: 'invitation', account: name.trim() };
    const answer = await ask<{ readonly code: string; readonly expires: number }>('POST', '/-/links', body);
    setProblem(answer.ok ? '' : answer.reason);
    if (!answer.ok) return;
    setMade(answer.value);
    setName('');
    await Promise.all([links.again(), people.again()]);
  };
  const remove = async (id: string) => {
    await ask('DELETE', `/-/links/${encodeURIComponent(id)}`);
    await links.again();
  };
  const date = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'medium' });
  const open = links.value?.links.filter(({ kind }) => kind === 'invitation') ?? [];
  return (
    <section class="card">
      <h2>{texts.text('people.invite')}</h2>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void invite();
        }}
      >
        <label>
          {texts.text('people.name')}
          <input
            name="account"
            required
            maxLength={32}
            autocapitalize="none"
            spellcheck={false}
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          {texts.text('people.invite')}
        </button>
      </form>
      <p role="alert">{problem}</p>
      {made !== undefined && <OneTimeLink texts={texts} code={made.code} expires={made.expires} />}
      {open.length > 0 && <h3>{texts.text('people.open')}</h3>}
      <ul class="rows">
        {open.map(({ id, account, expires }) => (
          <li key={id} class="row">
            <p class="row-what">
              <strong>{account}</strong>{' '}
              <span class="hint">{texts.text('tokens.until', { date: date.format(expires) })}</span>
            </p>
            <button type="button" onClick={() => void remove(id)}>
              {texts.text('remove')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

// The menu of the account, in the frame of every page: who is signed in, the pages of their settings, and the way out. Administrators have
// the pages of the hub in it. The frame fetches it beside the page.

import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { pagePath, pathTo } from './address.ts';
import { askSession, replaceStoredToken, type SessionFacts, signOut } from './session.ts';

export async function openAccountMenu(texts: Texts): Promise<void> {
  await replaceStoredToken();
  const facts = await askSession();
  if (facts !== undefined) showAccount(facts, texts);
}

function showAccount({ account, admin, personal }: SessionFacts, texts: Texts): void {
  const menu = document.querySelector<HTMLDetailsElement>('.account');
  const [title, list] = [menu?.querySelector('summary'), menu?.querySelector('ul')];
  if (menu === null || title === undefined || title === null || list === undefined || list === null) return;
  title.textContent = account ?? texts.text('sign-in.title');
  const link = (path: string, key: TextKey) => {
    const anchor = document.createElement('a');
    anchor.href = pathTo(path);
    anchor.textContent = texts.text(key);
    if (pagePath() === path) anchor.setAttribute('aria-current', 'page');
    return anchor;
  };
  const entries: HTMLElement[] =
    account === null
      ? [link(`/sign-in?to=${encodeURIComponent(pagePath())}`, 'sign-in.title')]
      : [
          link('/devices', 'nav.devices'),
          link('/settings', 'nav.settings'),
          ...(admin ? [link('/people', 'nav.people'), link('/inspector', 'nav.inspector')] : []),
        ];
  if (account !== null && !personal) {
    const out = document.createElement('button');
    out.type = 'button';
    out.textContent = texts.text('sign-out');
    out.addEventListener('click', () => void leave(texts, title));
    entries.push(out);
  }
  list.replaceChildren(
    ...entries.map((entry) => {
      const item = document.createElement('li');
      item.append(entry);
      return item;
    }),
  );
  menu.hidden = false;
}

async function leave(texts: Texts, title: HTMLElement): Promise<void> {
  const { countWaiting } = await import('./waiting-changes.ts');
  const count = await countWaiting();
  if (count > 0 && !confirm(texts.text('sign-out.waiting', { count }))) return;
  // This page goes to the sign-in: what is removed then is no reason to load this page anew instead (frame.ts).
  const { onstorage } = window;
  window.onstorage = null;
  const problem = await signOut();
  if (problem === '') return location.assign(pathTo('/sign-in'));
  window.onstorage = onstorage;
  title.textContent = texts.text('sign-out.failed', { reason: problem });
}

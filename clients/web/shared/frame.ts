// The frame of every page: the texts of the browser's language, the page in its place, and, fetched beside it, who is signed in
// and the way out.

import { type ComponentChild, render } from 'preact';
import type { TextKey } from '../languages/en.ts';
import { type Texts, type TextTables, textsFor } from '../languages/languages.ts';
import { registerServiceWorker } from '../offline/register.ts';
import { pagePath } from './address.ts';
import { isForgotten, readStoredSettings } from './settings.ts';

/** The texts of this browser, with the page's own; the frame is translated. */
export async function translateFrame<Key extends string = never>(own?: TextTables<Key>): Promise<Texts<TextKey | Key>> {
  const texts = await textsFor([readStoredSettings().language, ...navigator.languages], own);
  document.documentElement.lang = texts.language;
  for (const link of document.querySelectorAll<HTMLElement>('[data-nav]')) {
    const text = texts.find(`nav.${link.dataset['nav'] ?? ''}`);
    if (text !== undefined) link.textContent = text;
  }
  const menu = import('./account-menu.ts').then(({ openAccountMenu }) => openAccountMenu(texts));
  // A browser that was never signed in may have a token of an earlier version: it becomes a session before the page connects.
  if (readStoredSettings().account === '') await menu;
  followPerson();
  registerServiceWorker();
  return texts;
}

/** A tab whose person has left shows nothing of them, also where the browser kept the page for its Back button. */
function followPerson(): void {
  // As a property, so that a page that signs out can take it away (account-menu.ts).
  window.onstorage = (event) => {
    if (isForgotten(event)) location.reload();
  };
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload();
  });
}

/**
 * Draws a page into the place that the markup has for it.
 * @param id of the place
 * @param draw gets the path of the page and its place, whose data says what the hub knows
 * @param own the page's own texts
 */
export async function openPage<Key extends string = never>(
  id: string,
  draw: (texts: Texts<TextKey | Key>, path: string, place: HTMLElement) => ComponentChild,
  own?: TextTables<Key>,
): Promise<void> {
  const place = document.getElementById(id);
  if (place === null) return;
  const texts = await translateFrame(own);
  place.replaceChildren();
  render(draw(texts, pagePath(), place), place);
}

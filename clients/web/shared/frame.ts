// Puts the texts of the browser's language into the frame that the hub served, and says which language the page is in.

import { en, type TextKey } from '../languages/en.ts';
import { type Texts, textsFor } from '../languages/languages.ts';

/** The texts of this browser; the frame is translated. */
export async function translateFrame(): Promise<Texts> {
  const texts = await textsFor(navigator.languages);
  document.documentElement.lang = texts.language;
  for (const link of document.querySelectorAll<HTMLElement>('[data-nav]')) {
    const key = `nav.${link.dataset['nav'] ?? ''}`;
    if (isTextKey(key)) link.textContent = texts.text(key);
  }
  return texts;
}

function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}

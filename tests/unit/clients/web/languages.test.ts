// The texts of the pages: every language has every text, with the same things to fill in.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { en } from '../../../../clients/web/languages/en.ts';
import { languages, textsFor } from '../../../../clients/web/languages/languages.ts';

const sources = fileURLToPath(new URL('../../../../clients/web/', import.meta.url));
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe('the texts of the pages', () => {
  test.each(Object.entries(languages))('%s has every key of English, and fills in the same names', async (_, load) => {
    const texts = await load();
    expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(texts)) {
      expect(text.trim()).not.toBe('');
      expect([key, names(text)]).toEqual([key, names(en[key as keyof typeof en])]);
    }
  });

  test('no text is left over that no page says', () => {
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' });
    const code = files
      .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('languages'))
      .map((name) => readFileSync(join(sources, name), 'utf8'))
      .join('\n');
    // Keys that are put together: nav.<page>, lane.<lane>, sentence.<tense>.
    const made = /^(?:nav|lane)\.|^sentence\.(?:now|past)/;
    const unused = Object.keys(en).filter((key) => !made.test(key) && !code.includes(`'${key}'`));
    expect(unused).toEqual([]);
  });

  test('a browser gets the first of its languages that the pages speak, dates in its own region, and English otherwise', async () => {
    expect(await textsFor(['fr-FR', 'de-AT', 'en-US'])).toMatchObject({ language: 'de', locale: 'de-AT' });
    expect(await textsFor(['en-GB', 'de'])).toMatchObject({ language: 'en', locale: 'en-GB' });
    expect(await textsFor(['fr', 'constructor'])).toMatchObject({ language: 'en', locale: 'en' });
    expect((await textsFor(['de'])).text('today')).toBe('Heute');
  });

  test('values are filled in, and come apart where a value is more than text', async () => {
    const texts = await textsFor(['en']);
    expect(texts.text('time.hours-minutes', { hours: 4, minutes: 12 })).toBe('4 h 12 min');
    expect(texts.pieces('sentence.agents')).toEqual([
      { text: 'Agents worked ' },
      { name: 'agent' },
      { text: ' beside you.' },
    ]);
  });
});

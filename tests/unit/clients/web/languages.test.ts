// The texts of the pages: every language has every text, with the same things to fill in.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { en } from '../../../../clients/web/languages/en.ts';
import { enReports } from '../../../../clients/web/languages/en-reports.ts';
import { enRoom } from '../../../../clients/web/languages/en-room.ts';
import { enTasks } from '../../../../clients/web/languages/en-tasks.ts';
import { languages, textsFor } from '../../../../clients/web/languages/languages.ts';
import { reportLanguages } from '../../../../clients/web/languages/reports.ts';
import { roomLanguages } from '../../../../clients/web/languages/room.ts';
import { taskLanguages } from '../../../../clients/web/languages/tasks.ts';
import { bindings } from '../../../../clients/web/tasks/keys.ts';
import { units } from '../../../../protocol/duration.ts';
import { lineProblems } from '../../../../protocol/line-problems.ts';

const sources = fileURLToPath(new URL('../../../../clients/web/', import.meta.url));
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

/** The texts that pages share, and those of one page. */
const tables = { pages: languages, reports: reportLanguages, room: roomLanguages, tasks: taskLanguages } as const;
const inEnglish: Readonly<Record<string, string>> = { ...en, ...enReports, ...enRoom, ...enTasks };

describe('the texts of the pages', () => {
  test.each(
    Object.entries(tables),
  )('of %s: every language has every key of English, and fills in the same names', async (_, table) => {
    const english = await table.en();
    expect(Object.keys(table).sort()).toEqual(Object.keys(languages).sort());
    for (const load of Object.values(table)) {
      const texts: Readonly<Record<string, string>> = await load();
      expect(Object.keys(texts).sort()).toEqual(Object.keys(english).sort());
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim()).not.toBe('');
        expect([key, names(text)]).toEqual([key, names(inEnglish[key] ?? '')]);
      }
    }
  });

  test('no key is in two tables', () => {
    const keys = [en, enReports, enRoom, enTasks].flatMap((table) => Object.keys(table));
    expect(keys.length).toBe(new Set(keys).size);
  });

  test('the page of tasks has words for every key, every refusal of a line, and as many units as durations have', async () => {
    for (const load of Object.values(taskLanguages)) {
      const texts: Readonly<Record<string, string>> = await load();
      expect(texts['tasks.units']?.split(' ')).toHaveLength(units.length);
      for (const { command } of bindings) expect(texts).toHaveProperty([`tasks.key-${command}`]);
      for (const error of Object.keys(lineProblems)) expect(texts).toHaveProperty([`tasks.wrong ${error}`]);
    }
  });

  test('no text is left over that no page says', () => {
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' });
    const code = files
      .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('languages'))
      .map((name) => readFileSync(join(sources, name), 'utf8'))
      .join('\n');
    // Keys that are put together: tasks.key-<command>, room.sound-<state>, nav.<page>, lane.<lane>, sentence.<tense>, flow.<state>, privacy.<action>,
    // rules.<comparison>, history.<channel>, reports.by-<group>, reports.round-<direction>.
    const made = new RegExp(
      [
        '^(?:nav|lane|flow)\\.',
        '^sentence\\.(?:now|past)',
        '^privacy\\.(?:drop|redact|hash|remove)$',
        '^rules\\.(?:is|begins|contains|matches)$',
        '^reports\\.(?:by|round|per)-',
        '^history\\.[a-z_]+s$',
        '^unassigned\\.(?:more|shorter)-',
        '^tasks\\.(?:key-|did-|wrong )',
        '^room\\.(?:key|sound|notify)-',
        '^room\\.(?:(?:other|usual|was)-(?:turn|break)|(?:turn|break)-(?:of|over))$',
      ].join('|'),
    );
    const unused = Object.keys(inEnglish).filter(
      (key) => !made.test(key) && !code.includes(`'${key}'`) && !code.includes(`"${key}"`),
    );
    expect(unused).toEqual([]);
  });

  test('a browser gets the first of its languages that the pages speak, dates in its own region, and English otherwise', async () => {
    expect(await textsFor(['fr-FR', 'de-AT', 'en-US'])).toMatchObject({ language: 'de', locale: 'de-AT' });
    expect(await textsFor(['en-GB', 'de'])).toMatchObject({ language: 'en', locale: 'en-GB' });
    expect(await textsFor(['fr', 'constructor'])).toMatchObject({ language: 'en', locale: 'en' });
    expect((await textsFor(['de'])).text('today')).toBe('Heute');
    const tasks = await textsFor(['de-CH'], taskLanguages);
    expect([tasks.text('today'), tasks.text('tasks.tomorrow')]).toEqual(['Heute', 'Morgen']);
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

// The texts as they are served: each language has the same texts as its source, by numbers where a key is never put together.

import { describe, expect, test } from '@jest/globals';
import { de } from '../../../../clients/web/languages/de.ts';
import { deTasks } from '../../../../clients/web/languages/de-tasks.ts';
import { buildPages } from '../../../../server/pages/bundle.ts';
import { numberKeys, withNumbers } from '../../../../server/pages/text-keys.ts';

describe('the texts that are served', () => {
  test('keys become numbers, except those of one word and those that are put together somewhere', () => {
    const sources = [
      {
        path: 'languages/en.ts',
        text: "export const en = {\n  today: 'Today',\n  'nav.day': 'Day',\n  'nav.set-up': 'Set up',\n  'later-one.x': 'Once',\n  'a.b': 'It’s {name}',\n} as const;\n",
      },
      {
        path: 'languages/de.ts',
        text: "export const de: Table = {\n  today: 'Heute',\n  'nav.day': 'Tag',\n  'nav.set-up': 'Einrichten',\n  'later-one.x': 'Einmal',\n  'a.b': 'Es ist {name}',\n};\n",
      },
      { path: 'x.ts', text: `text('a.b'); text('today'); find(\`nav.\${name}\`); import './a.b';` },
    ];
    const numbers = numberKeys(sources);
    expect([...numbers]).toEqual([['a.b', 0]]);
    const [english = '', german = '', code = ''] = sources.map((source) => withNumbers(source, numbers));
    expect(english).toContain('"today":"Today","nav.day":"Day","nav.set-up":"Set up","later-one.x":"Once"');
    expect(german).toContain('"Es ist {name}".split(\'\\n\')');
    expect(code).toBe(`text('0'); text('today'); find(\`nav.\${name}\`); import './a.b';`);
  });

  test('a browser gets every text of German, of the pages and of one page, under keys of which none is twice', async () => {
    const { files } = await buildPages();
    const served = async (name: RegExp) => {
      const { text = '' } = files.find((file) => name.test(file.name)) ?? {};
      const made: Readonly<Record<string, string>> = new Function(
        text.replace(/export\s*\{(\w+) as \w+\};?\s*$/, 'return $1'),
      )();
      return made;
    };
    const [pages, tasks] = [await served(/^de-[A-Z0-9]{8}\.js$/), await served(/^de-tasks-/)];
    expect(Object.values(pages).sort()).toEqual(Object.values(de).sort());
    expect(Object.values(tasks).sort()).toEqual(Object.values(deTasks).sort());
    expect(Object.keys(tasks).filter((key) => Object.hasOwn(pages, key))).toEqual([]);
    expect(Object.keys(pages).filter((key) => /^\d+$/.test(key)).length).toBeGreaterThan(300);
  });
});

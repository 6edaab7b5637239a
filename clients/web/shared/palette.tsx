// The palette: type a few letters of a page, an action or a date, and Enter does it.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from './address.ts';
import { isCalendarDate } from './dates.ts';
import { Dialog } from './dialog.tsx';
import { places } from './places.ts';
import { areLettersOff, setLettersOff } from './settings.ts';

export interface PaletteRow {
  readonly text: string;
  readonly run: () => void;
}

export interface PaletteProps {
  readonly texts: Texts;
  /** Actions of the page. */
  readonly rows: readonly PaletteRow[];
  readonly isOpen: boolean;
  readonly close: () => void;
}

/** Rows whose words begin with the typed ones come first. */
export function matchingRows(rows: readonly PaletteRow[], typed: string): readonly PaletteRow[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ text }: PaletteRow): number => {
    const name = text.toLowerCase();
    if (!words.every((word) => name.includes(word))) return 2;
    return words.every((word) => name.split(/\s+/).some((part) => part.startsWith(word))) ? 0 : 1;
  };
  return [0, 1].flatMap((wanted) => rows.filter((row) => rank(row) === wanted));
}

export function Palette({ texts, rows, isOpen, close }: PaletteProps) {
  return (
    <Dialog title={texts.text('palette.title')} open={isOpen} close={close} closeText={texts.text('close')}>
      <Search texts={texts} rows={rows} close={close} />
    </Dialog>
  );
}

function allRows(texts: Texts, rows: readonly PaletteRow[], typed: string): readonly PaletteRow[] {
  const go = (text: string, path: string): PaletteRow => ({ text, run: () => location.assign(pathTo(path)) });
  const date = typed.trim();
  const days = isCalendarDate(date)
    ? [
        go(texts.text('palette.day', { date }), `/day/${date}`),
        go(texts.text('palette.week', { date }), `/week/${date}`),
      ]
    : [];
  const letters = areLettersOff();
  return [
    ...days,
    ...matchingRows(
      [
        ...places.map(({ name, path }) => go(texts.text(name), path)),
        ...rows,
        {
          text: texts.text(letters ? 'palette.letters-on' : 'palette.letters-off'),
          run: () => setLettersOff(!letters),
        },
      ],
      typed,
    ),
  ];
}

function Search({ texts, rows, close }: Pick<PaletteProps, 'texts' | 'rows' | 'close'>) {
  const [typed, setTyped] = useState('');
  const [chosen, choose] = useState(0);
  const found = allRows(texts, rows, typed);
  const at = Math.min(chosen, found.length - 1);
  const run = (row: PaletteRow | undefined) => {
    if (row === undefined) return;
    close();
    row.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Enter') run(found[at]);
    else if (step !== 0) choose((at + step + found.length) % Math.max(1, found.length));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        class="palette-line"
        type="text"
        role="combobox"
        aria-label={texts.text('palette.title')}
        aria-expanded="true"
        aria-controls="palette-rows"
        aria-activedescendant={at < 0 ? undefined : `palette-${at}`}
        placeholder={texts.text('palette.hint')}
        autocomplete="off"
        autofocus
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          choose(0);
        }}
        onKeyDown={onKey}
      />
      <div class="palette-rows" id="palette-rows" role="listbox" aria-label={texts.text('palette.title')}>
        {found.map((row, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the text field has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text field
          <div
            key={row.text}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => run(row)}
          >
            {row.text}
          </div>
        ))}
      </div>
      {found.length === 0 && <p class="hint">{texts.text('palette.nothing')}</p>}
    </>
  );
}

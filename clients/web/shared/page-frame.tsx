// The parts of every page with keys around its content: the head, the keys, the palette.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from './address.ts';
import type { ConnectionWords } from './connection-words.ts';
import { KeysDialog } from './keyboard.tsx';
import { PageHead } from './page-head.tsx';
import { type PageAction, type PageCommand, type PageKeyRow, pageKeyRows, pageKeys } from './page-keys.ts';
import type { PaletteRow } from './palette.tsx';
import { usePageKeys } from './use-page-keys.ts';

/** An action of a page: where it leads, or what it does. */
export interface PageDeed {
  readonly does: TextKey;
  /** A path, or a function. */
  readonly run: string | (() => void);
}

export interface PageFrameProps {
  readonly texts: Texts;
  readonly title: string;
  readonly subtitle?: string;
  readonly words: ConnectionWords;
  readonly neighbours?: ComponentChildren;
  readonly deeds?: PageDeeds;
  /** Keys that the page has besides. */
  readonly moreKeys?: readonly PageKeyRow[];
  readonly children: ComponentChildren;
}

export type PageDeeds = Partial<Readonly<Record<PageAction, PageDeed>>>;

function run(deed: PageDeed | undefined): void {
  if (typeof deed?.run === 'string') location.assign(pathTo(deed.run));
  else deed?.run();
}

export function PageFrame(props: PageFrameProps) {
  const { texts, title, subtitle = '', words, neighbours, deeds = {}, moreKeys = [], children } = props;
  const [keysShown, showKeys] = useState(false);
  const [palette, openPalette] = usePalette();
  usePageKeys(pageKeys, (command: PageCommand) => {
    if (command === 'keys') showKeys(true);
    else if (command === 'palette') openPalette();
    else if (command.startsWith('/')) location.assign(pathTo(command));
    else run(Object.entries(deeds).find(([name]) => name === command)?.[1]);
  });
  useEffect(() => {
    document.title = `${title} · Horai`;
  }, [title]);
  return (
    <>
      <PageHead title={title} subtitle={subtitle} words={words} texts={texts} showKeys={() => showKeys(true)}>
        {neighbours}
      </PageHead>
      {children}
      <KeysDialog
        button="primary"
        keys={[...pageKeyRows(texts, textsOf(deeds)), ...moreKeys]}
        texts={texts}
        open={keysShown}
        close={() => showKeys(false)}
      />
      {palette.Palette !== undefined && (
        <palette.Palette texts={texts} rows={rowsOf(texts, deeds)} isOpen={palette.isOpen} close={palette.close} />
      )}
    </>
  );
}

function textsOf(deeds: PageDeeds): Partial<Record<PageAction, TextKey>> {
  return Object.fromEntries(Object.entries(deeds).map(([name, { does }]) => [name, does]));
}

function rowsOf(texts: Texts, deeds: PageDeeds): readonly PaletteRow[] {
  return Object.values(deeds).map((deed) => ({ text: texts.text(deed.does), run: () => run(deed) }));
}

/** The palette is fetched when it is opened for the first time; Ctrl-K opens it also where somebody types. */
function usePalette() {
  const [Palette, setPalette] = useState<{ readonly component: typeof import('./palette.tsx').Palette }>();
  const [isOpen, setOpen] = useState(false);
  const open = () => {
    setOpen(true);
    void import('./palette.tsx').then(({ Palette: component }) => setPalette({ component }));
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      open();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return [{ Palette: Palette?.component, isOpen, close: () => setOpen(false) }, open] as const;
}

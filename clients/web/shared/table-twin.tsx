// The table twin of a chart: the same numbers, to read and to save. A duration's cell carries its microseconds.

import { useEffect, useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import type { DataTable } from './data-table.ts';

export interface TableTwinProps {
  readonly tables: readonly DataTable[];
  /** Begins the names of the files: `day-2026-11-28`. */
  readonly file: string;
  readonly texts: Texts;
  readonly isOpen: boolean;
  readonly toggle: (isOpen: boolean) => void;
}

/** Nothing is drawn until somebody wants it: a long day has thousands of rows. */
export function TableTwin({ tables, file, texts, isOpen, toggle }: TableTwinProps) {
  const [parts, setParts] = useState<typeof import('./twin-table.tsx')>();
  useEffect(() => {
    if (isOpen) void import('./twin-table.tsx').then(setParts);
  }, [isOpen]);
  return (
    <details class="twin" open={isOpen} onToggle={(event) => toggle(event.currentTarget.open)}>
      <summary aria-keyshortcuts="n">{texts.text('table.show')}</summary>
      {isOpen &&
        parts !== undefined &&
        tables.map((table) => <parts.TwinTable key={table.name} table={table} file={file} texts={texts} />)}
    </details>
  );
}

// A card with a list of bars: what the API that editors use says of the times of projects, languages, editors and the like.

import type { ComponentChildren } from 'preact';
import type { Texts } from '../languages/languages.ts';
import type { DataTable } from './data-table.ts';
import type { NamedSeconds } from './hub-values.ts';
import { MeterBar } from './meter-bar.tsx';
import type { TimeFormat } from './time-format.ts';

export interface NamedBarsProps {
  readonly title: string;
  /** The longest first. */
  readonly rows: readonly NamedSeconds[];
  readonly format: TimeFormat;
  /** Below the bars. */
  readonly children?: ComponentChildren;
}

export function NamedBars({ title, rows, format, children }: NamedBarsProps) {
  const longest = Math.max(1, ...rows.map((row) => row.total_seconds));
  return (
    <section class="card">
      <h2>{title}</h2>
      <ul class="bars">
        {rows.map(({ name, total_seconds: seconds }) => (
          <MeterBar
            key={name}
            name={name}
            value={seconds}
            text={format.duration(seconds * 1_000_000)}
            share={seconds / longest}
          />
        ))}
      </ul>
      {children}
    </section>
  );
}

/** The table twin of such a list. @param name of its file */
export function namedTable(name: string, title: string, rows: readonly NamedSeconds[], texts: Texts): DataTable {
  return {
    name,
    title,
    columns: [title, texts.text('table.time')],
    rows: rows.map((row) => [{ text: row.name }, { duration: row.total_seconds * 1_000_000 }]),
  };
}

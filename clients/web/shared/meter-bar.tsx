// A row of a list of bars: a name, a time, and how long the time is beside the longest.

import type { ComponentChildren } from 'preact';

export interface MeterBarProps {
  readonly name: ComponentChildren;
  /** Beside the time, in a smaller type. */
  readonly note?: string;
  /** The hub's text, unchanged. */
  readonly value: number;
  /** The value as people read it. */
  readonly text: string;
  /** 0 to 1, of the longest. */
  readonly share: number;
  /** The class of its colour. */
  readonly color?: string;
  /** 0 to 1: where a second value is marked. */
  readonly mark?: number;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

export function MeterBar({ name, note, value, text, share, color = 'p0', mark }: MeterBarProps) {
  return (
    <li class="bar">
      <span class="bar-name">{name}</span>
      <span class="bar-time">
        {note !== undefined && <span class="soft">{note}</span>}
        <data value={value}>{text}</data>
      </span>
      <svg class={`meter ${color}`} aria-hidden="true">
        <rect class="bed" width="100%" height="100%" rx="3" />
        <rect class="value" width={percent(share)} height="100%" rx="3" />
        {mark !== undefined && <rect class="mark" x={percent(mark)} y="-2" width="2" height="12" />}
      </svg>
    </li>
  );
}

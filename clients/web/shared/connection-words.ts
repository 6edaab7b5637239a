// The words of pages of the merged day for their connection to the hub: live, or since when what is shown may be old.

import type { ConnectionState } from '../../typescript/index.ts';
import type { Texts } from '../languages/languages.ts';
import type { TimeFormat } from './time-format.ts';

export interface ConnectionFacts {
  readonly state: ConnectionState;
  /** False if the browser knows that it has no network. */
  readonly isOnline: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** When the page last knew that what it shows was current; undefined if it never did. */
  readonly asOf: number | undefined;
}

export interface ConnectionWords {
  readonly tone: 'live' | 'connecting' | 'offline' | 'revoked';
  readonly state: string;
  readonly detail: string;
}

/** @param format undefined while the zone of the day is not known */
export function connectionWords(
  { state, isOnline, now, asOf }: ConnectionFacts,
  texts: Texts,
  format: TimeFormat | undefined,
): ConnectionWords {
  const detail =
    asOf === undefined || format === undefined ? '' : texts.text('live.as-of', { time: format.clock(asOf * 1_000) });
  if (state.name === 'revoked') return { tone: 'revoked', state: texts.text('live.signed-out'), detail };
  if (!isOnline) return { tone: 'offline', state: texts.text('live.offline'), detail };
  if (state.name === 'live') return { tone: 'live', state: texts.text('live.live'), detail: '' };
  if (state.name !== 'offline') return { tone: 'connecting', state: texts.text('live.connecting'), detail };
  const seconds = Math.max(1, Math.ceil((state.until - now) / 1_000));
  return { tone: 'offline', state: texts.text('live.reconnecting', { seconds }), detail };
}

// Changes of a bucket as pieces for an ActivityWatch server: events that are put in one request, and single deletes. Pure functions.

import { isRecord, parseJson } from '../../../protocol/json.ts';
import type { Change } from '../../core/store.ts';

/** Events of one request. aw-server stores a hundred at a time. */
const mostEvents = 100;
/** Microseconds between the first and the last: the events of that span are read back. */
const longestSpan = 86_400_000_000;
/** Events that expire here by the account's setting stay there. */
const retentionOrigin = 'retention';

export interface RelayedEvent {
  readonly key: string;
  readonly seq: number;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly end: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export type EventBatch =
  | { readonly kind: 'put'; readonly events: readonly RelayedEvent[] }
  /** `isKept`: only what is known of the event goes. */
  | { readonly kind: 'delete'; readonly key: string; readonly seq: number; readonly isKept: boolean };

/** Items that are no events are left out. */
export function eventBatches(changes: readonly Change[]): readonly EventBatch[] {
  const batches: EventBatch[] = [];
  let open: RelayedEvent[] = [];
  for (const change of changes) {
    const { key, seq, value, origin } = change;
    if (!/^-?\d{1,16}$/.test(key)) continue;
    if (value === null) {
      open = [];
      batches.push({ kind: 'delete', key, seq, isKept: origin === retentionOrigin });
      continue;
    }
    const event = eventIn(change, value);
    if (event === undefined) continue;
    const all = [...open, event];
    const from = Math.min(...all.map(({ time }) => time));
    const to = Math.max(...all.map(({ end }) => end));
    if (open.length > 0 && open.length < mostEvents && to - from <= longestSpan) {
      open.push(event);
      continue;
    }
    open = [event];
    batches.push({ kind: 'put', events: open });
  }
  return batches;
}

function eventIn({ key, seq, time, end, at }: Change, value: string): RelayedEvent | undefined {
  const data = parseJson(value);
  const from = time ?? at * 1_000;
  return isRecord(data) ? { key, seq, time: from, end: Math.max(from, end ?? from), data } : undefined;
}

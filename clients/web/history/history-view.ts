// Changes in words: a row for each change of a channel. Pure.

import type { Change } from '../../typescript/index.ts';
import type { TextKey } from '../languages/en.ts';
import { isObject } from '../shared/hub-values.ts';

/** The channels whose changes people make, and can take back. */
export const historyChannels = [
  'tasks',
  'entries',
  'rules',
  'projects',
  'settings',
  'suggestions',
  'questions',
  'goals',
  'day_notes',
] as const;
export type HistoryChannel = (typeof historyChannels)[number];

export function isHistoryChannel(name: string): name is HistoryChannel {
  return historyChannels.some((one) => one === name);
}

export interface HistoryRow {
  readonly channel: string;
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly verb: TextKey;
  /** The name of the item, for a person. */
  readonly name: string;
  readonly device: string;
}

const verbs: Readonly<Record<Change<unknown>['type'], TextKey>> = {
  create: 'history.create',
  update: 'history.update',
  delete: 'history.delete',
};

/** The newest first. */
export function historyRows(changes: readonly Change<unknown>[]): readonly HistoryRow[] {
  return changes
    .map((change): HistoryRow => {
      const { channel, seq, at, type, key, device } = change;
      return {
        channel,
        seq,
        at,
        verb: verbs[type],
        name: nameOf(key, 'item' in change ? change.item : undefined),
        device,
      };
    })
    .sort((a, b) => b.at - a.at || b.seq - a.seq);
}

/** The name of an item for a person: its description, title, project or result; its key otherwise. */
function nameOf(key: string, item: unknown): string {
  if (!isObject(item)) return key;
  const names = ['desc', 'title', 'text', 'project', 'answer'].flatMap((field) => {
    const value = item[field];
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return names[0] ?? (item['removes'] === true ? '−' : key);
}

// The channel `settings` on a live connection: what another browser changes appears, and a change made offline waits.

import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { LiveConnection } from '../shared/live-connection.ts';
import { type SettingField, type SettingItem, type SettingItems, withField } from './settings-view.ts';

export interface LiveSettings {
  readonly live: LiveConnection;
  readonly items: SettingItems;
  /** True once they are loaded, from the hub or from this browser. */
  readonly isKnown: boolean;
  /** Changes that the hub does not have yet. */
  readonly waiting: number;
  /** Why the last change failed; '' if it did not. */
  readonly problem: string;
  readonly set: (field: SettingField, value: string | number | boolean | undefined) => void;
  readonly put: (key: string, item: SettingItem) => void;
}

export function useSettings(): LiveSettings {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [problem, setProblem] = useState('');
  const live = useMemo(() => new LiveConnection(() => redraw(0)), []);
  const channel = useMemo(() => live.connection.channel<SettingItem>('settings'), [live]);
  useEffect(() => {
    live.connection.start();
    channel.onItems(() => redraw(0));
    channel.open().then(
      () => redraw(0),
      (error: unknown) => setProblem(String(error)),
    );
    return () => live.close();
  }, [live, channel]);
  const items = new Map([...channel.items].map(([key, { item }]) => [key, item]));
  const set = (field: SettingField, value: string | number | boolean | undefined) => {
    put(field.item, withField(items, field, value));
  };
  const put = (key: string, item: SettingItem) => {
    const written = items.has(key) ? channel.update(key, item) : channel.create(item, { key });
    written.then(
      (answer) => setProblem(answer.ok ? '' : `${answer.error}${answer.hint === undefined ? '' : `: ${answer.hint}`}`),
      (error: unknown) => setProblem(String(error)),
    );
  };
  return { live, items, isKnown: channel.position !== undefined, waiting: channel.pendingCount, problem, set, put };
}

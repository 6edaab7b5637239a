// Reads and edits the hub's channel `entries` for commands. Each edit is one `POST /-/entries`, which is one write.

import { hubPath } from '../../../protocol/hub-path.ts';
import { isRecord, parseJson } from '../../../protocol/json.ts';
import type { Connection } from '../../typescript/api.ts';
import { causeMessage } from '../cli/cause-message.ts';
import type { KronosDatabase } from '../data/database.ts';
import { connectOnce, parseHubUrl } from '../sync/hub.ts';
import type { TypedEntry } from './track-line.ts';

const patienceMs = 10_000;

export interface HubEntry {
  readonly key: string;
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly item: TypedEntry & { readonly removes?: boolean; readonly task?: string };
}

export type EntryFailure = {
  readonly ok: false;
  readonly why: 'refused' | 'failed' | 'not found' | 'offline';
  readonly error: string;
};

export type EntryEdited =
  | {
      readonly ok: true;
      /** The step to revert the channel to, to undo the edit. */
      readonly undo: number;
      readonly keys: readonly string[];
    }
  | EntryFailure;

/** @param edit the body of `POST /-/entries` */
export async function editEntry(database: KronosDatabase, edit: object): Promise<EntryEdited> {
  const { sync_host: host, sync_user_id: token } = database;
  const base = parseHubUrl(host, 'http');
  if (base === undefined) return { ok: false, why: 'failed', error: `${host} is not the address of a hub` };
  try {
    const answer = await fetch(hubPath(base, '/-/entries'), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(edit),
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    });
    return readEdited(answer.status, await answer.text());
  } catch (error) {
    return { ok: false, why: 'offline', error: `the hub was not reached: ${causeMessage(error)}` };
  }
}

function readEdited(status: number, text: string): EntryEdited {
  const answer = parseJson(text);
  const { error, hint, undo, keys }: Partial<Record<string, unknown>> = isRecord(answer) ? answer : {};
  if (status === 200 && typeof undo === 'number' && Array.isArray(keys)) {
    return { ok: true, undo, keys: keys.filter((key) => typeof key === 'string') };
  }
  const why = status === 401 || status === 403 ? 'refused' : status === 404 ? 'not found' : 'failed';
  const reason = typeof error === 'string' ? error : `the hub answered ${status}`;
  return { ok: false, why, error: typeof hint === 'string' ? `${reason}: ${hint}` : reason };
}

/** @returns undefined if the text is not JSON */
/** Connects to the channel for one command. */
export async function withEntries<T>(
  database: KronosDatabase,
  act: (channel: ReturnType<typeof entriesOf>, hub: Connection) => Promise<T>,
): Promise<T | EntryFailure> {
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined)
    return { ok: false, why: 'failed', error: `${database.sync_host} is not the address of a hub` };
  try {
    const { state, reason } = await hub.sync({ deadlineMs: patienceMs });
    if (state === 'live') return await act(entriesOf(hub), hub);
    const why = state === 'revoked' ? 'refused' : 'failed';
    return { ok: false, why, error: state === 'revoked' ? reason : `the hub was not reached: ${reason}` };
  } finally {
    await hub.close();
  }
}

function entriesOf(hub: Connection) {
  return hub.channel<HubEntry['item']>('entries');
}

type EntriesRead = { readonly ok: true; readonly entries: readonly HubEntry[] } | EntryFailure;

export function readEntries(database: KronosDatabase): Promise<EntriesRead> {
  return withEntries(database, async (channel): Promise<EntriesRead> => {
    const result = await channel.read({});
    if (!result.ok) return failureOf(result);
    const entries = result.items.flatMap(({ key, item, time, end }): HubEntry[] =>
      time === undefined || end === undefined ? [] : [{ key, item, from: time, to: end }],
    );
    return { ok: true, entries: entries.sort((a, b) => a.from - b.from) };
  });
}

function failureOf({ code, error }: { readonly code: string; readonly error: string }): EntryFailure {
  return { ok: false, why: code === 'forbidden' ? 'refused' : 'failed', error };
}

/** Restores the channel to its state after a step. */
export function revertEntries(database: KronosDatabase, step: number): Promise<{ readonly ok: true } | EntryFailure> {
  return withEntries(database, async (channel, hub): Promise<{ readonly ok: true } | EntryFailure> => {
    await channel.open();
    await hub.sync({ deadlineMs: patienceMs });
    const queued = await channel.revert(step);
    if (!queued.ok) return { ok: false, why: 'failed', error: queued.error };
    await hub.sync({ deadlineMs: patienceMs });
    const outcome = await queued.settled;
    if (outcome.ok) return { ok: true };
    return failureOf(outcome);
  });
}

/** How many letters of a key are shown; more if two keys share them. */
const shownLetters = 6;

export function shortKeys(entries: readonly Pick<HubEntry, 'key'>[]): ReadonlyMap<string, string> {
  return new Map(
    entries.map(({ key }) => {
      let letters = shownLetters;
      const isShared = () => entries.some((other) => other.key !== key && other.key.startsWith(key.slice(0, letters)));
      while (letters < key.length && isShared()) letters += 1;
      return [key, key.slice(0, letters)];
    }),
  );
}

/** @returns the entry whose key begins with `typed`; undefined if no key or several keys do */
export function findEntry(entries: readonly HubEntry[], typed: string): HubEntry | undefined {
  const exact = entries.find(({ key }) => key === typed);
  const found = entries.filter(({ key }) => key.startsWith(typed));
  return exact ?? (found.length === 1 ? found[0] : undefined);
}

// The changes that a page made, so that each can be undone: every change is one write, and its answer says to which step of its channel a
// revert goes back.

import type { LiveConnection } from './live-connection.ts';

interface UndoableEdit {
  readonly channel: string;
  /** The step that a revert goes back to. */
  readonly undo: number;
  /** The channel's position after the write: another one says that somebody else wrote since. */
  readonly seq: number;
}

/** The page's text about its last change; '' for none. */
export interface EditMessage {
  readonly kind: 'saved' | 'undone' | 'nothing' | 'changed since' | 'failed';
  readonly reason: string;
}

export class PageEdits {
  readonly #live: LiveConnection;
  readonly #changed: () => void;
  #past: readonly UndoableEdit[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Writes and their undoing wait for each other: `z` right after a change means that change, also while it is being saved. */
  #turn: Promise<unknown> = Promise.resolve();
  message: EditMessage | undefined;

  constructor(live: LiveConnection, changed: () => void) {
    this.#live = live;
    this.#changed = changed;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  /** @param channel that is written. @returns whether it was */
  write(channel: string, path: string, body: object): Promise<boolean> {
    return this.#inTurn(() => this.#write(channel, path, body));
  }

  async #write(channel: string, path: string, body: object): Promise<boolean> {
    const answer = await this.#live.send('POST', path, body);
    if (!answer.ok) {
      this.say({ kind: 'failed', reason: answer.reason });
      return false;
    }
    this.remember(channel, answer.value);
    this.say({ kind: 'saved', reason: '' });
    return true;
  }

  /** Writes an item over the wire, or deletes it: for channels without edits of their own. @param item undefined deletes */
  put(name: string, key: string, item: object | undefined): Promise<boolean> {
    return this.#inTurn(() => this.#put(name, key, item));
  }

  async #put(name: string, key: string, item: object | undefined): Promise<boolean> {
    const channel = this.#live.connection.channel(name);
    await channel.open();
    const isThere = channel.items.has(key);
    const queued =
      item === undefined
        ? await channel.delete(key)
        : isThere
          ? await channel.update(key, item)
          : await channel.create(item, { key });
    const outcome = queued.ok ? await queued.settled : queued;
    if (!outcome.ok) {
      this.say({ kind: 'failed', reason: outcome.error });
      return false;
    }
    const { seq } = outcome.position;
    this.remember(name, { undo: seq - 1, seq });
    this.say({ kind: 'saved', reason: '' });
    return true;
  }

  /** @param value the answer of a write */
  remember(channel: string, value: unknown): void {
    if (!isWritten(value)) return;
    this.#past = [...this.#past, { channel, undo: value.undo, seq: value.seq }];
    // Its position must be known when somebody wants it back.
    this.#live.connection
      .channel(channel)
      .open()
      .catch(() => undefined);
  }

  undo(): Promise<void> {
    return this.#inTurn(() => this.#undo());
  }

  async #undo(): Promise<void> {
    const last = this.#past.at(-1);
    if (last === undefined) return this.say({ kind: 'nothing', reason: '' });
    const channel = this.#live.connection.channel(last.channel);
    const state = await channel.read({ limit: 1 });
    if (!state.ok) return this.say({ kind: 'failed', reason: state.error });
    if (state.position.seq !== last.seq) return this.say({ kind: 'changed since', reason: '' });
    const queued = await channel.revert(last.undo);
    const outcome = queued.ok ? await queued.settled : queued;
    if (!outcome.ok) return this.say({ kind: 'failed', reason: outcome.error });
    // The earlier write is again the newest of its channel.
    const past = this.#past.slice(0, -1);
    const before = past.findLastIndex((edit) => edit.channel === last.channel && edit.seq === last.undo);
    this.#past = past.map((edit, at) => (at === before ? { ...edit, seq: outcome.position.seq } : edit));
    this.say({ kind: 'undone', reason: '' });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  say(message: EditMessage): void {
    this.message = message;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.message = undefined;
      this.#changed();
    }, 8_000);
    this.#changed();
  }
}

function isWritten(value: unknown): value is { readonly undo: number; readonly seq: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'undo' in value &&
    typeof value.undo === 'number' &&
    'seq' in value &&
    typeof value.seq === 'number'
  );
}

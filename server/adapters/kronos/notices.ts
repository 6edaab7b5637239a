// Writes the messages to plain task clients: each change of a tasks channel as create, update or delete, and whole lists. Stores the
// task values that clients were last sent, and the recently removed tasks.

import { shownTo } from '../../../protocol/generation.ts';
import type { Task } from '../../../protocol/messages.ts';
import { same } from '../../../protocol/same.ts';
import { withOwner } from '../../../protocol/task.ts';
import { noVersion } from '../../../protocol/version.ts';
import type { CachedChannel } from '../../core/cached-channel.ts';
import type { Channel } from '../../core/channel.ts';
import type { View } from '../../core/session.ts';
import type { Change, Item } from '../../core/store.ts';
import type { TaskReader } from '../../wire/task-clients.ts';
import { indexShown } from './aliases.ts';
import type { RemovedTask } from './match-task.ts';
import { storedTask, taskOf } from './task-codec.ts';

/** Removed tasks that an update may bring back (W4). */
export const mostRemoved = 1_000;

/** Matches the notifications that `view` writes, and no other message. */
const plainText = /^\{"success":true,"type":"(?:(?:create|update)","task"|delete","task_id")/;

/** Characters of a list that are made at once. */
const pieceLength = 65_536;

export interface Keyed {
  readonly key: string;
  readonly task: Task;
}

/** The notification of one step. */
interface Notice {
  readonly type: 'create' | 'update' | 'delete';
  readonly task: Task;
  readonly before: Task | undefined;
  /** A version between the version of the change before and this change's own; undefined where there is none. */
  readonly between: number | undefined;
}

export class Notices {
  #account: string;
  #channel: Channel;
  #document: CachedChannel;
  /** The values that clients were last sent, by key. */
  #lastSent: Map<string, Task>;
  /** By key, the oldest first. */
  #removed = new Map<string, RemovedTask>();
  /** The notifications of the current batch of changes, by step. */
  #batch = new Map<number, Notice>();
  /** The version of the last change that was sent. */
  #version = noVersion;
  /** By token, secret and generation, because many connections share a view. */
  #views = new Map<string, View>();

  /** @param past the newest changes, the newest first */
  constructor(account: string, document: CachedChannel, items: ReadonlyMap<string, Item>, past: readonly Change[]) {
    const { channel } = document;
    this.#account = account;
    this.#channel = channel;
    this.#document = document;
    this.#version = channel.version;
    this.#lastSent = new Map([...items.values()].map((item) => [item.key, taskOf(item)]));
    const removers = new Map<string, string>();
    for (const { key, value, origin } of past) {
      if (items.has(key)) continue;
      if (value === null) removers.set(key, removers.get(key) ?? origin);
      const device = removers.get(key);
      if (value !== null && device !== undefined && !this.#removed.has(key)) {
        this.#removed.set(key, { task: storedTask(value), device });
      }
    }
  }

  /** The value of the task that clients were last sent. */
  lastSent(key: string): Task | undefined {
    return this.#lastSent.get(key);
  }

  get removed(): ReadonlyMap<string, RemovedTask> {
    return this.#removed;
  }

  /** Prepares the notifications of a batch of changes. Call it before the channel sends the batch. */
  prepare(changes: readonly Change[]): void {
    this.#batch.clear();
    for (const change of changes) {
      const before = this.#lastSent.get(change.key);
      const version = change.version ?? this.#version;
      const between = version - this.#version > 1 ? version - 1 : undefined;
      this.#version = version;
      if (change.value === null) {
        this.#lastSent.delete(change.key);
        if (before === undefined) continue;
        this.#batch.set(change.seq, { type: 'delete', task: before, before, between });
        this.#removed.set(change.key, { task: before, device: change.origin });
        const oldest = this.#removed.keys().next().value;
        if (this.#removed.size > mostRemoved && oldest !== undefined) this.#removed.delete(oldest);
      } else if (change.version !== null) {
        // A step without a version is for history only: the next step has the result.
        const task = storedTask(change.value);
        if (before !== undefined && same(before, task)) continue;
        this.#lastSent.set(change.key, task);
        this.#removed.delete(change.key);
        this.#batch.set(change.seq, { type: before === undefined ? 'create' : 'update', task, before, between });
      }
    }
  }

  /** The view by which clients of one generation with this token follow the tasks. */
  view(token: string, reader: TaskReader): View {
    const name = `${token} ${reader.userId} ${reader.generation}`;
    const view = this.#views.get(name) ?? this.#viewOf(token, reader);
    this.#views.set(name, view);
    return view;
  }

  #viewOf(token: string, reader: TaskReader): View {
    return {
      key: `tasks ${token} ${reader.generation}`,
      echo: false,
      live: (change) => {
        const notice = this.#batch.get(change.seq);
        return notice === undefined ? null : this.#noticeTexts(notice, change, reader);
      },
      whole: async () => {
        const { items, seq, version } = await this.#document.settled();
        return { seq, pieces: this.listPieces(items, version, reader) };
      },
      seqOf: (text) => (plainText.test(text) ? 1 : undefined),
    };
  }

  /** R1, R2: the message with all tasks, in order of id. */
  *listPieces(
    items: ReadonlyMap<string, Item>,
    version: number,
    reader: TaskReader,
    ref?: string | number,
  ): Generator<string> {
    const listed = [...items.values()].sort((one, other) => (taskOf(one).id ?? 0) - (taskOf(other).id ?? 0));
    let piece = '{"success":true,"type":"read-all","tasks":[';
    let comma = '';
    for (const item of listed) {
      piece += comma + JSON.stringify(this.#shownTo(reader, { key: item.key, task: taskOf(item) }));
      comma = ',';
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
    const end = JSON.stringify({ version, ref });
    yield `${piece}],${end.slice(1)}`;
  }

  /** W1, W10.2, W11 */
  #noticeTexts(
    { type, task: changedTask, before, between }: Notice,
    change: Change,
    reader: TaskReader,
  ): string | readonly string[] {
    const { key, origin } = change;
    const version = change.version ?? this.#channel.version;
    const task = this.#shownTo(reader, { key, task: changedTask });
    const text = (fields: object, at = version) =>
      JSON.stringify({ success: true, ...fields, device_id: origin, version: at });
    const old = before ?? changedTask;
    const deleted = { type: 'delete', task_id: old.id, task_index: this.#own(reader, old).index };
    if (type === 'delete') return text(deleted);
    // A client of 2019 makes its own index for a created task, and replaces it by the hub's index at the update (W10.5).
    if (before === undefined && between !== undefined && reader.generation === 2019) {
      return [text({ type, task }, between), text({ type: 'update', task })];
    }
    if (before === undefined || before.id === changedTask.id) return text({ type, task });
    // Plain clients look up an updated task by its new id, and do not find it. So they are sent a delete and a create first (W11.1).
    return [
      text(deleted, version - 2),
      text({ type: 'create', task }, version - 1),
      text({ type, task, task_id: before.id }),
    ];
  }

  #own({ userId }: TaskReader, task: Task): Task {
    return withOwner(task, this.#account, userId || this.#account);
  }

  #shownTo(reader: TaskReader, { key, task }: Keyed): Task {
    const shown = shownTo(reader.generation, task);
    const named = reader.generation === 'raw' ? shown : { ...shown, index: indexShown(this.#account, key, task) };
    return this.#own(reader, named);
  }
}

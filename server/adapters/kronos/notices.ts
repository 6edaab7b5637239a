// What plain task clients are told: each change of a tasks channel as the create, update or delete that it is to them, and whole
// lists. Here is known what they were shown last and which tasks were removed lately; what a task becomes is decided elsewhere.

import { shownTo } from '../../../protocol/generation.ts';
import { same } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { withOwner } from '../../../protocol/task.ts';
import { betweenVersions, noVersion } from '../../../protocol/version.ts';
import type { Channel } from '../../core/channel.ts';
import type { View } from '../../core/session.ts';
import type { Change, Item } from '../../core/store.ts';
import type { TaskReader } from '../../wire/task-clients.ts';
import { indexShown } from './aliases.ts';
import type { Removed } from './match-task.ts';
import { storedTask, taskOf } from './task-codec.ts';

/** Removed tasks that an update may bring back (W4). */
export const removedMost = 1_000;

/** The texts that `view` makes, and nothing else that is sent. */
const plainText = /^\{"success":true,"type":"(?:(?:create|update)","task"|delete","task_id")/;

export interface Keyed {
  readonly key: string;
  readonly task: Task;
}

/** What plain clients are told of one step. */
interface Notice {
  readonly type: 'create' | 'update' | 'delete';
  readonly task: Task;
  readonly before: Task | undefined;
  /** A version between that of the change before and its own. */
  readonly between: number;
}

export class Notices {
  #account: string;
  #channel: Channel;
  /** By key. */
  #shown: Map<string, Task>;
  /** The oldest first. */
  #removed = new Map<string, Removed>();
  /** By step, of the batch of changes that is being told. */
  #batch = new Map<number, Notice>();
  /** Of the last change that was told. */
  #version = noVersion;
  /** By token and secret: connections share them, for they are many. */
  #views = new Map<string, View>();

  /** @param past the newest changes, the newest first */
  constructor(account: string, channel: Channel, items: ReadonlyMap<string, Item>, past: readonly Change[]) {
    this.#account = account;
    this.#channel = channel;
    this.#version = channel.version;
    this.#shown = new Map([...items.values()].map((item) => [item.key, taskOf(item)]));
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

  /** The task as it was told last. */
  shown(key: string): Task | undefined {
    return this.#shown.get(key);
  }

  get removed(): ReadonlyMap<string, Removed> {
    return this.#removed;
  }

  /** To be called with each batch before anybody is told of it. */
  hear(changes: readonly Change[]): void {
    this.#batch.clear();
    for (const change of changes) {
      const before = this.#shown.get(change.key);
      const between = betweenVersions(this.#version, change.version ?? this.#version);
      this.#version = change.version ?? this.#version;
      if (change.value === null) {
        this.#shown.delete(change.key);
        if (before === undefined) continue;
        this.#batch.set(change.seq, { type: 'delete', task: before, before, between });
        this.#removed.set(change.key, { task: before, device: change.origin });
        const oldest = this.#removed.keys().next().value;
        if (this.#removed.size > removedMost && oldest !== undefined) this.#removed.delete(oldest);
      } else if (change.version !== null) {
        // A step without a version was kept for history only: the next one says what became of the task.
        const task = storedTask(change.value);
        if (before !== undefined && same(before, task)) continue;
        this.#shown.set(change.key, task);
        this.#removed.delete(change.key);
        this.#batch.set(change.seq, { type: before === undefined ? 'create' : 'update', task, before, between });
      }
    }
  }

  /** How clients of one generation that came with this token follow the tasks. */
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
      whole: true,
      live: (change) => {
        const notice = this.#batch.get(change.seq);
        return notice === undefined ? null : this.#noticeTexts(notice, change, reader);
      },
      page: ({ changes, version }) =>
        this.listText(
          changes.flatMap(({ key, value }) => (value === null ? [] : [{ key, task: storedTask(value) }])),
          version,
          reader,
        ),
      seqOf: (text) => (plainText.test(text) ? 1 : undefined),
    };
  }

  /** R1, R2 */
  listText(tasks: readonly Keyed[], version: number, reader: TaskReader, ref?: string | number): string {
    const shown = tasks.map((one) => this.#shownTo(reader, one)).sort((one, other) => (one.id ?? 0) - (other.id ?? 0));
    return JSON.stringify({ success: true, type: 'read-all', tasks: shown, version, ref });
  }

  /** W1, W10.2, W11 */
  #noticeTexts(
    { type, task: told, before, between }: Notice,
    change: Change,
    reader: TaskReader,
  ): string | readonly string[] {
    const { key, origin } = change;
    const version = change.version ?? this.#channel.version;
    const task = this.#shownTo(reader, { key, task: told });
    const text = (fields: object, at = version) =>
      JSON.stringify({ success: true, ...fields, device_id: origin, version: at });
    const gone = before ?? told;
    const deleted = { type: 'delete', task_id: gone.id, task_index: this.#own(reader, gone).index };
    if (type === 'delete') return text(deleted);
    // 2019 gives a task that it is told of an index of its own, and takes over the hub's with the update.
    if (before === undefined && reader.generation === 2019) {
      return [text({ type, task }, between), text({ type: 'update', task })];
    }
    if (before === undefined || before.id === told.id) return text({ type, task });
    // Plain clients look an updated task up by the id that it has now, and find none.
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

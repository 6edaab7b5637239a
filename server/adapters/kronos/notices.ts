// What plain task clients are told: each change of a tasks channel as the create, update or delete that it is to them, and whole
// lists. Here is known what they were shown last and which tasks were removed lately; what a task becomes is decided elsewhere.

import { same } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { withOwner } from '../../../protocol/task.ts';
import type { Channel } from '../../core/channel.ts';
import type { View } from '../../core/session.ts';
import type { Change, Item } from '../../core/store.ts';
import type { Removed } from './match-task.ts';
import { storedTask, taskOf } from './task-codec.ts';

/** Removed tasks that an update may bring back (W4). */
export const removedMost = 1_000;

/** The texts that `view` makes, and nothing else that is sent. */
const plainText = /^\{"success":true,"type":"(?:(?:create|update)","task"|delete","task_id")/;

/** What plain clients are told of one step. */
interface Notice {
  readonly type: 'create' | 'update' | 'delete';
  readonly task: Task;
  readonly before: Task | undefined;
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
  /** By token and secret: connections share them, for they are many. */
  #views = new Map<string, View>();

  /** @param past the newest changes, the newest first */
  constructor(account: string, channel: Channel, items: ReadonlyMap<string, Item>, past: readonly Change[]) {
    this.#account = account;
    this.#channel = channel;
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
      if (change.value === null) {
        this.#shown.delete(change.key);
        if (before === undefined) continue;
        this.#batch.set(change.seq, { type: 'delete', task: before, before });
        this.#removed.set(change.key, { task: before, device: change.origin });
        const oldest = this.#removed.keys().next().value;
        if (this.#removed.size > removedMost && oldest !== undefined) this.#removed.delete(oldest);
      } else if (change.version !== null) {
        // A step without a version was kept for history only: the next one says what became of the task.
        const task = storedTask(change.value);
        if (before !== undefined && same(before, task)) continue;
        this.#shown.set(change.key, task);
        this.#removed.delete(change.key);
        this.#batch.set(change.seq, { type: before === undefined ? 'create' : 'update', task, before });
      }
    }
  }

  /**
   * How clients that came with this token follow the tasks.
   * @param userId their secret, which begins the indexes that they see (R2); '' for a session without one
   */
  view(token: string, userId: string): View {
    const name = `${token} ${userId}`;
    const view = this.#views.get(name) ?? this.#viewOf(token, userId);
    this.#views.set(name, view);
    return view;
  }

  #viewOf(token: string, userId: string): View {
    return {
      key: `tasks ${token}`,
      echo: false,
      whole: true,
      live: (change) => {
        const notice = this.#batch.get(change.seq);
        return notice === undefined ? null : this.#noticeText(notice, change, userId);
      },
      page: ({ changes, version }) =>
        this.listText(
          changes.flatMap(({ value }) => (value === null ? [] : [storedTask(value)])),
          version,
          userId,
        ),
      seqOf: (text) => (plainText.test(text) ? 1 : undefined),
    };
  }

  /** R1, R2 */
  listText(tasks: readonly Task[], version: number, userId: string, ref?: string | number): string {
    const shown = tasks
      .map((task) => this.#asSeenBy(userId, task))
      .sort((one, other) => (one.id ?? 0) - (other.id ?? 0));
    return JSON.stringify({ success: true, type: 'read-all', tasks: shown, version, ref });
  }

  /** W1 */
  #noticeText({ type, task: told, before }: Notice, { origin, version }: Change, userId: string): string {
    const task = this.#asSeenBy(userId, told);
    const common = { device_id: origin, version: version ?? this.#channel.version };
    if (type === 'delete') {
      return JSON.stringify({ success: true, type, task_id: task.id, task_index: task.index, ...common });
    }
    const renamed = before !== undefined && before.id !== task.id ? { task_id: before.id } : {};
    return JSON.stringify({ success: true, type, task, ...renamed, ...common });
  }

  #asSeenBy(userId: string, task: Task): Task {
    return withOwner(task, this.#account, userId || this.#account);
  }
}

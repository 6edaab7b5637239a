// The tasks on a live connection: their state, the actions on them, and the steps that can be undone. The browser stores what the hub has not
// received. tasks-page.tsx draws it.

import type { Task } from '../../../protocol/messages.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { localZone } from '../../../protocol/zone.ts';
import type { ActionContext, ActionOutput, TaskAction, TaskState } from '../../kronos/data/actions.ts';
import { type Channel, type Connection, type ConnectionState, connect } from '../../typescript/index.ts';
import type { TasksPageTexts } from '../languages/tasks.ts';
import { hubUrl } from '../shared/address.ts';
import { type BoardWrite, inverseOf, tasksOf, writesTo } from './board.ts';
import { openStorage } from './task-storage.ts';

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
/** Number of steps that can be undone. */
const maxUndoSteps = 100;

/** @returns the context of an action: the current time, the time zone, and how dates are shown */
export function scene(): ActionContext {
  return {
    now: Math.floor(Date.now() / 1_000),
    zone: localZone,
    zoneName: () => dates.resolvedOptions().timeZone,
    date: (seconds) => dates.format(seconds * 1_000),
    createId: freshName,
  };
}

/** `crypto.randomUUID` is missing on pages without TLS. */
function freshName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(15)), (byte) => byte.toString(36).padStart(2, '0')).join('');
}

export interface LiveTasksDeps {
  readonly texts: TasksPageTexts;
  /** Called when tasks or connection changed. */
  readonly changed: () => void;
  /** Called with the reason when a change failed. */
  readonly failed: (reason: string) => void;
}

export class LiveTasks {
  #deps: LiveTasksDeps;
  #connection: Connection;
  #channel: Channel<Task>;
  #tasks: readonly PlainTask[] | undefined;
  #past: (readonly BoardWrite[])[] = [];
  #online = () => void this.#connection.sync({ deadlineMs: 10_000 });

  constructor(deps: LiveTasksDeps) {
    this.#deps = deps;
    this.#connection = connect({ url: hubUrl(), name: 'tasks page', storage: openStorage(), token: '' });
    this.#channel = this.#connection.channel('tasks');
    this.#connection.onState(() => deps.changed());
    this.#connection.onRefused(({ failure }) =>
      deps.failed(deps.texts.text('tasks.refused', { reason: failure.error })),
    );
    this.#channel.onItems(() => {
      this.#tasks = undefined;
      deps.changed();
    });
    this.#connection.start();
    this.#channel
      .open()
      .then(deps.changed, (error: unknown) =>
        deps.failed(deps.texts.text('tasks.no-storage', { reason: String(error) })),
      );
    addEventListener('online', this.#online);
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get waiting(): number {
    return this.#channel.pendingCount;
  }

  /** True once the tasks are loaded, from the hub or from this browser's storage. */
  get known(): boolean {
    return this.#channel.position !== undefined;
  }

  get tasks(): readonly PlainTask[] {
    this.#tasks ??= tasksOf(this.#channel.items);
    return this.#tasks;
  }

  /** Seconds of today's merged day that belong to tasks; undefined if the hub does not say. */
  async workedToday(): Promise<number | undefined> {
    const answer = await this.#connection.day('today');
    return answer.ok ? answer.day.tasks.reduce((sum, { time }) => sum + time, 0) / 1_000_000 : undefined;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  /** Runs an action. @returns its output, or undefined if it was refused; the refusal has been reported */
  act(action: TaskAction, args: string, options: Omit<TaskState, 'tasks'>): ActionOutput | undefined {
    const outcome = action({ ...options, tasks: this.tasks }, args, scene());
    if (!outcome.ok) {
      const { texts, failed } = this.#deps;
      failed(texts.find(`tasks.wrong ${outcome.error}`) ?? outcome.error);
      return undefined;
    }
    const { tasks } = outcome.changes;
    if (tasks !== undefined) {
      const { items } = this.#channel;
      const writes = writesTo(items, tasks);
      this.#past = [...this.#past, inverseOf(items, writes)].slice(-maxUndoSteps);
      this.#write(writes);
    }
    return outcome.output;
  }

  undo(): void {
    const writes = this.#past.pop();
    if (writes !== undefined) this.#write(writes);
  }

  close(): void {
    removeEventListener('online', this.#online);
    void this.#connection.close();
  }

  #write(writes: readonly BoardWrite[]): void {
    const { texts, failed } = this.#deps;
    for (const write of writes) {
      const queued =
        write.type === 'create'
          ? this.#channel.create(write.task, { key: write.key })
          : write.type === 'update'
            ? this.#channel.update(write.key, write.task)
            : this.#channel.delete(write.key);
      queued.then(
        (answer) => {
          if (!answer.ok) failed(answer.error);
        },
        (error: unknown) => failed(texts.text('tasks.not-stored', { reason: String(error) })),
      );
    }
  }
}

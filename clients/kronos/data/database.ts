// The database of one device: its fields and defaults, and the interface of its store, which file.ts implements. It has the fields of
// `Database` in the protocol's text, the history of changes, and the queue of changes that the hub has not received.

import type { PlainTask } from '../../../protocol/plain.ts';

/**
 * A change of one task. `before` is null if the change created the task, `after` is null if it deleted the task. Otherwise both have only
 * the fields that differ.
 */
export interface TaskEdit {
  readonly index: string;
  readonly before: Partial<PlainTask> | null;
  readonly after: Partial<PlainTask> | null;
}

/** Time that a person stated without a task. The hub has the channel `entries` for these: a device with a hub stores one until it is there. */
export interface LocalEntry {
  /** The key of its item at the hub. */
  readonly key: string;
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly text?: string;
  readonly project?: string;
  readonly tags?: readonly string[];
}

/** A change of one entry: `before` is null for a new one, `after` for a deleted one. */
export interface LocalEntryEdit {
  readonly before: LocalEntry | null;
  readonly after: LocalEntry | null;
}

/** One step of the history. */
export interface LogStep {
  readonly n: number;
  /** Seconds since 1970. */
  readonly at: number;
  /** The name of the action; `sync` for changes by other devices. */
  readonly action: string;
  /** The number of the step that this one reverted. */
  readonly reverts?: number;
  readonly edits: readonly TaskEdit[];
  readonly entries?: readonly LocalEntryEdit[];
}

export interface KronosDatabase {
  readonly hide_done: boolean;
  readonly enable_sync: boolean;
  /** `host`, `host:port`, or a URL. */
  readonly sync_host: string;
  /** The token; '' until the first login. */
  readonly sync_user_id: string;
  readonly sync_device_id: string;
  /** When the tasks last changed, milliseconds since 1970. */
  readonly sync_version: number;
  /** The epoch of the hub that these tasks were last synced with; '' before the first sync. A hub whose data was created again has another. */
  readonly sync_epoch: string;
  readonly context: readonly string[];
  readonly tasks: readonly PlainTask[];
  readonly entries: readonly LocalEntry[];
  /** Oldest first. */
  readonly log: readonly LogStep[];
  /** Edits that the hub has not received, oldest first. */
  readonly queue: readonly TaskEdit[];
}

export const emptyDatabase: KronosDatabase = {
  hide_done: true,
  enable_sync: false,
  sync_host: 'localhost:5600',
  sync_user_id: '',
  sync_device_id: '',
  sync_version: 0,
  sync_epoch: '',
  context: [],
  tasks: [],
  entries: [],
  log: [],
  queue: [],
};

/** The database could not be read or written. `message` is the protocol's error text, `reason` the cause. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly reason: string;

  constructor(message: 'read database failed' | 'write database failed', reason: string) {
    super(message);
    this.reason = reason;
  }

  /** Compares names, because each bundle of kronos has its own copy of this class (bin/bundle.cjs). */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && 'name' in value && value.name === 'DatabaseError';
  }
}

/** Methods throw DatabaseError. */
export interface DatabaseStore {
  read(): KronosDatabase;
  /**
   * Replaces the fields that `change` returns; an empty object writes nothing. The update is atomic, also among processes, and durable.
   * @returns the database after the update
   */
  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase;
  /** Stores the same data as one JSON object, which other programs and kronos 0.2 read. */
  compact(): void;
}

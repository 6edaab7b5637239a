// What one device knows: the `Database` of the protocol's text, and beside it the history of changes and those that the hub has not
// heard of. Shapes and defaults, and the port to what keeps them; the file behind it is file.ts.

import type { PlainTask } from '../../../protocol/plain.ts';

/** A change of one task: null where there was none before, or is none after; otherwise only the fields that differ. */
export interface TaskEdit {
  readonly index: string;
  readonly before: Partial<PlainTask> | null;
  readonly after: Partial<PlainTask> | null;
}

/** One step of the history. */
export interface LogStep {
  readonly n: number;
  /** Seconds since 1970. */
  readonly at: number;
  /** The action; `sync` for what other devices did. */
  readonly action: string;
  /** The step that this one took back. */
  readonly reverts?: number;
  readonly edits: readonly TaskEdit[];
}

export interface KronosDatabase {
  readonly hide_done: boolean;
  readonly enable_sync: boolean;
  /** `host`, `host:port`, or a URL. */
  readonly sync_host: string;
  /** The secret; '' until a first login. */
  readonly sync_user_id: string;
  readonly sync_device_id: string;
  /** When the tasks last changed, milliseconds since 1970. */
  readonly sync_version: number;
  /** The hub's, whose tasks these are known to be; '' until it is known. Another one may be a hub that was made anew. */
  readonly sync_epoch: string;
  readonly context: readonly string[];
  readonly tasks: readonly PlainTask[];
  /** The newest last. */
  readonly log: readonly LogStep[];
  /** Edits that the hub has not heard of, in order. */
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
  log: [],
  queue: [],
};

/** It could not be read or written. `message` is what the protocol calls that, `reason` why. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseFailure';
  readonly reason: string;

  constructor(message: 'read database failed' | 'write database failed', reason: string) {
    super(message);
    this.reason = reason;
  }

  /** By its name: the actions and the other verbs are bundled apart, and each bundle has this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && 'name' in value && value.name === 'DatabaseFailure';
  }
}

/** Throws DatabaseFailure. */
export interface DatabaseStore {
  read(): KronosDatabase;
  /**
   * Replaces what `change` answers. Nobody else's change comes between what it is given and what is written, and what was
   * written would survive a power cut. An empty answer writes nothing.
   */
  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase;
}

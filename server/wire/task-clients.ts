// What the wire needs from the adapter of plain task clients: devices, the tasks of an account, and the task verbs. The Kronos
// adapter implements it; compose.ts joins the two. The wire knows nothing of what a task means.

import type { Unreadable } from '../../protocol/codec.ts';
import type { Refusal } from '../../protocol/errors.ts';
import type { Generation } from '../../protocol/generation.ts';
import type { Requests } from '../../protocol/messages.ts';
import type { Channel } from '../core/channel.ts';
import type { Peer } from '../core/peer.ts';
import type { View } from '../core/session.ts';
import type { Speaker } from './authorize.ts';
import type { Answering } from './response-order.ts';

/** A device of an account, while it has at least one connection. */
export interface TaskDevice {
  readonly id: string;
  /** The number of its connections. */
  readonly connections: number;
  /** The generation of its client, as far as its requests have told (R4). */
  readonly generation: Generation;
  /**
   * Stores that the device has nothing, where rule M1 says so. Await it before the login is answered.
   * @param stated the version that the login names, in milliseconds
   * @param seq the last step of the account's tasks
   */
  greet(stated: number | undefined, seq: number): Promise<void>;
  /** @returns the version to answer a login with (M1 to M4) */
  login(stated: number | undefined, hub: { readonly version: number; readonly seq: number }): number;
}

/** Whom a connection has logged in as, or speaks as. */
export interface Login<D extends TaskDevice> extends Speaker {
  /** undefined without a login. */
  readonly device: D | undefined;
}

/** A client that reads the tasks of an account. */
export interface TaskReader {
  /** The secret that begins the indexes that the client sees (R2); '' for a session without one. */
  readonly userId: string;
  readonly generation: Generation;
}

/** The tasks of one account. */
export interface AccountTasks {
  readonly channel: Channel;
  /** The version of the newest change; -1 when there never was one (L5). */
  readonly version: number;
  readonly seq: number;
  /** @returns the view by which a plain client with this token follows the tasks */
  view(token: string, reader: TaskReader): View;
  /** M12: this device may ignore notifications until it is sent all tasks. */
  deafen(device: string): void;
  /** This device has no connection any more. */
  left(device: string): void;
}

export type TaskRequest = Requests['read-all' | 'write-all' | 'create' | 'update' | 'delete'];

/** @typeParam D the adapter's own kind of device; the wire only hands it back */
export interface TaskClients<D extends TaskDevice> {
  /**
   * Finds or makes a device, and counts one connection more.
   * @param id '' makes a new one
   * @returns a refusal when the device belongs to another account (L4)
   */
  connect(id: string, account: string): { readonly ok: true; readonly device: D } | Refusal;
  /** @param orderly true if the client closed the connection, and everything it sent before is done */
  disconnect(device: D, orderly: boolean): void;
  of(account: string): Promise<AccountTasks>;
  /**
   * Answers one request about the account's tasks. A write begins before the returned promise is awaited.
   * @param unreadable the elements of a `write-all` that are not tasks (W7)
   * @param key the item's key, where the request names it; the ack of a create repeats it (S2)
   */
  take(
    to: Answering,
    peer: Peer,
    login: Login<D>,
    request: TaskRequest,
    unreadable: readonly Unreadable[],
    key?: string,
  ): Promise<void>;
  /** @returns the task with the account's name where its `index` began with a secret (R2) */
  disguised<T>(task: T, account: string): T;
}

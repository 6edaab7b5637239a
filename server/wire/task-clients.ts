// The parts of the adapter of plain task clients that the wire uses: devices, the tasks of an account, and the task verbs. The Kronos
// adapter implements it; compose.ts connects the two. The wire knows nothing of the meaning of a task.

import type { Unreadable } from '../../protocol/codec.ts';
import type { Refusal } from '../../protocol/errors.ts';
import type { Generation } from '../../protocol/generation.ts';
import type { Requests } from '../../protocol/messages.ts';
import type { Channel } from '../core/channel.ts';
import type { Peer } from '../core/peer.ts';
import type { View } from '../core/session.ts';
import type { Speaker } from './authorize.ts';
import type { OrderedResponses } from './response-order.ts';

/** A device of an account, while it has at least one connection. */
export interface TaskDevice {
  readonly id: string;
  /** The number of its connections. */
  readonly connections: number;
  /** The generation of its client, as far as its requests reveal it (R4). */
  readonly generation: Generation;
  /**
   * Stores that the device has no tasks, if rule M1 applies. Await it before answering the login.
   * @param stated the version that the login names, in milliseconds
   * @param seq the last step of the account's tasks
   */
  prepareLogin(stated: number | undefined, seq: number): Promise<void>;
  /** @returns the version to answer a login with (M1 to M4) */
  answerLogin(stated: number | undefined, hub: { readonly version: number; readonly seq: number }): number;
}

/** The identity of a connection, from its login or from a request without one. */
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
  /** The version of the newest change; -1 if there never was one (L5). */
  readonly version: number;
  readonly seq: number;
  /** @returns the view by which a plain client with this token follows the tasks */
  view(token: string, reader: TaskReader): View;
  /** M12: marks a device that may ignore notifications until it is sent all tasks. */
  markOutOfSync(device: string): void;
  /** Called when the device's last connection has ended. */
  forgetDevice(device: string): void;
}

export type TaskRequest = Requests['read-all' | 'write-all' | 'create' | 'update' | 'delete'];

/** @typeParam D the adapter's own kind of device; the wire only hands it back */
export interface TaskClients<D extends TaskDevice> {
  /**
   * Finds or creates a device, and counts its new connection.
   * @param id '' creates a new device
   * @returns a refusal if the device belongs to another account (L4)
   */
  connect(id: string, account: string): { readonly ok: true; readonly device: D } | Refusal;
  /** @param orderly true if the client closed the connection, and everything it sent before is done */
  disconnect(device: D, orderly: boolean): void;
  of(account: string): Promise<AccountTasks>;
  /**
   * Answers one request about the account's tasks. A write starts synchronously, before the first await.
   * @param unreadable the elements of a `write-all` that are not tasks (W7)
   * @param key the item's key, where the request names it; the ack of a create repeats it (S2)
   */
  handle(
    to: OrderedResponses,
    peer: Peer,
    login: Login<D>,
    request: TaskRequest,
    unreadable: readonly Unreadable[],
    key?: string,
  ): Promise<void>;
  /** @returns the task; if its `index` began with a secret, the account's name replaces the secret (R2) */
  hideSecret<T>(task: T, account: string): T;
}

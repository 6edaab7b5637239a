// What heartbeats come from, and what all places they come from agree on: batches in an order that is the same each time, so
// that an interrupted import can go on where it was.

import type { World } from '../../core/world.ts';
import type { Fields } from './json.ts';

export interface Batch {
  /** In the form in which plugins send them. */
  readonly heartbeats: readonly Fields[];
  /** Where `batches` is to begin when everything up to here has been taken; '' when no such place is known. */
  readonly mark: string;
  /** What to tell a person of how far it is. */
  readonly at: string;
}

export interface Source {
  /** @param mark of the last batch that was taken; '' for the beginning */
  batches(mark: string): AsyncIterable<Batch>;
  /** Which one it is: a mark of one source means nothing to another. */
  readonly identity: string;
  /** What the person should know when it is over. */
  readonly remarks: readonly string[];
}

/** Names by the ids that WakaTime has given plugins and machines. */
export interface Names {
  readonly agents: ReadonlyMap<string, string>;
  readonly machines: ReadonlyMap<string, string>;
}

export const nobody: Names = { agents: new Map(), machines: new Map() };

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** WakaTime's heartbeats name plugin and machine by ids; Wakapi writes the names themselves where the ids would be. */
export function named(heartbeat: Fields, { agents, machines }: Names): Fields {
  const nameOf = (id: unknown, names: ReadonlyMap<string, string>): string | undefined =>
    typeof id === 'string' ? (names.get(id) ?? (uuid.test(id) ? undefined : id)) : undefined;
  const agent = heartbeat['user_agent'] ?? nameOf(heartbeat['user_agent_id'], agents);
  const machine = heartbeat['machine'] ?? nameOf(heartbeat['machine_name_id'], machines);
  return {
    ...heartbeat,
    ...(agent === undefined ? {} : { user_agent: agent }),
    ...(machine === undefined ? {} : { machine }),
  };
}

export function pause(world: World, ms: number): Promise<void> {
  return new Promise((resolve) => world.after(ms, resolve));
}

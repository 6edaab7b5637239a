// A source of heartbeats: batches in an order that is the same at each run, so that an interrupted import can resume.

import type { World } from '../../core/world.ts';
import type { JsonFields } from './json.ts';

export interface HeartbeatBatch {
  /** In the form in which plugins send them. */
  readonly heartbeats: readonly JsonFields[];
  /** The mark to resume from when this batch is imported; '' when unknown. */
  readonly mark: string;
  /** Progress, for people. */
  readonly at: string;
}

export interface HeartbeatSource {
  /** @param mark of the last imported batch; '' for the beginning */
  batches(mark: string): AsyncIterable<HeartbeatBatch>;
  /** Identifies the source: a mark of one source means nothing to another. */
  readonly identity: string;
  /** What to tell the person at the end. */
  readonly remarks: readonly string[];
}

/** Names by the ids that WakaTime has given plugins and machines. */
export interface IdNames {
  readonly agents: ReadonlyMap<string, string>;
  readonly machines: ReadonlyMap<string, string>;
}

export const noNames: IdNames = { agents: new Map(), machines: new Map() };

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Replaces ids of plugin and machine by names. WakaTime sends ids; Wakapi sends names in their place. */
export function withNames(heartbeat: JsonFields, { agents, machines }: IdNames): JsonFields {
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

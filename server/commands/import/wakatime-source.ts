// A source of heartbeats. It returns batches in the same order at each run, so that an interrupted import can resume.

import type { World } from '../../core/world.ts';
import type { JsonFields } from './json.ts';

export interface HeartbeatBatch {
  /** Heartbeats in the form that plugins send. */
  readonly heartbeats: readonly JsonFields[];
  /** The mark to resume from after this batch; '' if unknown. */
  readonly mark: string;
  /** The progress as a text for people. */
  readonly at: string;
}

export interface HeartbeatSource {
  /** @param mark the mark of the last imported batch; '' to start from the beginning */
  batches(mark: string): AsyncIterable<HeartbeatBatch>;
  /** Identifies the source: a mark of one source means nothing to another. */
  readonly identity: string;
  /** Notes to print at the end. */
  readonly remarks: readonly string[];
}

/** Names of plugins and machines by WakaTime's ids. */
export interface IdNames {
  readonly agents: ReadonlyMap<string, string>;
  readonly machines: ReadonlyMap<string, string>;
}

export const noNames: IdNames = { agents: new Map(), machines: new Map() };

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Replaces the ids of plugin and machine by names. WakaTime sends ids, Wakapi sends names in the same fields. */
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

// Heartbeats as WakaTime's API takes them (POST …/users/current/heartbeats.bulk), which Wakapi and other hubs of ours take, too: at most 25 in
// one request, and the editor and the machine in its headers. A receiver knows a heartbeat by its own fields, so one that is sent twice
// is one heartbeat there. Pure functions.

import { Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import { isRecord, parseJson } from '../../protocol/json.ts';
import type { Change } from '../core/store.ts';

/** WakaTime takes no more in one request. */
const mostInBatch = 25;

export interface RelayedBatch {
  /** Of its heartbeats, in order. */
  readonly steps: readonly number[];
  /** JSON */
  readonly body: string;
  readonly userAgent: string;
  readonly machine: string;
}

interface SentHeartbeat {
  readonly step: number;
  readonly userAgent: string;
  readonly machine: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Deletes are left out: the API has no request that takes one heartbeat back by its fields. */
export function heartbeatBatches(changes: readonly Change[]): readonly RelayedBatch[] {
  const batches: SentHeartbeat[][] = [];
  for (const change of changes) {
    const sent = heartbeatIn(change);
    if (sent === undefined) continue;
    const batch = batches.at(-1);
    const [first] = batch ?? [];
    const fits =
      first?.userAgent === sent.userAgent && first.machine === sent.machine && (batch?.length ?? 0) < mostInBatch;
    if (fits) batch?.push(sent);
    else batches.push([sent]);
  }
  return batches.map((batch) => ({
    steps: batch.map(({ step }) => step),
    body: JSON.stringify(batch.map(({ fields }) => fields)),
    userAgent: batch[0]?.userAgent ?? '',
    machine: batch[0]?.machine ?? '',
  }));
}

/** The heartbeat as a plugin sends it, with a placeholder for each field that is "as in the one before". */
function heartbeatIn({ value, time, seq }: Change): SentHeartbeat | undefined {
  const item: unknown = value === null ? undefined : JSON.parse(value);
  if (!isRecord(item) || time === null) return undefined;
  const { last, user_agent: userAgent, machine, ...fields } = item;
  const names = Array.isArray(last) ? last.map(String) : [];
  const placeholders = Object.fromEntries(names.map((name) => [name, `<<LAST_${name.toUpperCase()}>>`]));
  return {
    step: seq,
    userAgent: typeof userAgent === 'string' ? userAgent : '',
    machine: typeof machine === 'string' ? machine : '',
    fields: { ...fields, ...placeholders, time: time / 1_000_000 },
  };
}

const check = compile(Type.Object({ responses: Type.Array(Type.Tuple([Type.Unknown(), Type.Integer()])) }));
const isBulkAnswer = (value: unknown): value is { readonly responses: readonly (readonly [unknown, number])[] } =>
  check(value);

/** The status of each heartbeat of a batch; undefined if the answer does not name as many. */
export function readBulkAnswer(text: string, count: number): readonly number[] | undefined {
  const answer = parseJson(text);
  return isBulkAnswer(answer) && answer.responses.length === count
    ? answer.responses.map(([, status]) => status)
    : undefined;
}

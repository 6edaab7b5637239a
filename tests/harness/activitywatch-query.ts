// Runs queries over a few buckets in memory, without threads and HTTP. The results are JSON as clients receive it.

import { type Evaluated, evaluate, parseProgram } from '../../server/adapters/activitywatch/query/evaluate.ts';
import { type Fed, Replica } from '../../server/adapters/activitywatch/query/replica.ts';
import { ResultWriter } from '../../server/adapters/activitywatch/query/values.ts';

/** `[start, duration, data]`; start in seconds since the start of `day`, duration in seconds. */
export type Short = readonly [start: number, duration: number, data: object];

export const day = Date.UTC(2026, 2, 1);
export const period = { start: '2026-03-01T00:00:00+00:00', end: '2026-03-02T00:00:00+00:00' };

export interface BucketOf {
  readonly events: readonly Short[];
  readonly hostname?: string;
}

export function run(text: string, buckets: Readonly<Record<string, BucketOf>> = {}): Evaluated {
  const replicas = new Map<string, Replica>();
  let id = 0;
  for (const [name, { events }] of Object.entries(buckets)) {
    const replica = new Replica();
    replica.feed(
      events.map(([start, duration, data]): Fed => {
        id += 1;
        const time = (day + start * 1_000) * 1_000;
        return [String(id), JSON.stringify(data), time, time + duration * 1_000_000, 0];
      }),
    );
    replicas.set(name, replica);
  }
  const query = parseProgram(text);
  if (!query.ok) return query;
  const replicaOf = (name: string) => {
    const replica = replicas.get(name);
    if (replica === undefined) throw new Error(name);
    return replica;
  };
  return evaluate(query.statements, {
    source: {
      buckets: Object.entries(buckets).map(([name, { hostname = 'h' }]) => ({ id: name, hostname })),
      events: (name, from, to) => replicaOf(name).events(from, to),
      count: (name, from, to) => replicaOf(name).events(from, to).length,
    },
    period,
    name: 'a name',
    print: () => undefined,
  });
}

/** The value of RETURN. */
// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
export function result(text: string, buckets: Readonly<Record<string, BucketOf>> = {}): any {
  const evaluated = run(text, buckets);
  if (!evaluated.ok) throw new Error(`${evaluated.type}: ${evaluated.message}`);
  return JSON.parse(new ResultWriter().text(evaluated.value));
}

/** The events of RETURN, in the form of `Short`. */
export function shorts(text: string, buckets: Readonly<Record<string, BucketOf>>): readonly Short[] {
  return result(text, buckets).map(
    ({ timestamp, duration, data }: { timestamp: string; duration: number; data: object }) => [
      (Date.parse(timestamp) - day) / 1_000,
      duration,
      data,
    ],
  );
}

/** The error as `class: message`, or `nothing` if the query succeeds. */
export function failure(text: string, buckets: Readonly<Record<string, BucketOf>> = {}): string {
  const evaluated = run(text, buckets);
  return evaluated.ok ? 'nothing' : `${evaluated.type}: ${evaluated.message}`;
}

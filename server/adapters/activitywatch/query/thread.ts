// How a thread is started, and what the one that runs queries and the main thread say to each other. What it does is in worker.ts,
// who feeds it in lane.ts.

import { Worker } from 'node:worker_threads';
import type { Period } from './evaluate.ts';
import type { Stretch } from './period-union.ts';
import type { Fed } from './replica.ts';

export interface Question {
  /** Channel names by bucket id, in the order of creation. */
  readonly buckets: readonly { readonly id: string; readonly hostname: string; readonly channel: string }[];
  readonly text: string;
  readonly name: string;
  readonly periods: readonly Period[];
}

export type ToThread =
  /** `anew`: what was fed of this channel before is no longer true. `covers`: all of this stretch has been fed. */
  | { readonly feed: string; readonly anew: boolean; readonly changes: readonly Fed[]; readonly covers?: Stretch }
  | { readonly forget: string }
  | { readonly question: Question };

export type FromThread =
  /** The question is to be asked again when this stretch of the channel has been fed. */
  | { readonly lacks: string; readonly of: Stretch }
  /** JSON text. */
  | { readonly results: Uint8Array }
  | { readonly type: string; readonly message: string }
  | { readonly printed: string };

/** Looked up once: to ask holds the main thread until a thread of the loader has answered. */
const tsx = import.meta.resolve('tsx/esm/api');

/**
 * A worker on Node 20 does not take over `--import tsx`, and under jest there is none to take over; so the thread begins with
 * two lines of JavaScript that bring tsx themselves.
 */
export function startThread(file: URL): Worker {
  const text = (url: string): string => JSON.stringify(url);
  const start = `
    import { register } from ${text(tsx)};
    register();
    await import(${text(file.href)});`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(start)}`), {
    resourceLimits: { maxOldGenerationSizeMb: 2_048 },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  worker.unref();
  return worker;
}

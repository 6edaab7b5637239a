// How a thread is started, and the messages between the thread that runs queries (worker.ts) and the hub's thread (worker-queue.ts).

import { Worker } from 'node:worker_threads';
import type { Period } from './evaluate.ts';
import type { Stretch } from './period-union.ts';
import type { Fed } from './replica.ts';

export interface Question {
  /** The readable buckets in order of creation, with the names of their channels. */
  readonly buckets: readonly { readonly id: string; readonly hostname: string; readonly channel: string }[];
  readonly text: string;
  readonly name: string;
  readonly periods: readonly Period[];
}

export type ToThread =
  /** `anew`: drops what was fed of this channel before. `covers`: this period has been fed whole. */
  | { readonly feed: string; readonly anew: boolean; readonly changes: readonly Fed[]; readonly covers?: Stretch }
  | { readonly forget: string }
  | { readonly question: Question };

export type FromThread =
  /** The thread lacks this period of a channel: feed it and ask again. */
  | { readonly lacks: string; readonly of: Stretch }
  /** The results as JSON text. */
  | { readonly results: Uint8Array }
  | { readonly type: string; readonly message: string }
  | { readonly printed: string };

/** Resolved once: resolving blocks the hub's thread until the loader's thread has answered. */
const tsx = import.meta.resolve('tsx/esm/api');

/**
 * Starts a worker on a TypeScript file. On Node 20 a worker does not inherit `--import tsx`, and under jest there is nothing to inherit,
 * so the thread starts with two lines of JavaScript that register tsx.
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

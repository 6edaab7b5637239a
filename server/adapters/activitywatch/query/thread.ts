// How a thread is started, and the messages between the thread that runs queries (worker.ts) and the hub's thread (worker-queue.ts).

import type { Worker } from 'node:worker_threads';
import { startThread } from '../../../runtime.ts';
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
  /** `anew`: drops what the thread has of this channel. `covers`: this period has been fed completely. */
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

/** Starts a thread for work of users: it may not grow without limit, and does not keep the process alive. @param file see `startThread` */
export function startUserThread(file: URL): Worker {
  const worker = startThread(file, { resourceLimits: { maxOldGenerationSizeMb: 2_048 } });
  worker.unref();
  return worker;
}

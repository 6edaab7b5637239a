// How the worker threads of the embedded store are started and what they and the main thread say to each other. What the
// messages do is in sqlite-worker.ts on the one side and sqlite.ts on the other.

import { Worker } from 'node:worker_threads';
import type { DriverName } from './driver.ts';
import type { Question } from './reader.ts';
import type { Flat } from './worker-codec.ts';
import type { Sealing } from './writer.ts';

export type Role =
  | {
      readonly role: 'writer';
      readonly folder: string;
      readonly freshEpoch: string;
      readonly drivers: readonly DriverName[];
      readonly sealing: Sealing;
    }
  /** A holder answers as of the moment at which it began, and says first whether it can. */
  | { readonly role: 'reader' | 'holder'; readonly folder: string; readonly drivers: readonly DriverName[] };

/** Packed jobs, which are one transaction. */
export type ToWriter = Flat | 'close';
export type FromWriter =
  | { readonly refused: string }
  /** The file has an older form, and is being brought to this one. */
  | { readonly converting: number }
  | { readonly epoch: string }
  | { readonly outcomes: Flat }
  /** Nothing of the batch was done. */
  | { readonly failed: string };

export type ToReader = { readonly question: Question; readonly epoch: string } | 'close';
export type FromReader = { readonly answer: unknown } | { readonly failed: string } | { readonly refused: string };

/**
 * A worker on Node 20 does not take over `--import tsx`, and under jest there is none to take over; so the thread begins with
 * two lines of JavaScript that bring tsx themselves. Costs about 0.13 s.
 */
export function startWorker(role: Role): Worker {
  const text = (url: string): string => JSON.stringify(url);
  const start = `
    import { register } from ${text(import.meta.resolve('tsx/esm/api'))};
    register();
    await import(${text(new URL('./worker.ts', import.meta.url).href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(start)}`), {
    workerData: role,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

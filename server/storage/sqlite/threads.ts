// Starts the worker threads of the embedded store, and defines the messages between them and the main thread. worker.ts and store.ts are
// the two ends.

import type { Worker } from 'node:worker_threads';
import { startThread } from '../../runtime.ts';
import type { DriverName } from './driver.ts';
import type { ReaderQuestion } from './reader.ts';
import type { Flat } from './worker-codec.ts';
import type { Sealing } from './writer.ts';

export type Role =
  | {
      readonly role: 'writer';
      readonly folder: string;
      readonly freshEpoch: string;
      readonly drivers: readonly DriverName[];
      readonly sealing: Sealing;
      /** True opens a database that has lost commits. */
      readonly acceptLoss?: boolean;
    }
  /** A `holder` answers as of the moment it started, and first says whether it could start. */
  | {
      readonly role: 'reader' | 'holder';
      readonly folder: string;
      readonly drivers: readonly DriverName[];
    }
  /** It says how far it is, then its outcome, and ends. */
  | {
      readonly role: 'verifier';
      readonly folder: string;
      readonly drivers: readonly DriverName[];
      /** True lets others use the disk most of the time. */
      readonly rests: boolean;
    };

/** Packed jobs that form one transaction. */
export type ToWriter = Flat | 'compact' | 'close';
export type FromWriter =
  | { readonly refused: string }
  /** The file has an older format; the migration has done this many steps. */
  | { readonly converting: number }
  | { readonly epoch: string; readonly warnings: readonly string[] }
  | { readonly outcomes: Flat }
  /** Nothing of the batch was applied. */
  | { readonly failed: string };

export type ToReader = { readonly question: ReaderQuestion; readonly epoch: string } | 'close';
export type FromReader = { readonly answer: unknown } | { readonly failed: string } | { readonly refused: string };

/** `checked` counts the steps so far. */
export type FromVerifier = FromReader | { readonly checked: number };

/** Pages come and go: with the usual 48 MB for what was made last, each thread would let that much garbage gather. */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

export function startWorker(role: Role): Worker {
  return startThread(new URL('./worker.ts', import.meta.url), { workerData: role, resourceLimits });
}

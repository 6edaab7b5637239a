// Starts the thread that checks a whole database (store-check.ts), whether a hub runs on the folder or not.

import { resolve as absolute } from 'node:path';
import type { VerifyOutcome } from '../../core/upkeep.ts';
import { type DriverName, everyDriver } from './driver.ts';
import { type FromReader, type FromVerifier, startWorker } from './threads.ts';

export type FolderVerified =
  | { readonly ok: true; readonly outcome: VerifyOutcome }
  | { readonly ok: false; readonly error: string };

export interface VerifyFolderOptions {
  readonly drivers?: readonly DriverName[];
  /** Ends the check early. */
  readonly signal?: AbortSignal;
  /** True, the default, lets others use the disk most of the time. */
  readonly rests?: boolean;
  /** Hears about once a second how many steps are checked. */
  readonly onProgress?: (steps: number) => void;
}

/** Checks every checksum of the store in `folder`. The error is a sentence for a person. */
export async function verifyFolder(
  folder: string,
  { drivers = everyDriver, signal, rests = true, onProgress }: VerifyFolderOptions = {},
): Promise<FolderVerified> {
  const worker = startWorker({ role: 'verifier', folder: absolute(folder), drivers, rests });
  const message = await new Promise<FromReader>((resolve) => {
    worker.on('message', (message: FromVerifier) => {
      if ('checked' in message) onProgress?.(message.checked);
      else resolve(message);
    });
    worker.once('error', (error) => resolve({ refused: `The store cannot be checked: ${error}.` }));
    worker.once('exit', () => resolve({ refused: 'The check of the store was ended.' }));
    signal?.addEventListener('abort', () => resolve({ refused: 'The hub stops: the check of the store was ended.' }));
  });
  await worker.terminate();
  if (!('answer' in message)) return { ok: false, error: 'refused' in message ? message.refused : message.failed };
  return isOutcome(message.answer)
    ? { ok: true, outcome: message.answer }
    : { ok: false, error: 'The check of the store gave no outcome.' };
}

/** Only our own thread sends it. */
function isOutcome(value: unknown): value is VerifyOutcome {
  return typeof value === 'object' && value !== null && 'found' in value;
}

// The thread that reads one body of many events, and gives out what found.ts finds as it is asked for it.

import { parentPort } from 'node:worker_threads';
import type { FromReading, ToReading } from './body-worker-pool.ts';
import { found } from './parse-body.ts';

let giving: Iterator<FromReading, void> | undefined;

parentPort?.on('message', (message: ToReading) => {
  if (message !== 'next') giving = found(message);
  const next = giving?.next();
  if (next !== undefined && next.done !== true) parentPort?.postMessage(next.value);
});

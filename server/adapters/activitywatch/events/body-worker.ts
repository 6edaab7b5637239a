// The thread that parses one large body of events. It sends one message for each request of the hub's thread.

import { parentPort } from 'node:worker_threads';
import type { ParsedMessage, ParserRequest } from './body-messages.ts';
import { parseEvents } from './parse-body.ts';

let parsing: AsyncIterator<ParsedMessage, void> | undefined;

parentPort?.on('message', async (request: ParserRequest) => {
  if (request !== 'next') parsing = parseEvents(request);
  const next = await parsing?.next();
  if (next !== undefined && next.done !== true) parentPort?.postMessage(next.value);
});

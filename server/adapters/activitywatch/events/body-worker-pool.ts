// Parses bodies of many events. Small ones are parsed at once. A large one is parsed in a thread of its own, because parsing a
// hundred megabytes of JSON would block everybody, and one at a time, because each takes much memory.

import type { World } from '../../../core/world.ts';
import { startUserThread } from '../query/thread.ts';
import { areQuickRules } from '../rules/rule-threads.ts';
import {
  type ParsedBody,
  type ParsedMessage,
  type ParserRequest,
  type ParseTask,
  unpackEvents,
} from './body-messages.ts';
import { parseEvents } from './parse-body.ts';

/** Bytes of a body that is parsed in the hub's thread: a few milliseconds' work. */
export const smallBody = 262_144;
/** Milliseconds until a thread must have parsed a body, or given its next events. */
const limitMs = 120_000;

export class BodyWorkerPool {
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Parses a body and passes the result to `use`. The memory of a large body belongs to the thread from then on.
   * @param use may be slow: the next large body waits for it
   */
  parse<T>(task: ParseTask, world: World, use: (parsed: ParsedBody) => Promise<T>): Promise<T> {
    if (task.body.length <= smallBody && areQuickRules(task.privacy.text, task.body.length)) {
      const messages = parseEvents(task);
      const ask = async (): Promise<ParsedMessage> => {
        const next = await messages.next();
        return next.done === true ? { done: true } : next.value;
      };
      return consume(ask, task, use);
    }
    const parsing = this.#turn.then(() => parseInThread(task, world, use));
    this.#turn = parsing.catch(() => undefined);
    return parsing;
  }
}

type Ask = (request: ParserRequest) => Promise<ParsedMessage>;

async function consume<T>(ask: Ask, task: ParseTask, use: (parsed: ParsedBody) => Promise<T>): Promise<T> {
  const batches = async function* () {
    let next = ask('next');
    for (;;) {
      const message = await next;
      if ('done' in message) return;
      if (!('of' in message)) throw new Error('the thread that parses a body ended');
      // The thread prepares the next batch while this one is written.
      next = ask('next');
      // It may fail after the caller has stopped reading.
      next.catch(() => undefined);
      yield { of: message.of, events: unpackEvents(message.events) };
    }
  };
  const first = await ask(task);
  if ('buckets' in first) return use({ ok: true, buckets: first.buckets, batches: batches() });
  const { refused = '', status = 400 } = 'refused' in first ? first : {};
  return use({ ok: false, status, message: refused });
}

async function parseInThread<T>(task: ParseTask, world: World, use: (parsed: ParsedBody) => Promise<T>): Promise<T> {
  const worker = startUserThread(new URL('./body-worker.ts', import.meta.url));
  worker.on('error', (error) => world.log.error({ error }, 'activitywatch: the thread that parses a body failed'));
  const ask: Ask = (request) =>
    new Promise((resolve) => {
      const fail = () => resolve({ refused: 'The body is too large to be parsed at once', status: 413 });
      const cancel = world.after(limitMs, () => {
        const rules = 'send less at once, or use simpler privacy rules';
        resolve({ refused: `Parsing the body takes longer than ${limitMs / 1_000} s: ${rules}`, status: 413 });
      });
      worker.once('message', (message: ParsedMessage) => {
        cancel();
        worker.off('exit', fail);
        resolve(message);
      });
      worker.once('exit', fail);
      worker.postMessage(request, request === 'next' ? [] : transferable(request.body));
    });
  try {
    return await consume(ask, task, use);
  } finally {
    await worker.terminate();
  }
}

/** Memory that holds nothing but the body is moved to the thread instead of copied. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

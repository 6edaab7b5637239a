// Bodies of many events. Large ones are read in a thread of their own, since parsing a hundred megabytes of JSON would hold everybody
// up, and one at a time, because each takes some memory. What a body holds is found.ts', what is done with it transfer.ts'.

import type { World } from '../../../core/world.ts';
import type { Said } from '../buckets/description.ts';
import { startThread } from '../query/thread.ts';
import type { NewEvent } from './event.ts';
import { found } from './parse-body.ts';

export interface Task {
  readonly body: Uint8Array;
  /** Between the parts of a form; null when the body itself is the text. */
  readonly boundary: string | null;
  /** An export of buckets, or a list of events for one that is there. */
  readonly what:
    | { readonly kind: 'buckets' }
    | { readonly kind: 'events'; readonly bucket: string; readonly type: string };
  /** Microseconds: the timestamp of an event that has none. */
  readonly now: number;
  /** The privacy rules, as JSON text, and the key of their hashes. */
  readonly privacy: { readonly text: string; readonly key: string };
}

/** A bucket of an import, without its events. */
export interface Incoming {
  readonly id: string;
  readonly said: Said;
  readonly data: Readonly<Record<string, unknown>>;
  readonly created: string | undefined;
}

export type FromReading =
  | { readonly refused: string; readonly status: number }
  /** `skipped`: events that are none. */
  | { readonly buckets: readonly Incoming[]; readonly skipped: number }
  /** Of one bucket, by its place in the list: the oldest first, or in the order of a list. */
  | { readonly of: number; readonly events: readonly NewEvent[] }
  | { readonly done: true };

/** Asks for what is next. */
export type ToReading = Task | 'next';

export type Read =
  | { readonly ok: false; readonly status: number; readonly message: string }
  | {
      readonly ok: true;
      readonly buckets: readonly Incoming[];
      readonly skipped: number;
      readonly batches: AsyncIterable<{ readonly of: number; readonly events: readonly NewEvent[] }>;
    };

/** Bytes that are read where everybody waits: a few milliseconds' work. */
export const smallBody = 262_144;

export class Readings {
  #turn: Promise<unknown> = Promise.resolve();

  /** Reads a body, which is gone then, and hands it to `use`, which may take its time. */
  read<T>(task: Task, log: World['log'], use: (read: Read) => Promise<T>): Promise<T> {
    if (task.body.length <= smallBody) {
      const giving = found(task);
      const say = async (): Promise<FromReading> => {
        const next = giving.next();
        return next.done === true ? { done: true } : next.value;
      };
      return using(say, task, use);
    }
    const reading = this.#turn.then(() => inThread(task, log, use));
    this.#turn = reading.catch(() => undefined);
    return reading;
  }
}

type Say = (message: ToReading) => Promise<FromReading>;

async function using<T>(say: Say, task: Task, use: (read: Read) => Promise<T>): Promise<T> {
  const batches = async function* () {
    for (;;) {
      const answer = await say('next');
      if ('of' in answer) yield answer;
      else if ('done' in answer) return;
      else throw new Error('the thread that reads a body ended');
    }
  };
  const first = await say(task);
  if ('buckets' in first) return use({ ok: true, ...first, batches: batches() });
  const { refused = '', status = 400 } = 'refused' in first ? first : {};
  return use({ ok: false, status, message: refused });
}

async function inThread<T>(task: Task, log: World['log'], use: (read: Read) => Promise<T>): Promise<T> {
  const worker = startThread(new URL('./body-worker.ts', import.meta.url));
  worker.on('error', (error) => log.error({ error }, 'activitywatch: a body could not be read'));
  const say: Say = (message) =>
    new Promise((resolve) => {
      const ended = () => resolve({ refused: 'It is too large to be read at once', status: 413 });
      worker.once('message', (answer: FromReading) => {
        worker.off('exit', ended);
        resolve(answer);
      });
      worker.once('exit', ended);
      worker.postMessage(message, message === 'next' ? [] : owned(message.body));
    });
  try {
    return await using(say, task, use);
  } finally {
    await worker.terminate();
  }
}

/** Memory that is nobody else's is handed over and not copied. */
function owned({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

// Reads the embedded store as of one moment, in a thread of its own, for exporting it whole. It holds a read transaction open: writers go
// on, but the log grows meanwhile. The store may belong to another process, such as a running hub.

import { resolve as absolute } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Answer, Archive, Outline, Step } from '../../core/store.ts';
import { type DriverName, everyDriver } from './driver.ts';
import type { ReaderQuestion } from './reader.ts';
import { checkFurther } from './row-order.ts';
import { type FromReader, startWorker, type ToReader } from './threads.ts';

export type OpenedSnapshot =
  | { readonly ok: true; readonly snapshot: SqliteSnapshot }
  | { readonly ok: false; readonly error: string };

/** A refusal is one sentence for a person. */
export async function openSnapshot(
  folder: string,
  drivers: readonly DriverName[] = everyDriver,
): Promise<OpenedSnapshot> {
  const worker = startWorker({ role: 'holder', folder: absolute(folder), drivers });
  const first = await new Promise<FromReader>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve({ refused: `The store cannot be read: ${error}.` }));
  });
  worker.removeAllListeners('error');
  if ('answer' in first) return { ok: true, snapshot: new SqliteSnapshot(worker, String(first.answer)) };
  await worker.terminate();
  return { ok: false, error: 'refused' in first ? first.refused : first.failed };
}

interface Asking {
  /** A method, because only the caller knows the type of the answer. */
  answer(answer: unknown): void;
  readonly fail: (error: Error) => void;
}

export class SqliteSnapshot implements Omit<Archive, 'load'> {
  readonly epoch: string;
  readonly #worker: Worker;
  readonly #asking: Asking[] = [];
  #ended: Error | undefined;

  constructor(worker: Worker, epoch: string) {
    this.epoch = epoch;
    this.#worker = worker;
    worker.on('message', (message: FromReader) => {
      const asking = this.#asking.shift();
      if ('answer' in message) asking?.answer(message.answer);
      else asking?.fail(new Error('failed' in message ? message.failed : message.refused));
    });
    const end = (reason: string): void => {
      this.#ended ??= new Error(`The store can no longer be read: ${reason}.`);
      for (const asking of this.#asking.splice(0)) asking.fail(this.#ended);
    };
    worker.on('error', (error) => end(error.message));
    worker.on('exit', () => end('its thread ended'));
  }

  async *outlines(): AsyncGenerator<Outline> {
    for (let after: string | null = null; ; ) {
      const page: readonly Outline[] = await this.#ask<readonly Outline[]>({ ask: 'outlines', after });
      yield* page;
      const last = page.at(-1)?.channel;
      if (last === undefined) return;
      checkFurther([last], [after], 'the rows of channels');
      after = last;
    }
  }

  async *steps(channel: string): AsyncGenerator<readonly Step[]> {
    for (let after = 0; ; ) {
      const page = await this.#ask<readonly Step[]>({ ask: 'steps', channel, after });
      if (page.length === 0) return;
      yield page;
      const last: number = page.at(-1)?.seq ?? after;
      checkFurther([last], [after], `the steps of ${channel}`);
      after = last;
    }
  }

  async *answers(channel: string): AsyncGenerator<readonly Answer[]> {
    for (let after: string | null = null; ; ) {
      const page: readonly Answer[] = await this.#ask<readonly Answer[]>({ ask: 'answers', channel, after });
      if (page.length === 0) return;
      yield page;
      const last: string = page.at(-1)?.writeId ?? '';
      checkFurther([last], [after], `the answers of ${channel}`);
      after = last;
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended !== undefined) resolve();
      this.#worker.once('exit', () => resolve());
      this.#worker.postMessage('close' satisfies ToReader);
    });
  }

  #ask<Answer>(question: ReaderQuestion): Promise<Answer> {
    return new Promise<Answer>((answer, fail) => {
      if (this.#ended !== undefined) {
        fail(this.#ended);
        return;
      }
      this.#asking.push({ answer, fail });
      this.#worker.postMessage({ question, epoch: this.epoch } satisfies ToReader);
    });
  }
}

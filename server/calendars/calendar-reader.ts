// Reads calendar files of users without delaying anybody else: one after the other, each in a thread of its own that may use little memory and a
// few seconds.

import type { Result } from '../../protocol/result.ts';
import { SerialQueue } from '../core/serial-queue.ts';
import type { World } from '../core/world.ts';
import { startThread } from '../runtime.ts';
import type { CalendarTask, FromCalendarThread } from './calendar-thread.ts';
import type { CalendarContents, CalendarText } from './read-calendar.ts';

/** Bytes of a file. */
export const largestCalendar = 10 * 2 ** 20;
const limitMs = 15_000;
/** Tries, each without the events that took too long before. */
const mostTries = 2;
const memoryMb = 512;

export class CalendarReader {
  readonly #world: World;
  readonly #queue = new SerialQueue({ failed: () => undefined });
  #stop: (() => void) | undefined;
  #isClosed = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** @param wanted `text` of at most `largestCalendar` bytes */
  read(wanted: Omit<CalendarText, 'without'>): Promise<Result<CalendarContents>> {
    return new Promise((resolve, reject) => {
      this.#queue.run(() => this.#read(wanted).then(resolve, reject));
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#stop?.();
  }

  async #read(wanted: Omit<CalendarText, 'without'>): Promise<Result<CalendarContents>> {
    const without: number[] = [];
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#try({ ...wanted, without });
      if (typeof outcome !== 'number') return outcome;
      if (outcome === 0 || tries === mostTries) {
        const where =
          outcome === 0 ? '' : `; its events recur in a way that takes too long, the one on line ${outcome} too`;
        return { ok: false, error: `reading the calendar takes more than ${limitMs / 1_000} seconds${where}` };
      }
      without.push(outcome);
    }
  }

  /** @returns the line of an event that takes too long; 0 if the file as a whole does */
  #try(wanted: CalendarText): Promise<Result<CalendarContents> | number> {
    if (this.#isClosed) return Promise.resolve({ ok: false, error: 'the hub is stopping' });
    const line = new Int32Array(new SharedArrayBuffer(4));
    const task: CalendarTask = { wanted, line };
    const worker = startThread(new URL('./calendar-thread.ts', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    worker.unref();
    return new Promise((resolve) => {
      let cancel = (): void => undefined;
      const settle = (outcome: Result<CalendarContents> | number): void => {
        cancel();
        this.#stop = undefined;
        resolve(outcome);
        void worker.terminate();
      };
      this.#stop = () => settle({ ok: false, error: 'the hub is stopping' });
      worker.on('message', (message: FromCalendarThread) => {
        if (message === 'ready') cancel = this.#world.after(limitMs, () => settle(Atomics.load(line, 0)));
        else settle(message);
      });
      worker.on('error', (error) => {
        this.#world.log.warn({ error }, 'calendars: a thread ended');
        settle({ ok: false, error: 'the calendar takes too much memory to read' });
      });
      worker.on('exit', () => settle({ ok: false, error: 'the calendar could not be read' }));
    });
  }
}

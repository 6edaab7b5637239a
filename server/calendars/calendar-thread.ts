// The thread that reads one calendar file (read-calendar.ts). It writes the line of the event that it is at into shared memory: if it takes too
// long, that is the event to leave out.

import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../protocol/error-message.ts';
import type { Result } from '../../protocol/result.ts';
import { type CalendarContents, type CalendarText, readCalendar } from './read-calendar.ts';

export interface CalendarTask {
  readonly wanted: CalendarText;
  /** One number. */
  readonly line: Int32Array;
}

export type FromCalendarThread = 'ready' | Result<CalendarContents>;

const say = (message: FromCalendarThread): void => parentPort?.postMessage(message);

function read({ wanted, line }: CalendarTask): Result<CalendarContents> {
  try {
    return readCalendar(wanted, (at) => Atomics.store(line, 0, at));
  } catch (error) {
    return { ok: false, error: errorMessage(error) };
  }
}

// The time limit counts from here: the start of the thread is not the file's.
say('ready');
say(read(workerData));

// Writes to the standard output. Reading `process.stdout` makes Node create a stream, which takes longer than a short action. So this
// file writes to the descriptor, and uses the stream only where it must.

import { fstatSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import { errorCode } from '../../../protocol/error-message.ts';

const descriptor = 1;

export class StandardOutput {
  /** True if output goes to the descriptor instead of the stream. On Windows, only the stream encodes text for a console. */
  #direct = process.platform !== 'win32';

  /** The stream of the terminal; undefined if the output is not a terminal. */
  get terminal(): WriteStream | undefined {
    if (this.#direct && !fstatSync(descriptor).isCharacterDevice()) return undefined;
    const stream = this.#stream();
    return stream.isTTY === true ? stream : undefined;
  }

  print(text: string): void {
    let rest: Uint8Array = Buffer.from(text);
    try {
      while (this.#direct && rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') exitOnError(error);
      // The descriptor is non-blocking and its buffer is full. The stream can wait, so everything is written to it from now on.
      this.#direct = false;
    }
    if (rest.length > 0) this.#stream().write(rest);
  }

  #stream(): WriteStream {
    const { stdout } = process;
    if (stdout.listenerCount('error') === 0) stdout.on('error', exitOnError);
    return stdout;
  }
}

/** Exits with 0 if the reader closed the pipe, as in `kronos list | head -1`: that is not a failure. */
function exitOnError(error: unknown): never {
  process.exit(errorCode(error) === 'EPIPE' ? 0 : 1);
}

// The standard output. To look at `process.stdout` makes Node set up a stream, which takes longer than a short action does: so
// nobody does who need not. What is printed there is not known here.

import { fstatSync, writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import { errorCode } from './error-message.ts';

const descriptor = 1;

export class StandardOutput {
  /** On Windows only the stream knows how a console takes letters. */
  #direct = process.platform !== 'win32';

  /** undefined where it is none */
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
      if (errorCode(error) !== 'EAGAIN') leave(error);
      // Somebody else who has it does not wait for its reader; the stream can, and from now on everything goes there, in order.
      this.#direct = false;
    }
    if (rest.length > 0) this.#stream().write(rest);
  }

  #stream(): WriteStream {
    const { stdout } = process;
    if (stdout.listenerCount('error') === 0) stdout.on('error', leave);
    return stdout;
  }
}

/** Who reads our output may have had enough of it: `kronos list | head -1`. */
function leave(error: unknown): never {
  process.exit(errorCode(error) === 'EPIPE' ? 0 : 1);
}

// Two system calls that Node does not offer: to look at the bytes that wait in a connection without taking them, and to make a second
// descriptor for it. They come from the C library by koffi, on the systems whose constants are known here.

import { platform } from 'node:os';

export interface SocketPeek {
  /** The bytes that wait, 16 KiB at most; empty when the other end has finished; undefined when there are none yet. */
  peek(descriptor: number): Buffer | undefined;
  /** A second descriptor of the same connection; undefined when the process has too many. */
  duplicate(descriptor: number): number | undefined;
}

const MSG_PEEK = 2;
/** `fcntl` command: the lowest free descriptor, which programs started later do not inherit. */
const F_DUPFD_CLOEXEC: Readonly<Record<string, number>> = { linux: 1030, darwin: 67 };
const most = 16_384;

/** @returns undefined where koffi or the system does not offer it */
export async function loadSocketPeek(): Promise<SocketPeek | undefined> {
  const command = F_DUPFD_CLOEXEC[platform()];
  if (command === undefined) return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const recv = library.func('intptr_t recv(int descriptor, void *buffer, size_t length, int flags)');
    const fcntl = library.func('int fcntl(int descriptor, int command, ...)');
    const buffer = Buffer.alloc(most);
    return {
      peek(descriptor) {
        // Node's sockets do not block: without bytes this fails at once.
        const length = Number(recv(descriptor, buffer, most, MSG_PEEK));
        return length < 0 ? undefined : Buffer.from(buffer.subarray(0, length));
      },
      duplicate(descriptor) {
        const duplicate = Number(fcntl(descriptor, command, 'int', 0));
        return duplicate < 0 ? undefined : duplicate;
      },
    };
  } catch {
    return undefined;
  }
}

// Two system calls that Node does not offer: peeking at the received bytes of a connection, and duplicating its descriptor. They are called
// in the C library through koffi, on systems whose constants this file knows.

import { platform } from 'node:os';

export interface SocketPeek {
  /** The received bytes, at most 16 KiB; empty if the other end has finished; undefined if none have arrived. */
  peek(descriptor: number): Buffer | undefined;
  /** A second descriptor of the same connection; undefined if the process has too many. */
  duplicate(descriptor: number): number | undefined;
}

const MSG_PEEK = 2;
/** `fcntl` command: the lowest free descriptor, which programs started later do not inherit. */
const F_DUPFD_CLOEXEC: Readonly<Record<string, number>> = { linux: 1030, darwin: 67 };
const maxBytes = 16_384;

/** @returns undefined if koffi or the system does not support it */
export async function loadSocketPeek(): Promise<SocketPeek | undefined> {
  const command = F_DUPFD_CLOEXEC[platform()];
  if (command === undefined) return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const recv = library.func('intptr_t recv(int descriptor, void *buffer, size_t length, int flags)');
    const fcntl = library.func('int fcntl(int descriptor, int command, ...)');
    const buffer = Buffer.alloc(maxBytes);
    return {
      peek(descriptor) {
        // Node's sockets do not block: without bytes this fails at once.
        const length = Number(recv(descriptor, buffer, maxBytes, MSG_PEEK));
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

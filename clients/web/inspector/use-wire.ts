// The inspector's own WebSocket: the words that an administrator types into wscat, `tail`, `who`, `channels`, `presence` and `stats`, and their answers.

import { useEffect, useMemo, useReducer } from 'preact/hooks';
import { socketUrl } from '../shared/address.ts';
import { emptyLog, logMessage, type WireLog } from './wire-log.ts';

const askEveryMs = 5_000;
const retryMs = 2_000;

export class Wire {
  log: WireLog = emptyLog;
  isLive = false;
  /** While paused, what arrives is not shown, and not remembered. */
  isPaused = false;
  #pattern = '*';
  #changed: () => void;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setInterval>;
  #isClosed = false;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#open();
    this.#timer = setInterval(() => this.#ask(), askEveryMs);
  }

  /** @param pattern full names of channels: `alice/*` */
  tail(pattern: string): void {
    this.#pattern = pattern === '' ? '*' : pattern;
    this.log = { ...this.log, changes: [] };
    this.#say({ type: 'tail', channel: this.#pattern });
    this.#changed();
  }

  kick(session: string): void {
    this.#say({ type: 'kick', session });
    this.#say({ type: 'who' });
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.#changed();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(socketUrl());
    this.#socket = socket;
    socket.onopen = () => {
      this.isLive = true;
      this.#say({ type: 'tail', channel: this.#pattern });
      this.#ask();
      this.#changed();
    };
    socket.onmessage = ({ data }) => {
      const next = logMessage(this.log, String(data));
      this.log = this.isPaused ? { ...next, changes: this.log.changes } : next;
      this.#changed();
    };
    socket.onclose = () => {
      this.isLive = false;
      this.#changed();
      if (!this.#isClosed) setTimeout(() => this.#open(), retryMs);
    };
  }

  #ask(): void {
    for (const type of ['who', 'stats', 'channels', 'presence']) this.#say({ type });
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

export function useWire(): Wire {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const wire = useMemo(() => new Wire(() => redraw(0)), []);
  useEffect(() => () => wire.close(), [wire]);
  return wire;
}

// Follows one event stream of the hub over a WebSocket. A browser opens at most six HTTP/1.1 connections to one host, so with `fetch` a seventh
// tab would wait forever. `fetch` is used only if a proxy blocks WebSockets. room/connection.ts decides when to retry; this file acts.

import { begin, type LinkEvent, type RoomLink, step } from '../room/connection.ts';
import { pathTo } from './address.ts';
import { eventReader } from './event-text.ts';

/** The hub closes a refused WebSocket with this plus the HTTP status. */
const refusedCode = 4_000;
/** A WebSocket that is not open after this time, in milliseconds, counts as blocked. */
const openMs = 4_000;

export interface StreamDeps {
  readonly path: string;
  readonly heard: (event: string, data: string) => void;
  /** Called at each change of state, and each second while waiting. */
  readonly changed: (link: RoomLink) => void;
}

export class Stream {
  #deps: StreamDeps;
  #link: RoomLink;
  #attempt = new AbortController();
  #isBlocked = false;
  #clock: ReturnType<typeof setInterval>;
  #wake = () => this.#take({ type: 'wake' });

  constructor(deps: StreamDeps) {
    this.#deps = deps;
    this.#link = begin(performance.now());
    this.#clock = setInterval(() => this.#take({ type: 'tick' }), 1000);
    addEventListener('online', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    void this.#run(this.#attempt.signal);
  }

  get link(): RoomLink {
    return this.#link;
  }

  close(): void {
    clearInterval(this.#clock);
    removeEventListener('online', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    this.#attempt.abort();
  }

  #take(event: LinkEvent): void {
    const before = this.#link;
    this.#link = step(before, event, performance.now(), Math.random());
    if (this.#link.state !== before.state) {
      if (this.#link.state === 'waiting' || this.#link.state === 'refused') this.#attempt.abort();
      if (this.#link.state === 'connecting') {
        this.#attempt = new AbortController();
        void this.#run(this.#attempt.signal);
      }
    }
    if (this.#link.state !== before.state || this.#link.state === 'waiting') this.#deps.changed(this.#link);
  }

  async #run(signal: AbortSignal): Promise<void> {
    // An aborted attempt reports nothing more; its successor does.
    const take = (event: LinkEvent) => {
      if (!signal.aborted) this.#take(event);
    };
    if (!this.#isBlocked) {
      const end = await this.#followSocket(signal, take);
      if (end !== 'blocked') return take(end);
    }
    if (signal.aborted) return;
    take(await this.#followBody(signal, take));
  }

  /** @returns how the connection ended; `blocked` if the WebSocket never opened, although the hub may be reachable */
  #followSocket(signal: AbortSignal, take: (event: LinkEvent) => void): Promise<LinkEvent | 'blocked'> {
    const address = new URL(pathTo(this.#deps.path), location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    return new Promise((resolve) => {
      const socket = new WebSocket(address);
      const events = eventReader();
      let isOpen = false;
      const timeout = setTimeout(() => socket.close(), openMs);
      signal.addEventListener('abort', () => socket.close());
      socket.onopen = () => {
        isOpen = true;
        clearTimeout(timeout);
      };
      socket.onmessage = ({ data }) => {
        if (signal.aborted) return;
        take({ type: 'heard' });
        for (const { event, data: text } of events(String(data))) this.#deps.heard(event, text);
      };
      socket.onclose = ({ code }) => {
        clearTimeout(timeout);
        if (!isOpen) resolve('blocked');
        else resolve(code > refusedCode ? { type: 'refused', status: code - refusedCode } : { type: 'lost' });
      };
    });
  }

  async #followBody(signal: AbortSignal, take: (event: LinkEvent) => void): Promise<LinkEvent> {
    try {
      const response = await fetch(pathTo(this.#deps.path), {
        signal,
        cache: 'no-store',
        headers: { accept: 'text/event-stream' },
      });
      if (!response.ok || response.body === null) return { type: 'refused', status: response.status };
      // The hub answers, and still no WebSocket opened: a proxy blocks them.
      this.#isBlocked = true;
      const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const events = eventReader();
      for (;;) {
        const { done, value } = await pieces.read();
        if (done || signal.aborted) break;
        take({ type: 'heard' });
        for (const { event, data } of events(value)) this.#deps.heard(event, data);
      }
    } catch {
      // The connection broke; the line below handles that.
    }
    return { type: 'lost' };
  }
}

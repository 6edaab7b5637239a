// Follows one event stream of the hub with `fetch`. Unlike EventSource, `fetch` sends a token, tells a refusal from a broken connection, and
// lets the page decide when to retry. room/connection.ts decides; this file acts.

import { begin, type LinkEvent, type RoomLink, step } from '../room/connection.ts';
import { eventReader } from './event-text.ts';

export interface StreamDeps {
  readonly path: string;
  /** Read before each attempt; '' sends none. */
  readonly token: () => string;
  readonly heard: (event: string, data: string) => void;
  /** Called at each change of state, and each second while waiting. */
  readonly changed: (link: RoomLink) => void;
}

export class Stream {
  #deps: StreamDeps;
  #link: RoomLink;
  #attempt = new AbortController();
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

  /** Connects at once if it is not connected. */
  wake(): void {
    this.#wake();
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
    const token = this.#deps.token();
    // An aborted attempt reports nothing more; its successor does.
    const take = (event: LinkEvent) => {
      if (!signal.aborted) this.#take(event);
    };
    try {
      const response = await fetch(this.#deps.path, {
        signal,
        cache: 'no-store',
        headers: { accept: 'text/event-stream', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      });
      if (!response.ok || response.body === null) {
        take({ type: 'refused', status: response.status });
        return;
      }
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
    take({ type: 'lost' });
  }
}

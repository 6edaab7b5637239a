// A server with the API of ActivityWatch's own for buckets and events, as aw-server 0.12 answers (it gives the ids, and a list of events is
// answered with null), which fails as the test says: before or after it has stored what it was sent.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedEvent {
  id: number;
  /** Milliseconds since 1970. */
  time: number;
  /** Seconds. */
  duration: number;
  data: Record<string, unknown>;
}

/** `lost`: stored, and the connection is cut in place of an answer. `silent`: stored, and never answered. */
export type ServerFault = 'lost' | 'silent' | 'cut' | { readonly status: number; readonly retryAfter?: string };

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export class EventServer {
  readonly buckets = new Map<string, { description: Record<string, unknown>; events: ServedEvent[] }>();
  readonly asked: Asked[] = [];
  /** The faults of the next requests for which it returns one. */
  fault: (asked: Asked) => ServerFault | undefined = () => undefined;
  #lastId = 0;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  static async start(): Promise<EventServer> {
    const server = new EventServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${isAddress(address) ? address.port : 0}`;
  }

  /** Of a bucket, in order of their start. */
  events(bucket: string): readonly ServedEvent[] {
    return [...(this.buckets.get(bucket)?.events ?? [])].sort((a, b) => a.time - b.time);
  }

  /** Cuts every connection. */
  disconnect(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.disconnect();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request) text += String(piece);
    const { method = '', url: path = '' } = request;
    const asked = { method, path, body: text === '' ? undefined : JSON.parse(text) };
    this.asked.push(asked);
    const fault = this.fault(asked);
    if (typeof fault === 'object') {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      response.writeHead(fault.status, headers).end();
      return;
    }
    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    const [status, answer] = this.#answer(asked);
    if (fault === 'lost') request.socket.destroy();
    else if (fault !== 'silent') response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
  }

  #answer({ method, path, body }: Asked): readonly [status: number, answer: string] {
    const url = new URL(path, 'http://x');
    const [, id = '', rest = ''] = /^\/api\/0\/buckets\/([^/]+)(\/.*)?$/.exec(url.pathname) ?? [];
    const name = decodeURIComponent(id);
    const bucket = this.buckets.get(name);
    if (rest === '' && method === 'POST') {
      if (bucket !== undefined) return [304, ''];
      this.buckets.set(name, { description: { ...Object(body) }, events: [] });
      return [200, '{}'];
    }
    if (bucket === undefined) return [404, '{"message": "no bucket"}'];
    if (rest === '' && method === 'PUT') {
      bucket.description = { ...Object(body) };
      return [200, '{}'];
    }
    const one = /^\/events\/(\d+)$/.exec(rest);
    if (one !== null && method === 'DELETE') {
      bucket.events = bucket.events.filter((event) => event.id !== Number(one[1]));
      return [200, '{"success": true}'];
    }
    if (rest === '/events' && method === 'GET') return [200, JSON.stringify(this.#between(bucket.events, url))];
    if (rest === '/events' && method === 'POST' && Array.isArray(body)) {
      for (const event of body) this.#store(bucket.events, event);
      return [200, 'null'];
    }
    return [405, ''];
  }

  #between(events: readonly ServedEvent[], { searchParams }: URL): readonly object[] {
    const [start, end] = ['start', 'end'].map((name) => Date.parse(searchParams.get(name) ?? ''));
    return events
      .filter(({ time, duration }) => time + duration * 1_000 >= (start ?? 0) && time <= (end ?? 0))
      .map(({ id, time, duration, data }) => ({
        id,
        timestamp: new Date(time).toISOString().replace('Z', '000+00:00'),
        duration,
        data,
      }));
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  #store(events: ServedEvent[], { id, timestamp, duration, data }: any): void {
    const time = Date.parse(timestamp);
    if (id === undefined) {
      this.#lastId += 1;
      events.push({ id: this.#lastId, time, duration, data });
      return;
    }
    // aw-server changes nothing where the id is missing.
    const found = events.find((event) => event.id === id);
    if (found !== undefined) Object.assign(found, { time, duration, data });
  }
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

// Reads event streams in tests, event by event, as text or as values. `pause` stops reading from the socket, so that the sender notices.

import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { waiting } from './waiting.ts';

/** One event as text, without the empty line that ends it. */
export type EventText = string;

export interface StreamReader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next event's text; undefined when the stream is over. */
  next(): Promise<EventText | undefined>;
  pause(): void;
  resume(): void;
  close(): void;
}

export function readStream(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<StreamReader> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', path, headers, agent: false }, (response) =>
      resolve(readResponse(response, path, () => outgoing.destroy())),
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function readResponse(response: IncomingMessage, path: string, close: () => void): StreamReader {
  const arrived: EventText[] = [];
  const readers: ((text: EventText | undefined) => void)[] = [];
  const decoder = new TextDecoder();
  let rest = '';
  let over = false;
  const end = () => {
    over = true;
    for (const reader of readers.splice(0)) reader(undefined);
  };
  response.on('data', (chunk: Uint8Array) => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const reader = readers.shift();
      if (reader === undefined) arrived.push(part);
      else reader(part);
    }
  });
  // A stream that the hub or the test aborts ends with an error. For a reader that is an end, too.
  response.on('error', end);
  response.on('close', end);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next() {
      const [first] = arrived.splice(0, 1);
      if (first !== undefined || over) return Promise.resolve(first);
      return waiting(`an event of ${path}`, new Promise((resolve) => readers.push(resolve)));
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close,
  };
}

export interface EventValue {
  readonly id: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  readonly data: any;
}

/** Parses an event as a browser does. */
export function eventValue(text: EventText): EventValue {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('id'), name: field('event'), data: JSON.parse(field('data') || 'null') };
}

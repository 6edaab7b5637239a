// A reader of event streams, for tests: event by event as the bytes came, or as values. It stops reading when told to, down
// to the socket.

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
    const asking = request({ port, host: '127.0.0.1', path, headers, agent: false }, (response) =>
      resolve(reading(response, path, () => asking.destroy())),
    );
    asking.on('error', reject);
    asking.end();
  });
}

function reading(response: IncomingMessage, path: string, close: () => void): StreamReader {
  const there: EventText[] = [];
  const asked: ((text: EventText | undefined) => void)[] = [];
  const decoder = new TextDecoder();
  let rest = '';
  let over = false;
  const end = () => {
    over = true;
    for (const ask of asked.splice(0)) ask(undefined);
  };
  response.on('data', (chunk: Uint8Array) => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const ask = asked.shift();
      if (ask === undefined) there.push(part);
      else ask(part);
    }
  });
  // A stream that the hub cuts, or the test itself, ends with an error; it is over all the same.
  response.on('error', end);
  response.on('close', end);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next() {
      const [first] = there.splice(0, 1);
      if (first !== undefined || over) return Promise.resolve(first);
      return waiting(`an event of ${path}`, new Promise((resolve) => asked.push(resolve)));
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

/** As a browser would read it. */
export function eventValue(text: EventText): EventValue {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('id'), name: field('event'), data: JSON.parse(field('data') || 'null') };
}

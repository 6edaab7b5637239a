// A client that talks to a hub over a real socket, WebSocket or raw TCP, message by message. Each message that it receives must be one
// that messages.ts declares. `ask` ends with a ping as a fence: what did not arrive before the pong does not arrive.

import { WebSocket } from 'ws';
import { compile } from '../../protocol/check.ts';
import { answers } from '../../protocol/messages.ts';
import { dial, Flow } from '../harness/clients.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
export type Message = any;

export interface Talk {
  /** Sends an object as JSON, a text as it is. */
  say(message: object | string): void;
  /** The next message; undefined when the connection is over. */
  next(): Promise<Message>;
  /**
   * Sends all messages and waits for the pong.
   * @returns what arrived since the last call, without the pong; everything that arrived, when the connection is over
   */
  ask(...messages: readonly (object | string)[]): Promise<Message[]>;
  /** The close code; undefined on raw TCP. */
  readonly closed: Promise<number | undefined>;
  /** Stops reading from the socket. */
  pause(): void;
  resume(): void;
  /** Closes the connection properly. */
  end(): void;
  cut(): void;
}

/** Where a hub listens. */
export interface HubAddresses {
  readonly url: string;
  readonly kronos: string | null;
}

export type Open = (hub: HubAddresses, headers?: Readonly<Record<string, string>>) => Promise<Talk>;

const declared = Object.entries(answers).map(([name, schema]) => ({ name, check: compile(schema) }));

/** The names of the declared answers that a message is. */
export function kindsOf(message: unknown): readonly string[] {
  return declared.filter(({ check }) => check(message)).map(({ name }) => name);
}

/** `text` is undefined when the connection is over. */
interface Received {
  readonly text: string | undefined;
}

type RawConnection = Pick<Talk, 'closed' | 'pause' | 'resume' | 'end' | 'cut'> & {
  readonly send: (text: string) => void;
  readonly texts: Flow<Received>;
};

let fences = 0;

function talk({ send, texts, ...rest }: RawConnection): Talk {
  let over = false;
  const next = async (): Promise<Message> => {
    const { text } = over ? { text: undefined } : await texts.next();
    over = text === undefined;
    if (text === undefined) return undefined;
    const message: unknown = JSON.parse(text);
    if (kindsOf(message).length === 0) throw new Error(`not declared in messages.ts: ${text.slice(0, 400)}`);
    return message;
  };
  const say: Talk['say'] = (message) => send(typeof message === 'string' ? message : JSON.stringify(message));
  return {
    ...rest,
    say,
    next,
    async ask(...messages) {
      fences += 1;
      const ref = `fence ${fences}`;
      for (const message of messages) say(message);
      say({ type: 'ping', ref });
      const received: Message[] = [];
      for (;;) {
        const message = await next();
        if (message === undefined || message.ref === ref) return received;
        received.push(message);
      }
    },
  };
}

export const webSocket: Open = async ({ url }, headers = {}) => {
  const ws = new WebSocket(url.replace(/^http/, 'ws'), { headers, maxPayload: 64 * 1024 * 1024 });
  const texts = new Flow<Received>();
  ws.on('message', (data) => texts.push({ text: String(data) }));
  const closed = new Promise<number>((resolve) =>
    ws.on('close', (code) => {
      texts.push({ text: undefined });
      resolve(code);
    }),
  );
  await new Promise<void>((resolve, reject) => {
    ws.on('open', () => resolve());
    ws.on('error', reject);
  });
  return talk({
    send: (text) => ws.send(text),
    texts,
    closed,
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    end: () => ws.close(),
    cut: () => ws.terminate(),
  });
};

export const rawTcp: Open = async ({ kronos }) => {
  const { socket, lines, all } = await dial(Number((kronos ?? '').split(':').at(-1)));
  const texts = new Flow<Received>();
  const pump = async () => {
    for (;;) texts.push({ text: await lines.next() });
  };
  void pump();
  const closed = all.then(() => {
    // The pump must read the remaining lines first.
    setImmediate(() => texts.push({ text: undefined }));
    return undefined;
  });
  return talk({
    send: (text) => void socket.write(text),
    texts,
    closed,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    cut: () => void socket.destroy(),
  });
};

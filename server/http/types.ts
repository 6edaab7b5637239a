// The types between adapters and transports: values, no sockets. An adapter passes Routes to the transport; a transport matches a
// request to one, awaits its Reply and writes it. A Stream is a reply that goes on: the transport makes a Peer of the
// connection and the adapter renders what the Peer is sent.

import type { Conversation, Peer } from '../core/peer.ts';

/** The client of a request, as far as the transport knows it. Copied before the first await. */
export interface Caller {
  /** Remote address without port. */
  readonly address: string;
  /** The `Host` header in lower case, '' when absent (raw TCP). */
  readonly host: string;
  /** The `Origin` header, '' when absent. */
  readonly origin: string;
  /** The `Authorization` header, '' when absent. */
  readonly authorization: string;
  /** The program as it names itself: `User-Agent`; absent where a transport has none. */
  readonly client?: string;
  /** True if a proxy sent the request: it has a forwarding header. */
  readonly isForwarded?: boolean;
  /** The `Cookie` header of a WebSocket's handshake; a request has it in its headers. */
  readonly cookie?: string;
  /** Present if one of the hub's own pages sent this (session-cookie.ts): the secret of its session, '' if it has none. */
  readonly page?: { readonly session: string };
}

export interface Request extends Caller {
  /** In capitals. */
  readonly method: string;
  /** Percent-encoded as it was sent, without the query. */
  readonly path: string;
  /** The path below which a proxy serves the hub: `/horai`; absent where that is the whole origin. `path` is without it. */
  readonly base?: string;
  /** Without the `?`. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The values of the pattern's `:names`, percent-decoded. */
  readonly params: ReadonlyMap<string, string>;
  /** True once the client has disconnected. */
  aborted(): boolean;
}

/** True for what a person opens in a browser; programs ask for something else, or for anything. */
export function acceptsHtml({ method, headers }: Pick<Request, 'method' | 'headers'>): boolean {
  return method === 'GET' && (headers.get('accept') ?? '').includes('text/html');
}

/** The address of the hub as the client reached it, directly or through a proxy; without a last slash. */
export function hubAddress({ headers, host, base = '' }: Request): string {
  return `${headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http'}://${host}${base}`;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/**
 * A reply that is computed while it is sent: a chunk is requested when those before it are sent, and the iterator's `return` is called
 * if the client disconnects. An error of the iterator cuts the connection, so that the client sees that the body is incomplete.
 */
export interface ChunkedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: AsyncIterable<string | Uint8Array>;
}

/** `open` gets a Peer whose `send` writes its text to the body as it is; no framing is added. */
export interface StreamReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly open: (peer: Peer) => Conversation;
}

/** A body as the reference shows it. */
export interface BodyDoc {
  /** Default: `application/json`. */
  readonly type?: string;
  readonly description?: string;
  /** A JSON Schema, for instance a TypeBox one. */
  readonly schema?: object;
  readonly example?: unknown;
}

/** The entry of a route in the reference (`/-/reference`). Routes that share one object are one entry with several paths. */
export interface RouteDoc {
  /** The effect of the request, as one sentence in the present tense without its full stop: "Lists the heartbeats of a day". */
  readonly summary: string;
  /** The heading that the route stands under, such as `ActivityWatch`. */
  readonly tag: string;
  /** The scopes that the token needs, all of them: `read:wakatime write:wakatime`; `none` if the route needs no token. */
  readonly scope: string;
  /** The path in the reference, if the route's path has a `*` that needs a name: `/-/channels/:channel/events`. */
  readonly shownAs?: string;
  /** More than the summary, in full sentences. */
  readonly description?: string;
  /** By the name of a path parameter or query parameter: its meaning, unit and form. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: BodyDoc;
  /** By HTTP status. */
  readonly responses?: Readonly<Record<number, BodyDoc>>;
}

export interface Route {
  /** `*` answers every method. */
  readonly method: string;
  /** Segments; `:name` matches one of them, a last `*` matches the rest (also nothing). Literal segments win over `:name`, that over `*`. */
  readonly path: string;
  /** True if the path may also be written with doubled slashes, or with one at its end: tools join addresses carelessly. */
  readonly allowsSlashes?: true;
  /** The most bytes of a body; the transport answers 413 for more. Default: 1 MiB. */
  readonly limit?: number;
  /** `unlisted`: it only answers what no listed route takes (unknown paths, wrong methods, preflights). */
  readonly doc?: RouteDoc | 'unlisted';
  /** True if the answer to a GET is an event stream that a WebSocket to this path carries too, in the same text form. */
  readonly isStream?: boolean;
  /** True for pictures that pages of other origins may embed: badges and what share links show. */
  readonly isEmbeddable?: true;
  /** Headers of the answers that the transport gives in the handler's place (413, 415, 500), for pages of other origins. */
  readonly errorHeaders?: Readonly<Record<string, string>>;
  readonly handle: (request: Request) => Promise<Reply | ChunkedReply | StreamReply>;
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body };
}

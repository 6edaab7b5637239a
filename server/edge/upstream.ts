// The connection to the hub: its address, token and certificates, and whether it answers. While it does not, requests fail at once, and
// only a periodic probe tries again. The callers decide what is sent.

import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { Type } from '@sinclair/typebox';
import { WebSocket } from 'ws';
import { compile } from '../../protocol/check.ts';
import { backlogHeader, EdgeAnswer } from '../adapters/activitywatch/routes/edge-batches.ts';
import type { World } from '../core/world.ts';

export interface HubAddress {
  /** Ends with a slash. May have a path, for hubs behind a proxy. */
  readonly url: URL;
  readonly token: string;
  /** Trusted certificates in PEM; Node's own if undefined. */
  readonly ca: readonly string[] | undefined;
}

export interface UpstreamRequest {
  readonly method: string;
  /** Relative to the hub's address, without a leading slash; with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** True if the request may be sent again on a new connection: it is idempotent. */
  readonly isRepeatable: boolean;
  /** Milliseconds without data after which the request fails; the connection's timeout by default. */
  readonly timeoutMs?: number;
}

export type UpstreamResponse =
  | { readonly ok: true; readonly status: number; readonly reply: IncomingMessage }
  | { readonly ok: false; readonly error: string };

export interface UpstreamDeps {
  readonly address: HubAddress;
  readonly world: World;
  /** Milliseconds without data after which a request fails. */
  readonly timeoutMs?: number;
  /** How many events wait for the hub; each probe tells the hub. */
  readonly backlog?: () => Promise<number>;
  /** Called with the epoch of the hub's store after each probe. */
  readonly onStore: (epoch: string) => void;
  /** Called when the hub answers again. */
  readonly onUp: () => void;
  /** Called when the hub stops answering, and when the reason changes. */
  readonly onDown: (error: string) => void;
}

const defaultTimeoutMs = 20_000;
const [minPauseMs, maxPauseMs] = [500, 30_000];
/** Milliseconds between probes of a hub that answers: it may have been restored from a backup. */
const probeEveryMs = 60_000;
const checkEdge = compile(Type.Object({ epoch: EdgeAnswer.properties.epoch }));
const isEdgeAnswer = (value: unknown): value is { readonly epoch: string } => checkEdge(value);
const tokenRefused = 'the hub refuses the token: it was revoked, or belongs to another hub';

export class Upstream {
  readonly #deps: UpstreamDeps;
  readonly #agent: PlainAgent | TlsAgent;
  readonly #timeoutMs: number;
  #state: 'starting' | 'up' | 'away' | 'closed' = 'starting';
  #error: string | null = null;
  #attempts = 0;
  #cancel: () => void = () => undefined;

  constructor(deps: UpstreamDeps) {
    this.#deps = deps;
    this.#timeoutMs = deps.timeoutMs ?? defaultTimeoutMs;
    const agentOptions = { keepAlive: true, maxSockets: 8 };
    this.#agent =
      deps.address.url.protocol === 'https:'
        ? new TlsAgent({ ...agentOptions, ...this.#tlsOptions() })
        : new PlainAgent(agentOptions);
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Why the hub does not answer; null if it does. */
  get error(): string | null {
    return this.#error;
  }

  /** Probes the hub for the first time. Resolves whether it answers or not. */
  start(): Promise<void> {
    return this.#probe();
  }

  close(): void {
    this.#state = 'closed';
    this.#cancel();
    this.#agent.destroy();
  }

  async send(request: UpstreamRequest): Promise<UpstreamResponse> {
    if (this.#state !== 'up') return { ok: false, error: this.#error ?? 'the connection to the hub is starting' };
    const response = await this.#exchange(request);
    if (!response.ok) this.markAway(response.error);
    else if (response.status === 401) this.#rejectToken(response.reply);
    else if (response.status >= 502 && response.status <= 504) {
      response.reply.resume();
      const error = `the hub, or a proxy in front of it, answers ${response.status}`;
      this.markAway(error);
      return { ok: false, error };
    } else {
      this.#attempts = 0;
      return response;
    }
    return { ok: false, error: this.#error ?? tokenRefused };
  }

  /** A WebSocket to the hub, with the token in its handshake. */
  socket(): WebSocket {
    const { url, token } = this.#deps.address;
    const to = new URL(url);
    to.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(to, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: this.#timeoutMs,
      ...this.#tlsOptions(),
    });
  }

  #tlsOptions(): { ca?: string[] } {
    const { ca } = this.#deps.address;
    return ca === undefined ? {} : { ca: [...ca] };
  }

  async #exchange(request: UpstreamRequest): Promise<UpstreamResponse> {
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.#sendOnce(request);
      // The hub had closed the kept-alive connection.
      if (!response.ok && response.stale && request.isRepeatable && attempt < 8) continue;
      return response;
    }
  }

  #sendOnce({
    method,
    path,
    headers = {},
    body,
    timeoutMs = this.#timeoutMs,
  }: UpstreamRequest): Promise<UpstreamResponse & { readonly stale?: boolean }> {
    const { url, token } = this.#deps.address;
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    return new Promise((resolve) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = send(new URL(`./${path}`, url), {
        method,
        agent: this.#agent,
        timeout: timeoutMs,
        headers: { ...headers, ...length, authorization: `Bearer ${token}` },
      });
      sent.once('response', (reply) => resolve({ ok: true, status: reply.statusCode ?? 0, reply }));
      sent.once('timeout', () => sent.destroy(new Error('the hub does not answer')));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        resolve({ ok: false, error: describeError(error), stale });
      });
      sent.end(body);
    });
  }

  async #probe(): Promise<void> {
    const backlog = await this.#deps.backlog?.().catch(() => undefined);
    const headers = backlog === undefined ? {} : { [backlogHeader]: String(backlog) };
    const response = await this.#exchange({ method: 'GET', path: '-/edge', headers, isRepeatable: true });
    if (this.#state === 'closed') return;
    if (!response.ok) {
      this.markAway(response.error);
      return;
    }
    if (response.status === 401) {
      this.#rejectToken(response.reply);
      return;
    }
    const value = await readJson(response.reply);
    if (response.status !== 200 || !isEdgeAnswer(value)) {
      this.markAway(
        `${this.#deps.address.url.href} is not a Horai hub that supports edges (status ${response.status})`,
      );
      return;
    }
    const wasAway = this.#state === 'away';
    this.#state = 'up';
    this.#error = null;
    if (wasAway) this.#deps.onUp();
    this.#deps.onStore(value.epoch);
    this.#probeAfter(probeEveryMs);
  }

  #rejectToken(reply: IncomingMessage): void {
    reply.resume();
    this.markAway(tokenRefused);
  }

  /** Marks the hub as away. The first retry is immediate; later ones follow an exponential backoff with jitter. */
  markAway(error: string): void {
    if (this.#state === 'closed') return;
    const previous = this.#error;
    this.#state = 'away';
    this.#error = error;
    if (previous !== error) this.#deps.onDown(error);
    const maxPause = this.#attempts === 0 ? 0 : Math.min(maxPauseMs, minPauseMs * 2 ** Math.min(this.#attempts, 10));
    this.#attempts += 1;
    this.#probeAfter(Math.ceil(this.#deps.world.random() * maxPause));
  }

  #probeAfter(ms: number): void {
    this.#cancel();
    this.#cancel = this.#deps.world.after(ms, () => void this.#probe());
  }
}

/** The body as JSON; undefined if it is not JSON or ends early. */
export async function readJson(reply: IncomingMessage): Promise<unknown> {
  const body = await readBytes(reply);
  try {
    return body === undefined ? undefined : JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** The whole body; undefined if it ends early. */
export async function readBytes(reply: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of reply) pieces.push(Buffer.from(piece));
    return reply.complete ? Buffer.concat(pieces) : undefined;
  } catch {
    return undefined;
  }
}

function describeError(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nothing listens at the hub’s address';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the hub’s host name cannot be resolved';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection to the hub broke';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the hub’s certificate is not trusted (${error.code}): name the issuing certificate with --ca FILE`;
    default:
      return error.message;
  }
}

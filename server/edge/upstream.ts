// The way to the hub: one place that knows its address, the token and how to trust it, and whether it answers. While it does not,
// whoever asks is told so at once, and only the link itself tries again. What is said over it is others' business.

import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { Type } from '@sinclair/typebox';
import { WebSocket } from 'ws';
import { compile } from '../../protocol/check.ts';
import { EdgeAnswer } from '../adapters/activitywatch/routes/edge-batches.ts';
import type { World } from '../core/world.ts';

export interface HubAddress {
  /** With a last slash; a path is kept, for hubs behind a proxy. */
  readonly url: URL;
  readonly token: string;
  /** Certificates that are believed; undefined is what Node believes. */
  readonly ca: readonly string[] | undefined;
}

export interface Asking {
  readonly method: string;
  /** Below the hub's address, without a first slash; with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** It may be sent again when the connection turns out to be dead: it changes nothing, or nothing twice. */
  readonly repeatable: boolean;
  /** Milliseconds of silence, where they may be more than usual. */
  readonly patience?: number;
}

export type Heard =
  | { readonly ok: true; readonly status: number; readonly reply: IncomingMessage }
  | { readonly ok: false; readonly error: string };

export interface LinkDeps {
  readonly address: HubAddress;
  readonly world: World;
  /** Milliseconds of silence after which a connection counts as dead. */
  readonly patience?: number;
  /** Told each time the hub said which store it has. */
  readonly met: (epoch: string) => void;
  /** Told when it answers again. */
  readonly up: () => void;
  /** Told when it does not any more. */
  readonly down: (error: string) => void;
}

const usualPatience = 20_000;
const [firstPause, longestPause] = [500, 30_000];
/** How often a hub that answers is looked at: it may have been started anew, from a backup. */
const lookEvery = 60_000;
const checkEdge = compile(Type.Object({ epoch: EdgeAnswer.properties.epoch }));
const isEdgeAnswer = (value: unknown): value is { readonly epoch: string } => checkEdge(value);
const revoked = 'the hub refuses the token: it was revoked, or never was one of this hub';

export class Link {
  readonly #deps: LinkDeps;
  readonly #agent: PlainAgent | TlsAgent;
  readonly #patience: number;
  #state: 'starting' | 'up' | 'away' | 'closed' = 'starting';
  #error: string | null = null;
  #attempts = 0;
  #cancel: () => void = () => undefined;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#patience = deps.patience ?? usualPatience;
    const keep = { keepAlive: true, maxSockets: 8 };
    this.#agent =
      deps.address.url.protocol === 'https:' ? new TlsAgent({ ...keep, ...this.#trust() }) : new PlainAgent(keep);
  }

  get up(): boolean {
    return this.#state === 'up';
  }

  /** Why the hub does not answer; null when it does. */
  get error(): string | null {
    return this.#error;
  }

  /** Resolves when the hub was asked for the first time, whether it answered or not. */
  start(): Promise<void> {
    return this.#probe();
  }

  close(): void {
    this.#state = 'closed';
    this.#cancel();
    this.#agent.destroy();
  }

  async send(asking: Asking): Promise<Heard> {
    if (this.#state !== 'up') return { ok: false, error: this.#error ?? 'the hub was not asked yet' };
    const heard = await this.#exchange(asking);
    if (!heard.ok) this.lost(heard.error);
    else if (heard.status === 401) this.#refused(heard.reply);
    else if (heard.status >= 502 && heard.status <= 504) {
      heard.reply.resume();
      const error = `the hub, or what stands before it, answers ${heard.status}`;
      this.lost(error);
      return { ok: false, error };
    } else {
      this.#attempts = 0;
      return heard;
    }
    return { ok: false, error: this.#error ?? revoked };
  }

  /** A WebSocket to the hub, with the token in its handshake. */
  socket(): WebSocket {
    const { url, token } = this.#deps.address;
    const to = new URL(url);
    to.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(to, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: this.#patience,
      ...this.#trust(),
    });
  }

  #trust(): { ca?: string[] } {
    const { ca } = this.#deps.address;
    return ca === undefined ? {} : { ca: [...ca] };
  }

  async #exchange(asking: Asking): Promise<Heard> {
    for (let turn = 0; ; turn += 1) {
      const heard = await this.#once(asking);
      // A connection that was kept, and which the hub had ended meanwhile.
      if (!heard.ok && heard.stale && asking.repeatable && turn < 8) continue;
      return heard;
    }
  }

  #once({
    method,
    path,
    headers = {},
    body,
    patience = this.#patience,
  }: Asking): Promise<Heard & { readonly stale?: boolean }> {
    const { url, token } = this.#deps.address;
    const ask = url.protocol === 'https:' ? tlsRequest : plainRequest;
    return new Promise((resolve) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = ask(new URL(`./${path}`, url), {
        method,
        agent: this.#agent,
        timeout: patience,
        headers: { ...headers, ...length, authorization: `Bearer ${token}` },
      });
      sent.once('response', (reply) => resolve({ ok: true, status: reply.statusCode ?? 0, reply }));
      sent.once('timeout', () => sent.destroy(new Error('the hub does not answer')));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const stale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        resolve({ ok: false, error: wordsOf(error), stale });
      });
      sent.end(body);
    });
  }

  async #probe(): Promise<void> {
    const heard = await this.#exchange({ method: 'GET', path: '-/edge', repeatable: true });
    if (this.#state === 'closed') return;
    if (!heard.ok) {
      this.lost(heard.error);
      return;
    }
    if (heard.status === 401) {
      this.#refused(heard.reply);
      return;
    }
    const value = await jsonOf(heard.reply);
    if (heard.status !== 200 || !isEdgeAnswer(value)) {
      this.lost(`what answers at ${this.#deps.address.url.href} is no Horai hub that knows edges (${heard.status})`);
      return;
    }
    const again = this.#state === 'away';
    this.#state = 'up';
    this.#error = null;
    if (again) this.#deps.up();
    this.#deps.met(value.epoch);
    this.#probeAfter(lookEvery);
  }

  #refused(reply: IncomingMessage): void {
    reply.resume();
    this.lost(revoked);
  }

  /** The hub does not answer as it should. The first try to get it back is made at once, further ones after a while that chance decides. */
  lost(error: string): void {
    if (this.#state === 'closed') return;
    const was = this.#error;
    this.#state = 'away';
    this.#error = error;
    if (was !== error) this.#deps.down(error);
    const most = this.#attempts === 0 ? 0 : Math.min(longestPause, firstPause * 2 ** Math.min(this.#attempts, 10));
    this.#attempts += 1;
    this.#probeAfter(Math.ceil(this.#deps.world.random() * most));
  }

  #probeAfter(ms: number): void {
    this.#cancel();
    this.#cancel = this.#deps.world.after(ms, () => void this.#probe());
  }
}

/** The body as JSON; undefined when it is none, or breaks off. */
export async function jsonOf(reply: IncomingMessage): Promise<unknown> {
  const body = await bytesOf(reply);
  try {
    return body === undefined ? undefined : JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** The whole body; undefined when it breaks off. */
export async function bytesOf(reply: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of reply) pieces.push(Buffer.from(piece));
    return reply.complete ? Buffer.concat(pieces) : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nobody listens at the hub’s address';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the hub’s name is not known here';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection to the hub broke';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the hub’s certificate is not trusted here (${error.code}): --ca FILE names who signed it`;
    default:
      return error.message;
  }
}

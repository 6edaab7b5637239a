// One request to an address that an account named, which is checked (guarded-address.ts). Redirects are not followed.

import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { errorMessage } from '../../protocol/error-message.ts';
import { guardedLookup, type Resolve, refuseUrl, systemResolve } from './guarded-address.ts';
import type { AllowedHosts } from './public-address.ts';

export interface GuardedRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Bytes of the answer that are read. */
  readonly longestAnswer: number;
}

export type GuardedOutcome =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
      /** False if the answer is longer than what was read. */
      readonly isWhole: boolean;
    }
  /** No answer: the request may have arrived or not. */
  | { readonly ok: false; readonly error: string };

export function requestGuarded(
  { method, url, headers, body = '', timeoutMs, longestAnswer }: GuardedRequest,
  allowed: AllowedHosts,
  stop: AbortSignal,
  resolve: Resolve = systemResolve,
): Promise<GuardedOutcome> {
  const refusal = refuseUrl(url, allowed);
  if (refusal !== undefined) return Promise.resolve({ ok: false, error: `this takes ${refusal}` });
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const noAnswer = `no answer within ${timeoutMs / 1_000} seconds`;
  return new Promise((settle) => {
    const sent = send(url, {
      method,
      // A kept connection would not be checked again.
      agent: false,
      timeout: timeoutMs,
      headers: {
        'user-agent': 'Horai',
        ...headers,
        ...(method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
      lookup: guardedLookup(url, allowed, resolve),
    });
    // The whole exchange, not only a pause of it.
    const late = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
    late.addEventListener('abort', () => sent.destroy(new Error(noAnswer)));
    sent.once('timeout', () => sent.destroy(new Error(noAnswer)));
    sent.once('error', (error) => settle({ ok: false, error: errorMessage(error) }));
    sent.once('response', (reply) => {
      readSome(reply, longestAnswer).then(
        (read) => {
          const { statusCode: status = 0, headers: answered } = reply;
          sent.destroy();
          settle({ ok: true, status, headers: answered, ...read });
        },
        (error: unknown) => settle({ ok: false, error: errorMessage(error) }),
      );
    });
    sent.end(body);
  });
}

async function readSome(reply: IncomingMessage, longest: number): Promise<{ body: Buffer; isWhole: boolean }> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of reply) {
    const bytes = Buffer.from(piece);
    pieces.push(bytes);
    size += bytes.length;
    if (size > longest) break;
  }
  return { body: Buffer.concat(pieces).subarray(0, longest), isWhole: size <= longest };
}

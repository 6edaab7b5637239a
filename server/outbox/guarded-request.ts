// One request to an address that an account named. The name is resolved once, here; each address is checked, and the connection goes to a checked
// one: so no second answer of the name server leads elsewhere (DNS rebinding). Redirects are not followed.

import { type LookupAddress, lookup } from 'node:dns';
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isIP } from 'node:net';
import { errorMessage } from '../../protocol/error-message.ts';
import { type AllowedHosts, isPublicAddress } from './public-address.ts';

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

/** Resolves a host name to all its addresses. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export const systemResolve: Resolve = (hostname, done) =>
  lookup(hostname, { all: true, verbatim: true }, (error, addresses) => done(error, addresses ?? []));

/** @returns why the hub does not call this address; undefined if it does */
export function refuseUrl(url: URL, allowed: AllowedHosts): string | undefined {
  const host = hostOf(url);
  const isNamed = allowed.hasName(host) || (isIP(host) !== 0 && allowed.hasAddress(host));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isNamed))
    return 'an address that begins with https://';
  if (url.username !== '' || url.password !== '') return 'an address without a user name and password';
  if (isIP(host) !== 0 && !isNamed && !isPublicAddress(host)) return privateAddress;
  return undefined;
}

const privateAddress = 'an address of the public internet; the administrator can allow others with HORAI_OUTBOX_ALLOW';

export function requestGuarded(
  { method, url, headers, body = '', timeoutMs, longestAnswer }: GuardedRequest,
  allowed: AllowedHosts,
  stop: AbortSignal,
  resolve: Resolve = systemResolve,
): Promise<GuardedOutcome> {
  const refusal = refuseUrl(url, allowed);
  if (refusal !== undefined) return Promise.resolve({ ok: false, error: `this takes ${refusal}` });
  const isFree = allowed.hasName(hostOf(url));
  const isFine = (address: string) => isFree || isPublicAddress(address) || allowed.hasAddress(address);
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
      lookup: (hostname, options, done) =>
        resolve(hostname, (error, found) => {
          const wrong = found.find(({ address }) => !isFine(address));
          const [first] = found;
          const why =
            error ?? (wrong === undefined && first !== undefined ? null : new Error(notPublic(wrong?.address)));
          if (options.all === true) done(why, why === null ? [...found] : []);
          else done(why, first?.address ?? '', first?.family ?? 4);
        }),
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

function notPublic(address: string | undefined): string {
  return address === undefined
    ? 'the name has no address'
    : `the name leads to ${address}; this takes ${privateAddress}`;
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
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

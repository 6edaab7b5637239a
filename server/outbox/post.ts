// One request to an address that an account named, and what was answered.

import { type Resolve, systemResolve } from './guarded-address.ts';
import { requestGuarded } from './guarded-request.ts';
import type { AllowedHosts } from './public-address.ts';

const timeoutMs = 15_000;
/** Bytes of an answer that are read, unless a request says how many. */
const usualAnswer = 262_144;

export interface PostRequest {
  /** POST unless given. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly longestAnswer?: number;
}

export type PostOutcome =
  | { readonly ok: true; readonly status: number; readonly retryAfter: string; readonly text: string }
  /** No answer: it may have arrived or not. */
  | { readonly ok: false; readonly error: string };

export async function post(
  request: PostRequest,
  allowed: AllowedHosts,
  stop: AbortSignal,
  resolve: Resolve = systemResolve,
): Promise<PostOutcome> {
  const whole = { method: 'POST', longestAnswer: usualAnswer, ...request, timeoutMs } as const;
  const sent = await requestGuarded(whole, allowed, stop, resolve);
  if (!sent.ok) return sent;
  const { status, headers, body } = sent;
  return { ok: true, status, retryAfter: headers['retry-after'] ?? '', text: body.toString() };
}

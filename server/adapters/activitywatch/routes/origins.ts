// The rights of a watcher in a browser, and the CORS headers that let its extension read an answer. The transport refuses other foreign
// origins before they get here.

import type { Request } from '../../../http/types.ts';

/** The origins of aw-watcher-web: each Firefox profile has one of its own, Chrome's store has one. */
const watcher = /^(?:moz-extension:\/\/[^/]+|chrome-extension:\/\/nglaklhklhcoonedhgnpgddginnjdadi)$/;
const watched = /^\/api\/0\/(?:info|buckets\/[^/]+(?:\/heartbeat)?)\/?$/;

/**
 * True if a browser extension may send this request: what watchers need, and no more, because any Firefox extension can have such an
 * origin and must not read a person's days.
 */
export function watcherMay(origin: string, asked: { readonly method: string; readonly path: string }): boolean {
  return watcher.test(origin) && watched.test(asked.path) && ['GET', 'HEAD', 'POST', 'OPTIONS'].includes(asked.method);
}

/** The headers for an origin that was admitted. */
export function corsHeaders({ origin, method, headers }: Request): Readonly<Record<string, string>> {
  if (origin === '') return {};
  const allow = { 'access-control-allow-origin': origin, vary: 'Origin' };
  if (method !== 'OPTIONS') return allow;
  return {
    ...allow,
    'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
    'access-control-allow-headers': headers.get('access-control-request-headers') ?? 'authorization, content-type',
  };
}

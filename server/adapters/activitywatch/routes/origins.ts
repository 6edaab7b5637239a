// Web pages and browser extensions: what a watcher in a browser may do here, and the headers that let a page read its answer.
// That other pages do not get this far is the door's work.

import type { Request } from '../../../http/types.ts';

/** aw-watcher-web: any Firefox profile has it under an origin of its own, Chrome's store has it under one. */
const watcher = /^(?:moz-extension:\/\/[^/]+|chrome-extension:\/\/nglaklhklhcoonedhgnpgddginnjdadi)$/;
const watched = /^\/api\/0\/(?:info|buckets\/[^/]+(?:\/heartbeat)?)\/?$/;

/**
 * Whether a browser extension may ask for this: what watchers need, and no more, because any Firefox extension can come with
 * such an origin and none of them should read a person's days.
 */
export function watcherMay(origin: string, asked: { readonly method: string; readonly path: string }): boolean {
  return watcher.test(origin) && watched.test(asked.path) && ['GET', 'HEAD', 'POST', 'OPTIONS'].includes(asked.method);
}

/** For an origin that was let in. */
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

// Which requests the service worker answers, and what they are stored as. Pure.

export interface AskedResource {
  readonly method: string;
  readonly mode: string;
  readonly url: string;
}

/** `file`: never changes. `page`: the same for everybody. `answer`: of the hub, about the person. `other`: not for the cache. */
export type CacheKind = 'file' | 'page' | 'answer' | 'other';

/** Answers that pages show numbers from. Of the session nothing is stored: who is signed in is the hub's to say. */
const answers =
  /^\/(?:-\/(?:day\/[^/]+|days|rhythm|devices|tokens|suggestions|questions)|api\/v1\/users\/current(?:\/(?:insights|stats|goals)\/?.*)?)$/;

/** @param hub the address of the hub, without a last slash: `https://hub.example.org`, `https://example.org/horai` */
export function kindOf({ method, mode, url }: AskedResource, hub: string): CacheKind {
  if (method !== 'GET' || !url.startsWith(`${hub}/`)) return 'other';
  const pathname = url.slice(hub.length).replace(/[?#].*$/s, '');
  if (pathname.startsWith('/-/assets/')) return 'file';
  if (mode === 'navigate') return pathname.startsWith('/-/') || pathname.startsWith('/api/') ? 'other' : 'page';
  return answers.test(pathname) ? 'answer' : 'other';
}

/**
 * Pages about a date are one document: their script reads the date. A page of a room has its name in it.
 * @param path on the hub, with its query
 */
export function cacheKey(path: string, kind: 'page' | 'answer'): string {
  if (kind === 'answer') return path;
  const pathname = path.replace(/[?#].*$/s, '');
  return /^\/(?!room\/)[a-z-]+\/\d{4}-\d\d(?:-\d\d)?$/.test(pathname) ? pathname.replace(/\/[^/]+$/, '') : pathname;
}

// Joins a route table with the table of its reference texts. The two are separate tables if long examples would make the first hard to
// read.

import type { Route, RouteDoc } from './types.ts';

/** By `METHOD path`, the path as its route has it. */
export type RouteDocs = Readonly<Record<string, RouteDoc>>;

/**
 * @param keyOf the path under which the table has a route: routes under several prefixes are one entry
 * @returns the routes with their docs; `*` and OPTIONS are unlisted, and so is what the table calls so
 */
export function withDocs(
  routes: readonly Route[],
  docs: RouteDocs,
  { keyOf = (path) => path, unlisted = [] }: { keyOf?: (path: string) => string; unlisted?: readonly string[] } = {},
): readonly Route[] {
  const table = new Map(Object.entries(docs));
  const hidden = new Set(unlisted);
  return routes.map((route) => {
    const key = `${route.method} ${keyOf(route.path)}`;
    if (route.method === '*' || route.method === 'OPTIONS' || hidden.has(key)) return { ...route, doc: 'unlisted' };
    const doc = table.get(key);
    return doc === undefined ? route : { ...route, doc };
  });
}

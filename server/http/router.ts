// Finds the route of a request by its method and path.

import type { Caller, Reply, Route } from './types.ts';
import { json } from './types.ts';

/** A request without its body, copied out of the engine. */
export interface RequestHead extends Caller {
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** The Content-Length in bytes; 0 without one. */
export function contentLength(head: RequestHead): number {
  return Number(head.headers.get('content-length') ?? 0) || 0;
}

export interface RouteMatch {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
}

export type RouteLookup = ({ readonly ok: true } & RouteMatch) | { readonly ok: false; readonly reply: Reply };

interface Leaf {
  readonly route: Route;
  /** The names of the `:name` segments, in order. */
  readonly names: readonly string[];
}

interface Node {
  readonly literals: Map<string, Node>;
  named: Node | null;
  /** Routes that end with `*`, by method. */
  readonly rest: Map<string, Leaf>;
  /** Routes of exactly this path, by method. */
  readonly here: Map<string, Leaf>;
}

function emptyNode(): Node {
  return { literals: new Map(), named: null, rest: new Map(), here: new Map() };
}

/** Percent-decodes a segment; a malformed one is returned as it is. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export class Router {
  readonly #root = emptyNode();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
  }

  /** Only the most specific path counts: if it lacks the method the reply is 405, even where a wider pattern has it. */
  find(method: string, path: string): RouteLookup {
    const values: string[] = [];
    const leaves = path.startsWith('/')
      ? walk(this.#root, path.slice(1).split('/').map(decodeSegment), 0, values)
      : null;
    if (leaves === null) return { ok: false, reply: json(404, { error: 'not found' }) };
    const leaf = leaves.get(method) ?? (method === 'HEAD' ? leaves.get('GET') : undefined) ?? leaves.get('*');
    if (leaf !== undefined) {
      return { ok: true, route: leaf.route, params: new Map(leaf.names.map((name, at) => [name, values[at] ?? ''])) };
    }
    const allow = [...new Set([...leaves.keys(), ...(leaves.has('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort().join(', ');
    if (method === 'OPTIONS') return { ok: false, reply: { status: 204, headers: { allow }, body: '' } };
    return { ok: false, reply: json(405, { error: `method not allowed: use ${allow}` }, { allow }) };
  }

  #add(route: Route): void {
    const segments = route.path.slice(1).split('/');
    const names: string[] = [];
    let node = this.#root;
    for (const [at, segment] of segments.entries()) {
      if (segment === '*' && at === segments.length - 1) {
        node.rest.set(route.method, { route, names });
        return;
      }
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.named ??= emptyNode();
        node = node.named;
      } else {
        let next = node.literals.get(segment);
        if (next === undefined) {
          next = emptyNode();
          node.literals.set(segment, next);
        }
        node = next;
      }
    }
    node.here.set(route.method, { route, names });
  }
}

function walk(node: Node, segments: readonly string[], at: number, values: string[]): Map<string, Leaf> | null {
  const segment = segments[at];
  if (segment === undefined) {
    if (node.here.size > 0) return node.here;
    return node.rest.size > 0 ? node.rest : null;
  }
  const literal = node.literals.get(segment);
  const exact = literal === undefined ? null : walk(literal, segments, at + 1, values);
  if (exact !== null) return exact;
  if (node.named !== null && segment !== '') {
    values.push(segment);
    const named = walk(node.named, segments, at + 1, values);
    if (named !== null) return named;
    values.pop();
  }
  return node.rest.size > 0 ? node.rest : null;
}

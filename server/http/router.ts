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

/** A segment of paths. Most of them have few of these, so that each is made when it is first needed. */
interface Node {
  literals: Map<string, Node> | null;
  named: Node | null;
  /** Routes that end with `*`, by method. */
  rest: Map<string, Leaf> | null;
  /** Routes of exactly this path, by method. */
  here: Map<string, Leaf> | null;
}

function emptyNode(): Node {
  return { literals: null, named: null, rest: null, here: null };
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
    const found = this.#withoutSlashes(path) ?? this.#leavesOf(path);
    if (found === null) return { ok: false, reply: json(404, { error: 'not found' }) };
    const { leaves, values } = found;
    const leaf = leaves.get(method) ?? (method === 'HEAD' ? leaves.get('GET') : undefined) ?? leaves.get('*');
    if (leaf !== undefined) {
      return { ok: true, route: leaf.route, params: new Map(leaf.names.map((name, at) => [name, values[at] ?? ''])) };
    }
    const allow = [...new Set([...leaves.keys(), ...(leaves.has('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort().join(', ');
    if (method === 'OPTIONS') return { ok: false, reply: { status: 204, headers: { allow }, body: '' } };
    return { ok: false, reply: json(405, { error: `method not allowed: use ${allow}` }, { allow }) };
  }

  #leavesOf(path: string): Leaves | null {
    if (!path.startsWith('/')) return null;
    const values: string[] = [];
    const leaves = walk(this.#root, path.slice(1).split('/').map(decodeSegment), 0, values);
    return leaves === null ? null : { leaves, values };
  }

  /** The routes of a path with slashes too many, if they allow that. */
  #withoutSlashes(path: string): Leaves | null {
    if (!path.includes('//') && !path.endsWith('/')) return null;
    const found = this.#leavesOf(path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, ''));
    if (found === null) return null;
    const [leaf] = found.leaves.values();
    return leaf?.route.allowsSlashes === true ? found : null;
  }

  #add(route: Route): void {
    const segments = route.path.slice(1).split('/');
    const names: string[] = [];
    let node = this.#root;
    for (const [at, segment] of segments.entries()) {
      if (segment === '*' && at === segments.length - 1) {
        node.rest ??= new Map();
        node.rest.set(route.method, { route, names });
        return;
      }
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.named ??= emptyNode();
        node = node.named;
      } else {
        node.literals ??= new Map();
        let next = node.literals.get(segment);
        if (next === undefined) {
          next = emptyNode();
          node.literals.set(segment, next);
        }
        node = next;
      }
    }
    node.here ??= new Map();
    node.here.set(route.method, { route, names });
  }
}

interface Leaves {
  /** By method. */
  readonly leaves: ReadonlyMap<string, Leaf>;
  /** The values of the `:name` segments, in order. */
  readonly values: readonly string[];
}

function walk(node: Node, segments: readonly string[], at: number, values: string[]): ReadonlyMap<string, Leaf> | null {
  const segment = segments[at];
  if (segment === undefined) return node.here ?? node.rest;
  const literal = node.literals?.get(segment);
  const exact = literal === undefined ? null : walk(literal, segments, at + 1, values);
  if (exact !== null) return exact;
  if (node.named !== null && segment !== '') {
    values.push(segment);
    const named = walk(node.named, segments, at + 1, values);
    if (named !== null) return named;
    values.pop();
  }
  return node.rest;
}

// Every HTTP route of the hub as one OpenAPI 3.1 document, generated from the route tables. Each row documents its own route (RouteDoc in
// http/types.ts).

import type { BodyDoc, Route, RouteDoc } from '../../http/types.ts';

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** Empty if the route needs no token. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly 'x-scope': string;
  /** Further paths of the same route. */
  readonly 'x-also-at'?: readonly string[];
  /** True if the route's row has no documentation, which is a bug. */
  readonly 'x-undocumented'?: true;
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: { readonly content: OpenApiContent };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: OpenApiContent }>>;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description: string;
  readonly schema: object;
}

export type OpenApiContent = Readonly<Record<string, { readonly schema?: object; readonly example?: unknown }>>;

export interface OpenApi {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  /** By path, then by method in lower case. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

/**
 * @param routes of the hub; `unlisted` ones are left out, the others are sorted by path
 * @param version of Horai
 */
export function openApi(routes: readonly Route[], version: string, base = ''): OpenApi {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  const tags = new Set<string>();
  for (const { path, method, doc, aliases } of entriesOf(routes)) {
    tags.add(doc?.tag ?? 'Undocumented');
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(method, path, doc, aliases) };
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Horai',
      version,
      description:
        'The HTTP routes of a hub. Every GET route answers HEAD too. The WebSocket wire is described by the AsyncAPI document beside this one.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: base === '' ? '/' : base }],
    tags: [...tags].sort().map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of the account: `horai token create` makes one. A personal hub needs none.',
        },
        basic: { type: 'http', scheme: 'basic', description: 'The token as the user name, without a password.' },
      },
    },
  } as const;
  return document;
}

interface Entry {
  readonly method: string;
  /** In OpenAPI's form, `/{room}/goal`. */
  readonly path: string;
  readonly doc: RouteDoc | undefined;
  readonly aliases: readonly string[];
}

/** One entry for each route; routes of the same method that share one doc object are one entry. */
function entriesOf(routes: readonly Route[]): readonly Entry[] {
  const byDoc = new Map<RouteDoc, Map<string, string[]>>();
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (const { method, path, doc } of routes) {
    if (doc === 'unlisted') continue;
    const shown = templateOf(doc?.shownAs ?? path);
    if (seen.has(`${method} ${shown}`)) continue;
    seen.add(`${method} ${shown}`);
    const known = doc === undefined ? undefined : byDoc.get(doc)?.get(method);
    if (known !== undefined) {
      known.push(shown);
      continue;
    }
    const aliases: string[] = [];
    if (doc !== undefined) byDoc.set(doc, (byDoc.get(doc) ?? new Map<string, string[]>()).set(method, aliases));
    entries.push({ method, path: shown, doc, aliases });
  }
  return entries.sort((one, other) => compare(one.path, other.path) || compare(one.method, other.method));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** In OpenAPI’s form, `/{room}/goal`. Doubled and last slashes are served, but left out here. */
function templateOf(path: string): string {
  return path
    .replace(/\/+/g, '/')
    .replace(/(?<=.)\/$/, '')
    .replace(/:([A-Za-z_]+)/g, '{$1}')
    .replace(/\*$/, '{rest}');
}

function operationOf(
  method: string,
  path: string,
  doc: RouteDoc | undefined,
  aliases: readonly string[],
): OpenApiOperation {
  const parameters = parametersOf(path, doc);
  const scope = doc?.scope ?? '';
  return {
    // Pages and the hub's own answers have the same names: `/devices` and `/-/devices`.
    operationId: `${method.toLowerCase()} ${doc?.tag === 'Pages' ? 'page' : ''} ${path}`
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/_$/, ''),
    summary: doc?.summary ?? '',
    ...(doc?.description === undefined ? {} : { description: doc.description }),
    tags: [doc?.tag ?? 'Undocumented'],
    security: scope === 'none' ? [] : [{ token: scope.split(' ') }, { basic: scope.split(' ') }],
    'x-scope': scope,
    ...(aliases.length === 0 ? {} : { 'x-also-at': aliases }),
    ...(doc === undefined ? { 'x-undocumented': true as const } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(doc?.body === undefined ? {} : { requestBody: { content: contentOf(doc.body) } }),
    responses: responsesOf(doc),
  };
}

function parametersOf(path: string, doc: RouteDoc | undefined): readonly OpenApiParameter[] {
  const inPath = [...path.matchAll(/{([A-Za-z_]+)}/g)].map(
    ([, name = '']): OpenApiParameter => ({
      name,
      in: 'path',
      required: true,
      description: doc?.params?.[name] ?? (name === 'rest' ? 'The rest of the path; it may hold slashes' : ''),
      schema: { type: 'string' },
    }),
  );
  const inQuery = Object.entries(doc?.query ?? {}).map(
    ([name, description]): OpenApiParameter => ({
      name,
      in: 'query',
      required: false,
      description,
      schema: { type: 'string' },
    }),
  );
  return [...inPath, ...inQuery];
}

function responsesOf(doc: RouteDoc | undefined): OpenApiOperation['responses'] {
  const responses = Object.entries(doc?.responses ?? { 200: {} }).map(([status, body]) => {
    const hasContent = body.type !== undefined || body.schema !== undefined || body.example !== undefined;
    const description = body.description ?? (Number(status) < 400 ? 'Done' : 'Refused');
    return [status, { description, ...(hasContent ? { content: contentOf(body) } : {}) }] as const;
  });
  return Object.fromEntries(responses);
}

function contentOf({ type = 'application/json', schema, example }: BodyDoc): OpenApiContent {
  return { [type]: { ...(schema === undefined ? {} : { schema }), ...(example === undefined ? {} : { example }) } };
}

// `/-/reference`: the hub's API for people (a page) and for programs (OpenAPI and AsyncAPI). It reveals nothing about the data of the
// hub, so it needs no token.

import type { Reply, Route, RouteDoc } from '../../http/types.ts';
import { type AsyncApi, asyncApi } from './asyncapi.ts';
import { type OpenApi, openApi } from './openapi.ts';

export interface ReferenceDeps {
  /** Called once, at the first request: all routes of the hub, these ones included. */
  readonly routes: () => readonly Route[];
  /** The path below which a proxy serves the hub; '' for the whole origin. */
  readonly base?: string;
  /** The version of Horai. */
  readonly version: string;
  /** Renders the page. */
  readonly page: (documents: ReferenceDocuments) => string;
  /** The headers of every page. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ReferenceDocuments {
  readonly http: OpenApi;
  readonly wire: AsyncApi;
}

const shared = { tag: 'Hub', scope: 'none' } as const;

const docs = {
  page: {
    ...shared,
    summary: 'Shows the reference of HTTP routes and wire messages as a page',
    responses: { 200: { type: 'text/html' } },
  },
  openapi: {
    ...shared,
    summary: 'Returns the HTTP routes of the hub as an OpenAPI 3.1 document',
    responses: { 200: { schema: { type: 'object' } } },
  },
  asyncapi: {
    ...shared,
    summary: 'Returns the messages of the wire as an AsyncAPI 3.0 document',
    responses: { 200: { schema: { type: 'object' } } },
  },
} as const satisfies Record<string, RouteDoc>;

export function referenceRoutes({ routes, version, base, page, headers }: ReferenceDeps): readonly Route[] {
  let made: ReferenceDocuments | undefined;
  const documents = (): ReferenceDocuments => {
    made ??= { http: openApi(routes(), version, base), wire: asyncApi(version) };
    return made;
  };
  const htmlHeaders = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', ...headers };
  return [
    {
      method: 'GET',
      path: '/-/reference',
      doc: docs.page,
      handle: async () => ({ status: 200, headers: htmlHeaders, body: page(documents()) }),
    },
    {
      method: 'GET',
      path: '/-/reference/openapi.json',
      doc: docs.openapi,
      handle: async () => prettyJson(documents().http),
    },
    {
      method: 'GET',
      path: '/-/reference/asyncapi.json',
      doc: docs.asyncapi,
      handle: async () => prettyJson(documents().wire),
    },
  ];
}

/** JSON indented by two spaces, like the copies in docs/reference. */
function prettyJson(document: object): Reply {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' };
  return { status: 200, headers, body: `${JSON.stringify(document, null, 2)}\n` };
}

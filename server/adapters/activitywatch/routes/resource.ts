// How ActivityWatch's resources become routes: a table row names the method, what the caller must be allowed and the handler. The
// checks in front of a handler (authentication, bucket ids, scopes) and the headers behind it are here, once.

import { isAllowed, type Verb } from '../../../core/access.ts';
import type { Hub } from '../../../core/hub.ts';
import { type AuthenticationDeps, authenticate } from '../../../http/authenticate.ts';
import { retryHeaders } from '../../../http/error-boundary.ts';
import { retryUntilStored } from '../../../http/retry-until-stored.ts';
import type { ChunkedReply, Reply, Request, Route } from '../../../http/types.ts';
import type { Author, Buckets } from '../buckets/buckets.ts';
import { type Description, isBucketId } from '../buckets/description.ts';
import type { BodyWorkerPool } from '../events/body-worker-pool.ts';
import type { Queries } from '../query/queries.ts';
import { corsHeaders } from './origins.ts';
import { refuseWith } from './request-body.ts';

/** The dependencies that all handlers share. */
export interface Context {
  readonly hub: Hub;
  readonly trust: AuthenticationDeps;
  readonly hostname: string;
  readonly version: string;
  /** Buckets may be deleted without `force=1`. */
  readonly testing: boolean;
  readonly queries: Queries;
  readonly bodies: BodyWorkerPool;
  readonly bucketsOf: (account: string) => Promise<Buckets>;
  readonly deviceId: () => Promise<string>;
  /** Called after each write of a watcher: why it could not be stored, or null. */
  readonly reportWrite: (fault: string | null) => void;
}

/** One authenticated request. */
export interface Visit {
  readonly context: Context;
  readonly request: Request;
  readonly buckets: Buckets;
  readonly author: Author;
  readonly may: (verb: Verb, channel: string) => boolean;
}

type Answer = Promise<Reply | ChunkedReply>;

/** `on` says what the caller needs, and what the handler gets. */
export type Method = {
  /** True if the request is retried while the store takes no writes: a watcher discards what is refused. */
  readonly retries?: boolean;
} & (
  | { readonly on: 'nothing'; readonly handle: (context: Context, request: Request) => Answer }
  /** The handler itself checks which channels the caller may read or write. */
  | { readonly on: 'account'; readonly handle: (visit: Visit) => Answer }
  /** The document of descriptions and settings. */
  | { readonly on: 'settings'; readonly verb: Verb; readonly handle: (visit: Visit) => Answer }
  /** A bucket id that may be new. */
  | { readonly on: 'id'; readonly verb: Verb; readonly handle: (visit: Visit, id: string) => Answer }
  /** An existing bucket: `id` is its name here, after aliases and device names. */
  | { readonly on: 'bucket'; readonly verb: Verb; readonly handle: (visit: Visit, id: string) => Answer }
);

/** One path and its methods. */
export interface Resource {
  readonly path: string;
  /** Bytes of body. */
  readonly limit?: number;
  readonly methods: Readonly<Record<string, Method>>;
}

export const forbidden = refuseWith(403, 'This token may not.');
export const unknownPath = refuseWith(404, 'The requested URL was not found on the server.');

export function noBucket(id: string): Reply {
  return refuseWith(404, `There's no bucket named ${id}`);
}

export function query(request: Request): URLSearchParams {
  return new URLSearchParams(request.query);
}

/** The buckets that the caller may read. */
export async function readableBuckets({ buckets, may: allowed }: Visit): Promise<readonly Description[]> {
  await buckets.settled();
  return buckets.list().filter(({ id }) => allowed('read', buckets.channelOf(id)));
}

/** Each path is served with and without a trailing slash, because clients use both. */
export function routesOf(context: Context, resource: Resource): readonly Route[] {
  const { path, limit, methods } = resource;
  const allow = [...Object.keys(methods), ...('GET' in methods ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  const others: Route['handle'] = async (request) => withCors(request, answerOtherMethod(request, allow));
  const listed = Object.entries(methods).map(([method, row]) => {
    const handle =
      row.retries === true
        ? retryUntilStored(context.hub.world, context.reportWrite, guard(context, row))
        : guard(context, row);
    return { method, ...(limit === undefined ? {} : { limit }), handle: withCorsAfter(handle) };
  });
  return [path, `${path}/`].flatMap((either) => [
    ...listed.map((route) => ({ ...route, path: either })),
    { method: '*', path: either, handle: others },
  ]);
}

export function unknownRoute(path: string): Route {
  return { method: '*', path, handle: async (request) => withCors(request, unknownPath) };
}

/** The checks of a row, then its handler. */
function guard(context: Context, row: Method): Route['handle'] {
  if (row.on === 'nothing') return (request) => row.handle(context, request);
  return async (request) => {
    const opened = await openVisit(context, request);
    if (!opened.ok) return opened.reply;
    const { visit } = opened;
    const { buckets } = visit;
    if (row.on === 'account') return row.handle(visit);
    if (row.on === 'settings') {
      if (!visit.may(row.verb, `${buckets.account}/aw`)) return forbidden;
      await buckets.settled();
      return row.handle(visit);
    }
    const requestedId = request.params.get('id') ?? '';
    if (!isBucketId(requestedId)) return refuseWith(400, 'A bucket id is 1 to 200 printable characters.');
    if (!visit.may(row.verb, buckets.channelOf(requestedId))) return forbidden;
    if (row.on === 'id') return row.handle(visit, requestedId);
    const id = buckets.resolve(requestedId, visit.author);
    // A watcher goes on writing under the old name of a bucket; reading needs the right to the bucket itself.
    if (row.verb === 'read' && !visit.may('read', buckets.channelOf(id))) return forbidden;
    return buckets.find(id) === undefined ? noBucket(requestedId) : row.handle(visit, id);
  };
}

async function openVisit(
  context: Context,
  request: Request,
): Promise<{ readonly ok: true; readonly visit: Visit } | { readonly ok: false; readonly reply: Reply }> {
  const admitted = authenticate(context.trust, request);
  if (!admitted.ok) {
    if (admitted.code === 'too_many') {
      const reply = refuseWith(429, admitted.hint ?? admitted.error);
      return { ok: false, reply: { ...reply, headers: { ...reply.headers, ...retryHeaders(admitted) } } };
    }
    const reply = refuseWith(401, "Missing or invalid API key. Set 'Authorization: Bearer <key>' header.");
    return { ok: false, reply: { ...reply, headers: { ...reply.headers, 'www-authenticate': 'Bearer' } } };
  }
  const { identity } = admitted;
  const tokens = identity.token === '' ? [] : context.trust.accounts.tokens(identity.account);
  const device = tokens.find(({ id }) => id === identity.token)?.name ?? '';
  const visit: Visit = {
    context,
    request,
    buckets: await context.bucketsOf(identity.account),
    author: { origin: device === '' ? 'activitywatch' : device, device },
    may: (verb, channel) => isAllowed(identity, verb, channel),
  };
  return { ok: true, visit };
}

function answerOtherMethod(request: Request, allow: string): Reply {
  if (request.method === 'OPTIONS') {
    return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', allow }, body: '' };
  }
  const reply = refuseWith(405, 'The method is not allowed for the requested URL.');
  return { ...reply, headers: { ...reply.headers, allow } };
}

function withCorsAfter(handle: Route['handle']): Route['handle'] {
  return async (request) => {
    const reply = await handle(request);
    return 'open' in reply ? reply : withCors(request, reply);
  };
}

function withCors<T extends Reply | ChunkedReply>(request: Request, reply: T): T {
  return { ...reply, headers: { ...reply.headers, ...corsHeaders(request) } };
}

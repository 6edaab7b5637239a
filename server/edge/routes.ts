// Decides for each route of the two adapters who answers it. Writes are answered locally, once they are on disk. Reads are answered by the
// hub, which has everything, and from the local store while the hub cannot be reached.

import { corsHeaders } from '../adapters/activitywatch/routes/origins.ts';
import { parseApiKey } from '../adapters/wakatime/auth/credentials.ts';
import type { World } from '../core/world.ts';
import { retryUntilStored } from '../http/retry-until-stored.ts';
import type { ChunkedReply, Reply, Request, Route } from '../http/types.ts';
import { json } from '../http/types.ts';
import type { Forwarder } from './forwarder.ts';
import { readBytes, type Upstream } from './upstream.ts';

export interface EdgeRouteDeps {
  readonly upstream: Upstream;
  readonly forwarder: Forwarder;
  readonly world: World;
  readonly token: string;
  /** True if the request is not from a web page, or is from a page of this edge. */
  readonly isNear: (request: Request) => boolean;
  /** Milliseconds that a read waits until the hub has all earlier writes of this machine. */
  readonly timeoutMs: number;
  /** Called after each local write: why it could not be stored, or null. */
  readonly onStored: (fault: string | null) => void;
}

/** Bytes of an answer that is read whole before it is forwarded; larger ones are streamed. */
const maxBuffered = 8_388_608;

const forwardedHeaders = ['accept', 'content-type', 'user-agent', 'timezone', 'x-machine-name'];
const returnedHeaders = /^(?:content-type|content-disposition|cache-control|etag|access-control-.*)$/;

/** Query parameters in which tools send a token of the hub. */
const keyParameters = ['api_key', 'access_token', 'token'];
/** Milliseconds that the hub may take for a query, which sends nothing until it ends. */
const queryTimeoutMs = 90_000;

type Handle = Route['handle'];
type Answer = Reply | ChunkedReply;

/** How an ActivityWatch route is answered, by method and path; routes not listed are answered locally. */
const activityWatchTargets: ReadonlyMap<string, 'read' | 'bucketWrite' | 'eventWrite'> = new Map([
  ['GET /api/0/buckets', 'read'],
  ['GET /api/0/buckets/:id', 'read'],
  ['PUT /api/0/buckets/:id', 'bucketWrite'],
  ['DELETE /api/0/buckets/:id', 'bucketWrite'],
  ['GET /api/0/buckets/:id/events', 'read'],
  ['POST /api/0/buckets/:id/events', 'bucketWrite'],
  ['GET /api/0/buckets/:id/events/count', 'read'],
  ['GET /api/0/buckets/:id/events/:event', 'read'],
  ['DELETE /api/0/buckets/:id/events/:event', 'eventWrite'],
  ['GET /api/0/buckets/:id/export', 'read'],
  ['GET /api/0/export', 'read'],
  ['POST /api/0/query', 'read'],
  ['GET /api/0/settings', 'read'],
  ['GET /api/0/settings/:key', 'read'],
]);

export function activityWatchAtEdge(routes: readonly Route[], deps: EdgeRouteDeps): readonly Route[] {
  const { forwarder } = deps;
  const fromHub = createHubClient(deps);
  return routes.map((route) => {
    const handleLocally: Handle = (request) => route.handle(withLocalBucket(asOwner(request), forwarder));
    const refuseAway = (request: Request) => withCors(request, json(503, { message: awayText(deps) }));
    const askHub = async (request: Request): Promise<Answer | undefined> => {
      const answer = await fromHub(request);
      return answer === undefined ? undefined : withCors(request, answer);
    };
    const bucketOf = (request: Request) => forwarder.localName(request.params.get('id') ?? '');
    const handles: Record<'read' | 'bucketWrite' | 'eventWrite', Handle> = {
      read: async (request) => (await askHub(request)) ?? handleLocally(request),
      // A bucket that is not on this machine may be on the hub: another machine's, or trimmed.
      bucketWrite: async (request) => {
        if (bucketOf(request) !== undefined) return handleLocally(request);
        const handleOrRefuse = () =>
          route.method === 'POST' ? handleLocally(request) : Promise.resolve(refuseAway(request));
        return (await askHub(request)) ?? handleOrRefuse();
      },
      eventWrite: async (request) => {
        const [bucket, event] = [bucketOf(request), Number(request.params.get('event'))];
        if (bucket !== undefined && (await forwarder.hasEvent(bucket, event))) return handleLocally(request);
        return (await askHub(request)) ?? refuseAway(request);
      },
    };
    // Buckets are reorganized on the hub, which has the buckets of all machines.
    if (route.path.startsWith('/-/activitywatch/')) {
      return { ...route, handle: async (request) => (await askHub(request)) ?? refuseAway(request) };
    }
    const target = activityWatchTargets.get(`${route.method} ${route.path.replace(/\/$/, '')}`);
    return { ...route, handle: target === undefined ? handleLocally : handles[target] };
  });
}

export function wakatimeAtEdge(routes: readonly Route[], deps: EdgeRouteDeps): readonly Route[] {
  const fromHub = createHubClient(deps);
  /** Pages and extensions of other origins need this machine's token; local programs need none. */
  const isForeign = (request: Request) => !deps.isNear(request) && parseApiKey(request) !== deps.token;
  return routes.map((route) => {
    const handleLocally: Handle = (request) => route.handle(asOwner(request));
    const isHeartbeatWrite = route.method === 'POST' && /\/heartbeats?(?:\.bulk)?$/.test(route.path);
    const isRead = route.method === 'GET' || route.path.endsWith('/plugins/errors');
    const handle: Handle = async (request) => {
      if (request.method === 'OPTIONS') return route.handle(request);
      // The route answers 401, with the CORS headers that let a page read it.
      if (isForeign(request)) return route.handle({ ...request, authorization: 'Bearer nobody', query: '' });
      if (isHeartbeatWrite) return retryUntilStored(deps.world, deps.onStored, handleLocally)(request);
      const answer = await fromHub(request);
      if (answer !== undefined) return answer;
      return isRead ? handleLocally(request) : json(503, { error: awayText(deps) });
    };
    return { ...route, handle };
  });
}

/** @returns a function that asks the hub; its result is undefined if the hub is away or lacks earlier writes of this machine */
function createHubClient({ upstream, forwarder, timeoutMs }: EdgeRouteDeps) {
  return async (request: Request): Promise<Answer | undefined> => {
    // Dot segments could address other routes of the hub.
    if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(request.path)) return undefined;
    if (!(await forwarder.waitUntilSent(timeoutMs))) return undefined;
    const query = withoutKeys(request.query);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const isQuery = request.path.startsWith('/api/0/query');
    const sentBody = request.body.length === 0 ? {} : { body: request.body };
    const sentHeaders = forwardedHeaders.flatMap((name) => {
      const value = request.headers.get(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const response = await upstream.send({
      method,
      path: `${request.path.slice(1)}${query === '' ? '' : `?${query}`}`,
      headers: Object.fromEntries(sentHeaders),
      isRepeatable: method === 'GET' || isQuery,
      ...(isQuery ? { timeoutMs: queryTimeoutMs } : {}),
      ...sentBody,
    });
    if (!response.ok) return undefined;
    const { status, reply } = response;
    const headers = Object.entries(reply.headers).flatMap(([name, value]) =>
      returnedHeaders.test(name) && typeof value === 'string' ? [[name, value] as const] : [],
    );
    const head = { status, headers: Object.fromEntries(headers) };
    const length = Number(reply.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    if (length > maxBuffered && status !== 304 && status !== 204) return { ...head, chunks: reply };
    const body = await readBytes(reply);
    if (body !== undefined) return { ...head, body };
    upstream.markAway('the hub’s answer ended early');
    return undefined;
  };
}

function awayText({ upstream }: EdgeRouteDeps): string {
  return upstream.error === null
    ? 'the hub has not received everything from this machine yet'
    : `only the hub can answer this, and it cannot be reached: ${upstream.error}`;
}

/** Any local program may write: tokens in its request are for a hub and are removed. */
function asOwner(request: Request): Request {
  return { ...request, authorization: '', query: withoutKeys(request.query) };
}

function withoutKeys(query: string): string {
  const parameters = new URLSearchParams(query);
  if (!keyParameters.some((name) => parameters.has(name))) return query;
  for (const name of keyParameters) parameters.delete(name);
  return parameters.toString();
}

function withLocalBucket(request: Request, forwarder: Forwarder): Request {
  const id = request.params.get('id');
  const name = id === undefined ? undefined : forwarder.localName(id);
  return name === undefined ? request : { ...request, params: new Map([...request.params, ['id', name]]) };
}

function withCors<T extends Answer>(request: Request, answer: T): T {
  return { ...answer, headers: { ...answer.headers, ...corsHeaders(request) } };
}

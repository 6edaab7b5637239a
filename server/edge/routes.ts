// What the programs of this machine are answered: writes from here, once they are on disk; reads from the hub, which has everything,
// or from what is here while it cannot be reached. The paths are those of the two adapters, whose routes answer the local part.

import { corsHeaders } from '../adapters/activitywatch/routes/origins.ts';
import { parseApiKey } from '../adapters/wakatime/auth/credentials.ts';
import type { World } from '../core/world.ts';
import { retryUntilStored } from '../http/retry-until-stored.ts';
import type { ChunkedReply, Reply, Request, Route } from '../http/types.ts';
import { json } from '../http/types.ts';
import type { Forwarder } from './forwarder.ts';
import { bytesOf, type Link } from './upstream.ts';

export interface Doors {
  readonly link: Link;
  readonly forwarder: Forwarder;
  readonly world: World;
  readonly token: string;
  /** Whether a request comes from no page, or from one of this edge. */
  readonly near: (request: Request) => boolean;
  /** Milliseconds that a read may wait until the hub has what was written here before. */
  readonly patience: number;
  /** Told of each write whether it could be kept here: why not, or null. */
  readonly kept: (fault: string | null) => void;
}

/** An answer of the hub that may be taken whole before any of it is passed on. */
const mostWhole = 8_388_608;

const passedOn = ['accept', 'content-type', 'user-agent', 'timezone', 'x-machine-name'];
const passedBack = /^(?:content-type|content-disposition|cache-control|etag|access-control-.*)$/;

/** Where tools put a key of the hub into the URL. */
const keys = ['api_key', 'access_token', 'token'];
/** A query may take long, and says nothing meanwhile. */
const queryMs = 90_000;

type Handle = Route['handle'];
type Answer = Reply | ChunkedReply;

/** Where an ActivityWatch route is answered, by method and path; those that are not named, here. */
const activityWatchPlaces: ReadonlyMap<string, 'read' | 'bucketWrite' | 'eventWrite'> = new Map([
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

export function activityWatchAtEdge(routes: readonly Route[], deps: Doors): readonly Route[] {
  const { forwarder } = deps;
  const fromHub = fromHubBy(deps);
  return routes.map((route) => {
    const here: Handle = (request) => route.handle(renamed(asOwner(request), forwarder));
    const away = (request: Request) => withCors(request, json(503, { message: awayText(deps) }));
    const there = async (request: Request): Promise<Answer | undefined> => {
      const answer = await fromHub(request);
      return answer === undefined ? undefined : withCors(request, answer);
    };
    const bucketOf = (request: Request) => forwarder.localName(request.params.get('id') ?? '');
    const handles: Record<'read' | 'bucketWrite' | 'eventWrite', Handle> = {
      read: async (request) => (await there(request)) ?? here(request),
      // What is not here may be at the hub: another machine's, or trimmed.
      bucketWrite: async (request) => {
        if (bucketOf(request) !== undefined) return here(request);
        const local = () => (route.method === 'POST' ? here(request) : Promise.resolve(away(request)));
        return (await there(request)) ?? local();
      },
      eventWrite: async (request) => {
        const [bucket, event] = [bucketOf(request), Number(request.params.get('event'))];
        if (bucket !== undefined && (await forwarder.has(bucket, event))) return here(request);
        return (await there(request)) ?? away(request);
      },
    };
    // Buckets are reorganised at the hub, where all machines' buckets are.
    if (route.path.startsWith('/-/activitywatch/')) {
      return { ...route, handle: async (request) => (await there(request)) ?? away(request) };
    }
    const place = activityWatchPlaces.get(`${route.method} ${route.path.replace(/\/$/, '')}`);
    return { ...route, handle: place === undefined ? here : handles[place] };
  });
}

export function wakatimeAtEdge(routes: readonly Route[], deps: Doors): readonly Route[] {
  const fromHub = fromHubBy(deps);
  /** Pages and extensions of other origins must show the very token of this machine; programs here need none. */
  const strange = (request: Request) => !deps.near(request) && parseApiKey(request) !== deps.token;
  return routes.map((route) => {
    const here: Handle = (request) => route.handle(asOwner(request));
    const taken = route.method === 'POST' && /\/heartbeats?(?:\.bulk)?$/.test(route.path);
    const read = route.method === 'GET' || route.path.endsWith('/plugins/errors');
    const handle: Handle = async (request) => {
      if (request.method === 'OPTIONS') return route.handle(request);
      // With the headers that let a page read it.
      if (strange(request)) return route.handle({ ...request, authorization: 'Bearer nobody', query: '' });
      if (taken) return retryUntilStored(deps.world, deps.kept, here)(request);
      const answer = await fromHub(request);
      if (answer !== undefined) return answer;
      return read ? here(request) : json(503, { error: awayText(deps) });
    };
    return { ...route, handle };
  });
}

/** undefined when the hub cannot answer, or does not know yet what was written here before. */
function fromHubBy({ link, forwarder, patience }: Doors) {
  return async (request: Request): Promise<Answer | undefined> => {
    // A path that climbs would leave the routes that are meant.
    if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(request.path)) return undefined;
    if (!(await forwarder.flushed(patience))) return undefined;
    const query = withoutKeys(request.query);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const isQuery = request.path.startsWith('/api/0/query');
    const body = request.body.length === 0 ? {} : { body: request.body };
    const headers = passedOn.flatMap((name) => {
      const value = request.headers.get(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const heard = await link.send({
      method,
      path: `${request.path.slice(1)}${query === '' ? '' : `?${query}`}`,
      headers: Object.fromEntries(headers),
      repeatable: method === 'GET' || isQuery,
      ...(isQuery ? { patience: queryMs } : {}),
      ...body,
    });
    if (!heard.ok) return undefined;
    const { status, reply } = heard;
    const back = Object.entries(reply.headers).flatMap(([name, value]) =>
      passedBack.test(name) && typeof value === 'string' ? [[name, value] as const] : [],
    );
    const head = { status, headers: Object.fromEntries(back) };
    const length = Number(reply.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    if (length > mostWhole && status !== 304 && status !== 204) return { ...head, chunks: reply };
    const whole = await bytesOf(reply);
    if (whole !== undefined) return { ...head, body: whole };
    link.lost('an answer of the hub broke off');
    return undefined;
  };
}

function awayText({ link }: Doors): string {
  return `This is at the hub, and the hub cannot be reached: ${link.error ?? 'it has not yet all that was written here'}.`;
}

/** Whoever reaches the edge may write here: keys that tools carry are for a hub, and say nothing here. */
function asOwner(request: Request): Request {
  return { ...request, authorization: '', query: withoutKeys(request.query) };
}

function withoutKeys(query: string): string {
  const asked = new URLSearchParams(query);
  if (!keys.some((name) => asked.has(name))) return query;
  for (const name of keys) asked.delete(name);
  return asked.toString();
}

function renamed(request: Request, forwarder: Forwarder): Request {
  const said = request.params.get('id');
  const name = said === undefined ? undefined : forwarder.localName(said);
  return name === undefined ? request : { ...request, params: new Map([...request.params, ['id', name]]) };
}

function withCors<T extends Answer>(request: Request, answer: T): T {
  return { ...answer, headers: { ...answer.headers, ...corsHeaders(request) } };
}

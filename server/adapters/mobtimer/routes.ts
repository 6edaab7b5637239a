// The mob timer's HTTP: each route as its clients know it, from request to reply. What the rooms do is rooms.ts', what the pages
// look like comes in as `Pages`. Answers to a PUT are 202 without a body and never a redirect: the command line prints the one
// and is led astray by the other.

import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Identity } from '../../core/access.ts';
import { may } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import type { Admitted } from '../../http/authenticate.ts';
import { withDocs } from '../../http/route-docs.ts';
import { streamHeaders } from '../../http/sse.ts';
import { json, type Reply, type Request, type Route, type Stream } from '../../http/types.ts';
import { Counters } from './counters.ts';
import type { Asset, Pages } from './pages.ts';
import { isRoomName, suggestRoom } from './room-name.ts';
import { roomStream } from './room-stream.ts';
import { Rooms } from './rooms.ts';
import { mobtimerDocs, mobtimerUnlisted } from './route-docs.ts';
import { type Asked, readGoal, readTimer, readUser } from './timer-request.ts';

export interface MobtimerDeps {
  readonly hub: Hub;
  /** Whether anyone may use rooms, or only those whom `authenticate` knows. */
  readonly rooms: 'open' | 'members';
  readonly authenticate: (request: Request) => Promise<Admitted>;
  readonly pages: Pages;
}

const bodyLimit = 262_144;
const origin = 'mobtimer';
const anyone: Identity = { account: '', device: '', token: '', scopes: [] };

export function mobtimerRoutes({ hub, rooms: who, authenticate, pages }: MobtimerDeps): readonly Route[] {
  const { world } = hub;
  const since = world.now();
  const rooms = new Rooms(hub);
  const counters = new Counters(hub, rooms);
  const members = who === 'members';

  const admit = async (request: Request): Promise<Admitted> =>
    members ? authenticate(request) : { ok: true, identity: anyone };
  const refuse = (request: Request, status: number, hint: string, headers: Readonly<Record<string, string>> = {}) => {
    const timestamp = new Date(world.now()).toISOString();
    return json(status, { timestamp, path: request.path, status, error: STATUS_CODES[status] ?? '', hint }, headers);
  };
  const unknown = (request: Request) =>
    refuse(request, 404, 'a room is called by letters, digits, - and _, and not by one of the hub’s own paths');
  const unadmitted = (request: Request, hint: string) => refuse(request, 401, hint, { 'www-authenticate': 'Bearer' });
  /** A page that the visitor has already is not sent again. */
  const page = (request: Request, html: string, status = 200): Reply => {
    const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;
    const type = 'text/html;charset=UTF-8';
    const headers = { 'content-type': type, 'cache-control': 'no-cache', etag, ...pages.headers };
    return status === 200 && request.headers.get('if-none-match') === etag
      ? { status: 304, headers, body: '' }
      : { status, headers, body: html };
  };
  const front = (request: Request, refused = '', status = 200) =>
    page(
      request,
      pages.front({
        suggested: suggestRoom(
          () => world.random(),
          (name) => rooms.has(name),
        ),
        refused,
        url: urlOf(request),
        users: rooms.users,
        timers: rooms.timers,
        members,
      }),
      status,
    );

  /** For a route of one room: its name is one, and the caller may. */
  const inRoom =
    (verb: 'read' | 'write', act: (room: string, request: Request, by: Identity) => Promise<Reply | Stream>) =>
    async (request: Request): Promise<Reply | Stream> => {
      const room = request.params.get('room') ?? '';
      if (!isRoomName(room)) return unknown(request);
      const admitted = await admit(request);
      if (!admitted.ok) return unadmitted(request, admitted.hint ?? admitted.error);
      if (members && !may(admitted.identity, verb, `mob/${room}`)) return refuse(request, 403, 'this token may not');
      return act(room, request, admitted.identity);
    };

  /** A route whose body asks for something: 202 when it does, when it asks for nothing too, or else what is wrong with it. */
  const asking = <T>(
    read: (body: unknown) => Asked<T>,
    example: string,
    act: (room: string, value: T) => Promise<void>,
    bodiless?: T,
  ): Route['handle'] =>
    inRoom('write', async (room, request) => {
      if (bodiless !== undefined && request.body.length === 0) {
        await act(room, bodiless);
        return accepted;
      }
      const media = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
      if (!/^application\/(?:json|[^/\s]+\+json)$/.test(media) && (media !== '' || request.body.length > 0)) {
        return refuse(request, 415, 'send JSON, with Content-Type: application/json');
      }
      const asked = read(parsed(request.body));
      if (asked.asks === 'wrong') return refuse(request, 400, `send JSON such as ${example}`);
      if (asked.asks === 'something') await act(room, asked.value);
      return accepted;
    });

  const notARoom: Route['handle'] = async (request) => unknown(request);

  const routes: readonly Route[] = [
    { method: 'GET', path: '/', handle: (request) => rooms.loaded.then(() => front(request)) },
    {
      method: 'POST',
      path: '/',
      limit: bodyLimit,
      async handle(request) {
        const said = saidRoom(request);
        return isRoomName(said)
          ? { status: 303, headers: { location: `/${said}` }, body: '' }
          : front(request, said, 400);
      },
    },
    {
      method: 'GET',
      path: '/events',
      async handle(request) {
        const admitted = await admit(request);
        if (!admitted.ok) return unadmitted(request, admitted.hint ?? admitted.error);
        await rooms.loaded;
        return { status: 200, headers: streamHeaders, open: (peer) => counters.open(peer, admitted.identity) };
      },
    },
    {
      method: 'GET',
      path: '/help',
      handle: async (request) => page(request, pages.help({ url: urlOf(request), members })),
    },
    {
      method: 'GET',
      path: '/stats',
      async handle(request) {
        const admitted = await admit(request);
        if (!admitted.ok) return unadmitted(request, admitted.hint ?? admitted.error);
        await rooms.loaded;
        const { timers, breaks, goals } = rooms.numbers;
        return page(
          request,
          pages.stats({ since, timers, breaks, goals, users: rooms.users, activeTimers: rooms.timers }),
        );
      },
    },
    ...['/events', '/help', '/stats'].map((path) => ({ method: 'PUT', path, handle: notARoom })),
    {
      method: 'GET',
      path: '/:room',
      async handle(request) {
        const room = request.params.get('room') ?? '';
        return isRoomName(room) ? page(request, pages.room({ room, url: urlOf(request), members })) : unknown(request);
      },
    },
    {
      method: 'PUT',
      path: '/:room',
      limit: bodyLimit,
      handle: asking(readTimer, '{"timer":10,"user":"ann"}', (room, value) => rooms.start(room, value, origin)),
    },
    {
      method: 'GET',
      path: '/:room/events',
      handle: inRoom('read', async (room, _, by) => ({
        status: 200,
        headers: streamHeaders,
        open: (peer) => roomStream(hub, rooms, room, peer, by),
      })),
    },
    {
      method: 'GET',
      path: '/:room/goal',
      handle: inRoom('read', async (room) => {
        const goal = await rooms.goal(room);
        return goal === null ? { status: 204, headers: {}, body: '' } : json(200, { goal });
      }),
    },
    {
      method: 'PUT',
      path: '/:room/goal',
      limit: bodyLimit,
      handle: asking(readGoal, '{"goal":"green tests","user":"ann"}', (room, { text, user }) =>
        rooms.setGoal(room, text, user, origin),
      ),
    },
    {
      method: 'DELETE',
      path: '/:room/goal',
      limit: bodyLimit,
      handle: asking(readUser, '{"user":"ann"}', (room, { user }) => rooms.deleteGoal(room, user, origin), {
        user: null,
      }),
    },
    {
      method: 'GET',
      path: '/-/clock',
      handle: async () => json(200, { now: world.now() }, { 'cache-control': 'no-store' }),
    },
    {
      method: 'GET',
      path: '/actuator',
      handle: async () => json(200, { _links: { health: { href: '/actuator/health' } } }),
    },
    { method: 'GET', path: '/actuator/health', handle: async () => json(200, { status: 'UP' }) },
    ...pages.assets.map(assetRoute),
  ];
  return withDocs(routes, mobtimerDocs, { unlisted: mobtimerUnlisted });
}

const accepted: Reply = { status: 202, headers: {}, body: '' };

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** What the visitor typed into the form; a query says it, too. */
function saidRoom(request: Request): string {
  const field = new URLSearchParams(request.body.toString()).get('room');
  return (field ?? new URLSearchParams(request.query).get('room') ?? '').trim();
}

/** For people to read and to paste: this hub as the visitor reached it, through a proxy or not. */
function urlOf(request: Request): string {
  const scheme = request.headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http';
  return `${scheme}://${request.host}/`;
}

function assetRoute({ path, type, body, headers }: Asset): Route {
  return {
    method: 'GET',
    path,
    // The pages name these files, and nobody else needs to.
    ...(path.startsWith('/-/assets/') ? { doc: 'unlisted' as const } : {}),
    async handle(request) {
      const known = headers['etag'] !== undefined && request.headers.get('if-none-match') === headers['etag'];
      return known
        ? { status: 304, headers, body: '' }
        : { status: 200, headers: { 'content-type': type, ...headers }, body };
    },
  };
}

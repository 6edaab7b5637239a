// The mob timer's HTTP routes, from request to reply. rooms.ts has the rooms; the pages come in as functions (`Pages`). A PUT is answered
// with 202 and no body, and never with a redirect: the command line prints a body, and turns a redirected PUT into a GET.

import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { Refusal } from '../../../protocol/errors.ts';
import { parseJson } from '../../../protocol/json.ts';
import { replaceLoneSurrogates } from '../../../protocol/well-formed.ts';
import type { Identity } from '../../core/access.ts';
import { isAllowed } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import type { AuthenticationResult } from '../../http/authenticate.ts';
import { retryHeaders } from '../../http/error-boundary.ts';
import { withDocs } from '../../http/route-docs.ts';
import { streamHeaders } from '../../http/sse.ts';
import {
  acceptsHtml,
  hubAddress,
  json,
  type Reply,
  type Request,
  type Route,
  type StreamReply,
} from '../../http/types.ts';
import { Counters } from './counters.ts';
import type { Asset, Pages } from './pages.ts';
import { isRoomName, suggestRoom } from './room-name.ts';
import { roomStream } from './room-stream.ts';
import { Rooms, type RoomWriter } from './rooms.ts';
import { mobtimerDocs, mobtimerUnlisted } from './route-docs.ts';
import { type BodyReading, longestText, readGoal, readTimer, readUser, tooLongField } from './timer-request.ts';

export interface MobtimerDeps {
  readonly hub: Hub;
  /** `members`: only callers that `authenticate` admits may use rooms. */
  readonly rooms: 'open' | 'members';
  readonly authenticate: (request: Request) => Promise<AuthenticationResult>;
  readonly pages: Pages;
  /** True if a visitor without a token is the owner: `/` is then their home instead of the form of rooms. */
  readonly personal?: boolean;
}

const bodyLimit = 262_144;
const anyone: Identity = { account: '', device: '', token: '', scopes: [] };

/** The state that all handlers of one hub share. */
interface Context extends MobtimerDeps {
  readonly roomsAlive: Rooms;
  readonly counters: Counters;
  /** When this hub started, in milliseconds since 1970. */
  readonly since: number;
}

type Handler = (context: Context, request: Request) => Promise<Reply | StreamReply>;
/** Of one room: its name is valid, and the caller may. */
type RoomHandler = (context: Context, room: string, request: Request, by: Identity) => Promise<Reply | StreamReply>;

interface Row {
  readonly method: string;
  readonly path: string;
  readonly limit?: number;
  readonly isStream?: boolean;
  readonly handle: Handler;
}

const table: readonly Row[] = [
  { method: 'GET', path: '/', handle: showHome },
  { method: 'GET', path: '/rooms', handle: showFront },
  { method: 'POST', path: '/', limit: bodyLimit, handle: join },
  { method: 'GET', path: '/events', isStream: true, handle: streamCounters },
  { method: 'GET', path: '/help', handle: showHelp },
  { method: 'GET', path: '/stats', handle: showStats },
  // In the original a PUT to one of these paths creates a room of that name. Here they are never rooms.
  { method: 'PUT', path: '/events', handle: refuseRoom },
  { method: 'PUT', path: '/help', handle: refuseRoom },
  { method: 'PUT', path: '/stats', handle: refuseRoom },
  { method: 'GET', path: '/-/clock', handle: showClock },
  { method: 'GET', path: '/actuator', handle: showActuator },
  { method: 'GET', path: '/actuator/health', handle: showHealth },
];

/** The requests that a room takes, here and under `/room/:room`. */
const roomRows: readonly Row[] = [
  { method: 'GET', path: '/:room', handle: showRoom },
  { method: 'PUT', path: '/:room', limit: bodyLimit, handle: inRoom('write', startTimer) },
  { method: 'GET', path: '/:room/events', isStream: true, handle: inRoom('read', streamRoom) },
  { method: 'GET', path: '/:room/goal', handle: inRoom('read', showGoal) },
  { method: 'PUT', path: '/:room/goal', limit: bodyLimit, handle: inRoom('write', setGoal) },
  { method: 'DELETE', path: '/:room/goal', limit: bodyLimit, handle: inRoom('write', deleteGoal) },
];

/** Monitoring tools try these addresses. A GET of one answers where the hub has it; a room of that name has its page at `/room/<name>`. */
const monitoring: Readonly<Record<string, string>> = {
  health: '/-/health',
  healthz: '/-/health',
  metrics: '/-/metrics',
};

const monitoringRows: readonly Row[] = Object.entries(monitoring).map(([name, address]) => ({
  method: 'GET',
  path: `/${name}`,
  handle: async (context, request) => refuse(context, request, 404, `this is at ${address}`),
}));

/**
 * Under a literal first segment the router does not come back to `/:room`. So a room that is named like another address, and the room
 * named `room`, have rows of their own.
 */
function rowsOfNames(names: readonly string[]): readonly Row[] {
  const ofRoom = (name: string, rows: readonly Row[]): readonly Row[] =>
    rows.map((row) => ({
      ...row,
      path: row.path.replace(':room', name),
      handle: (context, request) => row.handle(context, { ...request, params: new Map([['room', name]]) }),
    }));
  return [
    ...names.filter(isRoomName).flatMap((name) =>
      ofRoom(
        name,
        roomRows.filter(({ method, path }) => method !== 'GET' || path !== '/:room'),
      ),
    ),
    ...ofRoom(
      'room',
      roomRows.filter(({ path }) => path !== '/:room'),
    ),
  ];
}

export function mobtimerRoutes(deps: MobtimerDeps): readonly Route[] {
  const { hub, pages } = deps;
  const roomsAlive = new Rooms(hub);
  const counters = new Counters(hub, roomsAlive);
  const context: Context = { ...deps, roomsAlive, counters, since: hub.world.now() };
  const toRoute = ({ handle, ...row }: Row): Route => ({ ...row, handle: (request) => handle(context, request) });
  const anywhere = roomRows.map((row): Row => ({ ...row, path: `/room${row.path}` }));
  const listed = [...table, ...roomRows, ...anywhere].map(toRoute);
  const others = [...rowsOfNames([...pages.names, ...Object.keys(monitoring)]), ...monitoringRows];
  const hidden = others.map((row): Route => ({ ...toRoute(row), doc: 'unlisted' }));
  return [
    ...hidden,
    ...withDocs([...listed, ...pages.assets.map(assetRoute)], mobtimerDocs, {
      keyOf: (path) => path.replace(/^\/room(?=\/:room)/, ''),
      unlisted: mobtimerUnlisted,
    }),
  ];
}

async function showHome(context: Context, request: Request): Promise<Reply> {
  const isAtHome = context.personal === true || (await context.authenticate(request)).ok;
  return isAtHome ? page(context, request, context.pages.home()) : showFront(context, request);
}

async function showFront(context: Context, request: Request): Promise<Reply> {
  await context.roomsAlive.loaded;
  return frontPage(context, request);
}

async function join(context: Context, request: Request): Promise<Reply> {
  const room = readRoomField(request);
  if (!isRoomName(room)) return frontPage(context, request, room, 400);
  const isTaken = context.pages.names.includes(room) || Object.hasOwn(monitoring, room);
  return { status: 303, headers: { location: isTaken ? `/room/${room}` : `/${room}` }, body: '' };
}

async function streamCounters(context: Context, request: Request): Promise<Reply | StreamReply> {
  const admitted = await admit(context, request);
  if (!admitted.ok) return refuseUnknown(context, request, admitted);
  await context.roomsAlive.loaded;
  return { status: 200, headers: streamHeaders, open: (peer) => context.counters.open(peer, admitted.identity) };
}

async function showHelp(context: Context, request: Request): Promise<Reply> {
  const html = context.pages.help({ url: urlOf(request), members: isForMembers(context) });
  return page(context, request, html);
}

async function showStats(context: Context, request: Request): Promise<Reply> {
  const admitted = await admit(context, request);
  if (!admitted.ok) return refuseUnknown(context, request, admitted);
  const { roomsAlive, since, pages } = context;
  await roomsAlive.loaded;
  const { timers, breaks, goals } = roomsAlive.numbers;
  const { users, timers: activeTimers } = roomsAlive;
  return page(context, request, pages.stats({ since, timers, breaks, goals, users, activeTimers }));
}

async function showRoom(context: Context, request: Request): Promise<Reply> {
  const room = request.params.get('room') ?? '';
  if (!isRoomName(room)) return refuseRoom(context, request);
  return page(context, request, context.pages.room({ room, url: urlOf(request), members: isForMembers(context) }));
}

async function startTimer(context: Context, room: string, request: Request): Promise<Reply> {
  return take(context, request, readTimer, '{"timer":10,"user":"ann"}', (timer) => {
    return context.roomsAlive.start(room, timer, writerOf(request));
  });
}

async function streamRoom(
  { hub, roomsAlive }: Context,
  room: string,
  { query }: Request,
  by: Identity,
): Promise<StreamReply> {
  const viewer = { room, by, isPresenceAsked: new URLSearchParams(query).get('presence') === 'true' };
  return { status: 200, headers: streamHeaders, open: (peer) => roomStream(hub, roomsAlive, viewer, peer) };
}

async function showGoal({ roomsAlive }: Context, room: string): Promise<Reply> {
  const goal = await roomsAlive.goal(room);
  return goal === null ? { status: 204, headers: {}, body: '' } : json(200, { goal });
}

async function setGoal(context: Context, room: string, request: Request): Promise<Reply> {
  return take(context, request, readGoal, '{"goal":"green tests","user":"ann"}', ({ text, user }) => {
    return context.roomsAlive.setGoal(room, text, user, writerOf(request));
  });
}

async function deleteGoal(context: Context, room: string, request: Request): Promise<Reply> {
  if (request.body.length === 0) {
    await context.roomsAlive.deleteGoal(room, null, writerOf(request));
    return accepted;
  }
  return take(context, request, readUser, '{"user":"ann"}', ({ user }) => {
    return context.roomsAlive.deleteGoal(room, user, writerOf(request));
  });
}

async function showClock({ hub }: Context): Promise<Reply> {
  return json(200, { now: hub.world.now() }, { 'cache-control': 'no-store' });
}

async function showActuator(): Promise<Reply> {
  return json(200, { _links: { health: { href: '/actuator/health' } } });
}

/** DOWN means that a request for a timer could not be stored now. */
async function showHealth({ hub }: Context): Promise<Reply> {
  try {
    await hub.store.check();
    return json(200, { status: 'UP' });
  } catch (error) {
    return json(503, { status: 'DOWN', reason: errorMessage(error) });
  }
}

/** `/@name` is a profile; another address at which nothing is gets a page where a person opened it. */
async function refuseRoom(context: Context, request: Request): Promise<Reply> {
  const [, person] = /^\/@([^/]+)$/.exec(request.path) ?? [];
  if (person !== undefined && request.method === 'GET')
    return { status: 302, headers: { location: `/profile/${person}`, 'cache-control': 'no-cache' }, body: '' };
  if (acceptsHtml(request)) return page(context, request, context.pages.missing(request.path), 404);
  const hint = 'a room is called by letters, digits, - and _, and not by one of the hub’s own paths';
  return refuse(context, request, 404, hint);
}

/** The checks in front of every route of one room. */
function inRoom(verb: 'read' | 'write', handle: RoomHandler): Handler {
  return async (context, request) => {
    const room = request.params.get('room') ?? '';
    if (!isRoomName(room)) return refuseRoom(context, request);
    const admitted = await admit(context, request);
    if (!admitted.ok) return refuseUnknown(context, request, admitted);
    const { identity } = admitted;
    if (identity !== anyone && !isAllowed(identity, verb, `mob/${room}`)) {
      return refuse(context, request, 403, 'this token may not');
    }
    return handle(context, room, request, identity);
  };
}

/**
 * Reads a JSON body and acts on it. A body that asks for nothing is accepted too.
 * @param example a valid body, shown in the refusal of a wrong one
 */
async function take<T>(
  context: Context,
  request: Request,
  read: (body: unknown) => BodyReading<T>,
  example: string,
  act: (value: T) => Promise<void>,
): Promise<Reply> {
  const media = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/(?:json|[^/\s]+\+json)$/.test(media) && (media !== '' || request.body.length > 0)) {
    return refuse(context, request, 415, 'send JSON, with Content-Type: application/json');
  }
  const body = readJson(request.body);
  const tooLong = tooLongField(body);
  if (tooLong !== undefined) return refuse(context, request, 400, `${tooLong} has ${longestText} characters at most`);
  const asked = read(body);
  if (asked.asks === 'wrong') return refuse(context, request, 400, `send JSON such as ${example}`);
  if (asked.asks === 'something') await act(asked.value);
  return accepted;
}

function writerOf({ address }: Request): RoomWriter {
  return { origin: 'mobtimer', address };
}

function isForMembers({ rooms }: Context): boolean {
  return rooms === 'members';
}

/** Anyone may use open rooms. Somebody with a token, or a browser that is signed in, has the rights of that token there, as on the wire. */
async function admit(context: Context, request: Request): Promise<AuthenticationResult> {
  if (isForMembers(context)) return context.authenticate(request);
  const isKnown = request.authorization !== '' || (request.page?.session ?? '') !== '';
  const known = isKnown ? await context.authenticate(request) : undefined;
  return known?.ok === true ? known : { ok: true, identity: anyone };
}

function refuse(
  { hub }: Context,
  { path }: Request,
  status: number,
  hint: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const timestamp = new Date(hub.world.now()).toISOString();
  return json(status, { timestamp, path, status, error: STATUS_CODES[status] ?? '', hint }, headers);
}

function refuseUnknown(context: Context, request: Request, refusal: Refusal): Reply {
  const { code, hint, error } = refusal;
  if (code === 'too_many') return refuse(context, request, 429, hint ?? error, retryHeaders(refusal));
  return refuse(context, request, 401, hint ?? error, { 'www-authenticate': 'Bearer' });
}

/** A page that the visitor has already is not sent again. */
function page({ pages }: Context, request: Request, html: string, status = 200): Reply {
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;
  const type = 'text/html;charset=UTF-8';
  const headers = { 'content-type': type, 'cache-control': 'no-cache', etag, ...pages.headers };
  return status === 200 && request.headers.get('if-none-match') === etag
    ? { status: 304, headers, body: '' }
    : { status, headers, body: html };
}

/** @param refused a name that the visitor typed and that no room can have */
function frontPage(context: Context, request: Request, refused = '', status = 200): Reply {
  const { roomsAlive, hub, pages } = context;
  const suggested = suggestRoom(
    () => hub.world.random(),
    (name) => roomsAlive.has(name),
  );
  const { users, timers } = roomsAlive;
  const members = isForMembers(context);
  return page(
    context,
    request,
    pages.front({ suggested, refused, url: urlOf(request), users, timers, members }),
    status,
  );
}

const accepted: Reply = { status: 202, headers: {}, body: '' };

const readJson = (body: Buffer): unknown => parseJson(replaceLoneSurrogates(body.toString()));

/** The room that the visitor typed into the form of the front page; a query parameter does too. */
function readRoomField(request: Request): string {
  const field = new URLSearchParams(request.body.toString()).get('room');
  return (field ?? new URLSearchParams(request.query).get('room') ?? '').trim();
}

/** This hub's address as the visitor reached it, through a proxy or not: for people to read and paste. */
function urlOf(request: Request): string {
  return `${hubAddress(request)}/`;
}

function assetRoute({ path, type, body, headers }: Asset): Route {
  return {
    method: 'GET',
    path,
    // Only the pages use these files, so the reference does not list them.
    ...(path.startsWith('/-/assets/') ? { doc: 'unlisted' as const } : {}),
    async handle(request) {
      const known = headers['etag'] !== undefined && request.headers.get('if-none-match') === headers['etag'];
      return known
        ? { status: 304, headers, body: '' }
        : { status: 200, headers: { 'content-type': type, ...headers }, body };
    },
  };
}

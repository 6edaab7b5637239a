// The reference texts of the mob timer's routes.

import type { RouteDocs } from '../../http/route-docs.ts';

const tag = 'Mob timer';
const open = { tag, scope: 'none' } as const;
const page = { 200: { type: 'text/html' } } as const;
/** Rooms are open to anyone, or to members whose token may do this. */
const read = {
  tag,
  scope: 'none',
  description: 'On a hub with HORAI_ROOMS=members: needs the scope read:mob/<room>.',
} as const;
const write = {
  tag,
  scope: 'none',
  description: 'On a hub with HORAI_ROOMS=members: needs the scope write:mob/<room>.',
} as const;
const room = { room: 'The name of the room: letters, digits, - and _' } as const;
const accepted = {
  202: { description: 'Accepted, without a body' },
  400: { description: 'The body is not understood' },
} as const;

export const mobtimerDocs: RouteDocs = {
  'GET /': {
    ...open,
    summary: 'Shows the home of a personal hub: today; elsewhere the form that joins a room',
    responses: page,
  },
  'GET /rooms': { ...open, summary: 'Shows the form that joins a room', responses: page },
  'POST /': {
    ...open,
    summary: 'Sends a visitor from the form of rooms to a room',
    body: { type: 'application/x-www-form-urlencoded', example: 'room=my-room' },
    responses: { 303: { description: 'To the room' }, 400: { description: 'Not a name of a room' } },
  },
  'GET /events': {
    ...open,
    summary: 'Streams how many people and timers are in rooms',
    responses: { 200: { type: 'text/event-stream' } },
  },
  'GET /help': { ...open, summary: 'Shows the page of help', responses: page },
  'GET /stats': { ...open, summary: 'Shows how many timers, breaks and goals there were', responses: page },
  'GET /:room': { ...open, summary: 'Shows the page of a room', params: room, responses: page },
  'PUT /:room': {
    ...write,
    summary: 'Starts a timer or a break in a room; 0 minutes stop it',
    params: room,
    body: {
      description: '`timer` or `breaktimer` in whole minutes, 0 to 1440, and the name of the person',
      example: { timer: 10, user: 'ann' },
    },
    responses: accepted,
  },
  'GET /:room/events': {
    ...read,
    summary: 'Streams the timers and the goal of a room',
    params: room,
    query: { presence: '`true`: also streams who is in the room, by account for viewers who have signed in' },
    responses: { 200: { type: 'text/event-stream' } },
  },
  'GET /:room/goal': {
    ...read,
    summary: 'Returns the goal of a room',
    params: room,
    responses: { 200: { example: { goal: 'green tests' } }, 204: { description: 'The room has no goal' } },
  },
  'PUT /:room/goal': {
    ...write,
    summary: 'Sets the goal of a room',
    params: room,
    body: { example: { goal: 'green tests', user: 'ann' } },
    responses: accepted,
  },
  'DELETE /:room/goal': {
    ...write,
    summary: 'Deletes the goal of a room',
    params: room,
    body: { example: { user: 'ann' } },
    responses: accepted,
  },
  'GET /-/clock': {
    ...open,
    summary: "Returns the hub's clock in milliseconds since 1970",
    responses: { 200: { example: { now: 1_795_867_200_000 } } },
  },
  'GET /actuator': {
    ...open,
    summary: 'Returns the address of the health check, for tools made for timer.mob.sh',
    responses: { 200: { example: { _links: { health: { href: '/actuator/health' } } } } },
  },
  'GET /actuator/health': {
    ...open,
    summary: 'Returns that the server is up, for tools made for timer.mob.sh',
    responses: { 200: { example: { status: 'UP' } } },
  },
  'GET /service-worker.js': {
    ...open,
    summary: 'Returns the script that opens pages without the hub',
    responses: { 200: { type: 'text/javascript' } },
  },
  'GET /manifest.webmanifest': {
    ...open,
    summary: 'Describes the pages as an app that can be installed',
    responses: { 200: { type: 'application/manifest+json' } },
  },
  'GET /favicon.ico': { ...open, summary: 'Returns the icon', responses: { 200: { type: 'image/svg+xml' } } },
};

/** These names belong to pages; as rooms they are refused. */
export const mobtimerUnlisted = ['PUT /events', 'PUT /help', 'PUT /stats'] as const;

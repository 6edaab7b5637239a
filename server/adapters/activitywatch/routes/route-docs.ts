// The reference texts of ActivityWatch's routes and of the route for edges.

import type { RouteDocs } from '../../../http/route-docs.ts';

const tag = 'ActivityWatch';
const read = { tag, scope: 'read:aw/*' } as const;
const write = { tag, scope: 'write:aw/*' } as const;
/** Settings and changes of buckets are in the channel of descriptions. */
const readSettings = { tag, scope: 'read:aw' } as const;
const writeSettings = { tag, scope: 'write:aw' } as const;
const move = { tag, scope: 'read:aw/* write:aw/*' } as const;

const bucket = { id: 'The id of the bucket' } as const;
const event = { ...bucket, event: 'The id of the event, a whole number' } as const;
const span = {
  start: 'ISO 8601: only events that end at or after this',
  end: 'ISO 8601: only events that begin before this',
} as const;
const anEvent = {
  id: 1,
  timestamp: '2026-11-28T12:00:00.000000+00:00',
  duration: 12.5,
  data: { app: 'Firefox', title: 'Horai' },
};
const aBucket = {
  id: 'aw-watcher-window_host',
  type: 'currentwindow',
  client: 'aw-watcher-window',
  hostname: 'host',
  created: '2026-11-28T12:00:00.000000+00:00',
  name: null,
  data: {},
};

const aReport = {
  bucket: aBucket.id,
  read: 3,
  new: 1,
  present: 1,
  withheld: 0,
  unreadable: 1,
  reasons: [{ position: 2, reason: "timestamp 'garbage' is not ISO 8601" }],
};

const aRename = {
  id: 'V1StGXR8_Z5jdHi6B-myT',
  at: '2026-11-28T12:00:00.000Z',
  kind: 'rename',
  bucket: 'aw-watcher-window_unknown',
  to: 'aw-watcher-window_laptop',
};

export const activityWatchDocs: RouteDocs = {
  'GET /api/0/info': {
    tag,
    scope: 'none',
    summary: 'Returns the name of the host and the version of the server',
    responses: { 200: { example: { hostname: 'host', version: 'horai-v0.2.0', testing: false, device_id: '…' } } },
  },
  'GET /api/0/buckets': {
    ...read,
    summary: 'Lists the buckets of the account',
    responses: { 200: { example: { [aBucket.id]: aBucket } } },
  },
  'GET /api/0/buckets/:id': {
    ...read,
    summary: 'Returns the description of a bucket',
    params: bucket,
    responses: { 200: { example: aBucket }, 404: { description: 'There is no such bucket' } },
  },
  'POST /api/0/buckets/:id': {
    ...write,
    summary: 'Creates a bucket',
    params: bucket,
    body: { example: { type: 'currentwindow', client: 'aw-watcher-window', hostname: 'host' } },
    responses: { 200: {}, 304: { description: 'The bucket exists' } },
  },
  'PUT /api/0/buckets/:id': {
    ...write,
    summary: 'Changes the description of a bucket',
    params: bucket,
    body: { example: { hostname: 'host' } },
  },
  'DELETE /api/0/buckets/:id': {
    ...write,
    summary: 'Deletes a bucket with its events',
    params: bucket,
    query: { force: '1: required unless the hub runs in testing mode' },
  },
  'GET /api/0/buckets/:id/events': {
    ...read,
    summary: 'Lists the events of a bucket, the newest first',
    params: bucket,
    query: { ...span, limit: 'The most events to return; -1 for all' },
    responses: { 200: { example: [anEvent] } },
  },
  'POST /api/0/buckets/:id/events': {
    ...write,
    summary: 'Adds events to a bucket',
    params: bucket,
    body: { description: 'One event or a list of them', example: [{ ...anEvent, id: undefined }] },
  },
  'GET /api/0/buckets/:id/events/count': {
    ...read,
    summary: 'Counts the events of a bucket',
    params: bucket,
    query: span,
    responses: { 200: { example: 42 } },
  },
  'GET /api/0/buckets/:id/events/:event': {
    ...read,
    summary: 'Returns one event',
    params: event,
    responses: { 200: { example: anEvent }, 404: { description: 'There is no such event' } },
  },
  'DELETE /api/0/buckets/:id/events/:event': {
    ...write,
    summary: 'Deletes one event',
    params: event,
    responses: { 200: { example: { success: 1 } } },
  },
  'POST /api/0/buckets/:id/heartbeat': {
    ...write,
    summary: 'Joins an event with the newest one of equal data, or adds it',
    description:
      'Creates the bucket if there is none. A heartbeat that a privacy filter drops is answered with the id null.',
    params: bucket,
    query: { pulsetime: 'Seconds (required): the longest gap to the newest event that still joins the two' },
    body: { example: { timestamp: '2026-11-28T12:00:00Z', duration: 0, data: { app: 'Firefox', title: 'Horai' } } },
    responses: { 200: { example: anEvent } },
  },
  'GET /api/0/buckets/:id/export': {
    ...read,
    summary: 'Exports a bucket with its events',
    params: bucket,
    responses: { 200: { example: { buckets: { [aBucket.id]: { ...aBucket, events: [anEvent] } } } } },
  },
  'POST /api/0/query': {
    ...read,
    summary: 'Runs a query over the buckets for each period',
    query: { name: 'A name for the query' },
    body: {
      example: {
        timeperiods: ['2026-11-28T00:00:00+00:00/2026-11-29T00:00:00+00:00'],
        query: ['events = query_bucket(find_bucket("aw-watcher-window_"));', 'RETURN = sort_by_duration(events);'],
      },
    },
    responses: { 200: { example: [[anEvent]] }, 400: { description: 'The query is wrong: `message` says where' } },
  },
  'GET /api/0/export': {
    ...read,
    summary: 'Exports all buckets with their events',
    responses: { 200: { example: { buckets: { [aBucket.id]: { ...aBucket, events: [anEvent] } } } } },
  },
  'POST /api/0/import': {
    ...write,
    summary: 'Imports an export file of ActivityWatch, as JSON or as a form',
    description:
      'A repeated import writes nothing twice. The answer counts the events of each bucket of the file, and explains the first unreadable ones: `position` counts from 1. Copies that aw-sync made (`-synced-from-`) go into the bucket that they are copies of.',
    body: { example: { buckets: { [aBucket.id]: { ...aBucket, events: [anEvent] } } } },
    responses: { 200: { example: { buckets: { [aBucket.id]: aReport } } } },
  },
  'GET /api/0/settings': {
    ...readSettings,
    summary: 'Returns all settings',
    responses: { 200: { example: { startOfDay: '04:00' } } },
  },
  'GET /api/0/settings/:key': {
    ...readSettings,
    summary: 'Returns one setting; null if it is not set',
    params: { key: 'The name of the setting' },
    responses: { 200: { example: '04:00' } },
  },
  'POST /api/0/settings/:key': {
    ...writeSettings,
    summary: 'Sets one setting to any JSON value',
    params: { key: 'The name of the setting, at most 127 bytes' },
    body: { example: '04:00' },
    responses: { 200: { example: '04:00' } },
  },
  'DELETE /api/0/settings/:key': {
    ...writeSettings,
    summary: 'Removes one setting',
    params: { key: 'The name of the setting' },
  },
  'POST /-/activitywatch/buckets/:id/rename': {
    ...move,
    summary: 'Gives a bucket another id; watchers that use the old id go on in it',
    description: 'Can be undone for 30 days.',
    params: bucket,
    body: { example: { to: 'aw-watcher-window_laptop' } },
    responses: { 200: { example: { change: aRename } }, 409: { description: 'There is a bucket of that id' } },
  },
  'POST /-/activitywatch/buckets/:id/join': {
    ...move,
    summary: 'Moves the events of a bucket into another one; what both have is there once',
    description: 'Can be undone for 30 days.',
    params: bucket,
    body: { example: { into: 'aw-watcher-window_laptop' } },
    responses: { 200: { example: { change: { ...aRename, kind: 'join' } } } },
  },
  'POST /-/activitywatch/buckets/:id/host': {
    ...move,
    summary: 'Gives a bucket to another host',
    description: 'Can be undone for 30 days.',
    params: bucket,
    body: { example: { hostname: 'laptop' } },
  },
  'GET /-/activitywatch/changes': {
    ...readSettings,
    summary: 'Lists the renames, joins and changes of host that can be undone, the newest first',
    responses: { 200: { example: { changes: [aRename] } } },
  },
  'POST /-/activitywatch/changes/:change/undo': {
    ...writeSettings,
    summary: 'Undoes a rename, a join or a change of host',
    params: { change: 'The id of the change' },
    responses: {
      200: { example: { change: aRename } },
      409: { description: 'It cannot be undone: `message` says why' },
    },
  },
};

/** A POST to all settings only answers that a key is missing. */
export const activityWatchUnlisted = ['POST /api/0/settings'] as const;

const edge = { tag: 'Edge' } as const;

export const edgeDocs: RouteDocs = {
  'GET /-/edge': {
    ...edge,
    scope: 'write:aw/*',
    summary: 'Returns the epoch of the store, for a `horai edge`',
    responses: { 200: { example: { epoch: '…' } } },
  },
  'POST /-/edge/:bucket': {
    ...edge,
    scope: 'write:aw/*',
    summary: 'Writes one batch of events from a `horai edge`, once for each write id',
    params: { bucket: 'The id of the bucket on the machine of the edge' },
    body: {
      example: {
        write_id: 'batch-1',
        about: {
          type: 'currentwindow',
          client: 'aw-watcher-window',
          hostname: 'host',
          created: '2026-11-28T12:00:00Z',
          data: {},
        },
        events: [{ id: 1, time: 1_795_867_200_000_000, end: 1_795_867_212_500_000, data: '{"app":"Firefox"}' }],
        removed: [],
      },
    },
    responses: { 200: { example: { epoch: '…', bucket: 'aw-watcher-window_host' } } },
  },
};

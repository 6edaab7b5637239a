// `/api/0/buckets/<id>/events` and `/heartbeat`: reading, inserting and deleting the events of a bucket.

import { piecesReply } from '../../../http/pieces-reply.ts';
import type { ChunkedReply, Reply, Request } from '../../../http/types.ts';
import type { Span } from '../buckets/bucket.ts';
import { guess } from '../buckets/description.ts';
import { smallBody } from '../events/body-worker-pool.ts';
import { type Event, EventWriter, type NewEvent, readEvent } from '../events/event.ts';
import { parseInstant } from '../events/instant.ts';
import { repr } from '../events/python-compat.ts';
import { parseBody } from './bulk-body.ts';
import {
  answer,
  inPieces,
  isObject,
  jsonBody,
  jsonText,
  mebibyte,
  objectBody,
  refuseInvalid,
  refuseWith,
} from './request-body.ts';
import { query, type Resource, unknownPath, type Visit } from './resource.ts';

export const eventResources: readonly Resource[] = [
  {
    path: '/api/0/buckets/:id/events',
    limit: 64 * mebibyte,
    methods: {
      GET: {
        on: 'bucket',
        verb: 'read',
        handle: listEvents,
      },
      POST: {
        on: 'bucket',
        verb: 'write',
        handle: insertEvents,
      },
    },
  },
  {
    path: '/api/0/buckets/:id/events/count',
    methods: {
      GET: { on: 'bucket', verb: 'read', handle: countEvents },
    },
  },
  {
    path: '/api/0/buckets/:id/events/:event',
    methods: {
      GET: { on: 'bucket', verb: 'read', handle: showEvent },
      DELETE: { on: 'bucket', verb: 'write', handle: deleteEvent },
    },
  },
  {
    path: '/api/0/buckets/:id/heartbeat',
    methods: {
      POST: {
        on: 'id',
        verb: 'write',
        retries: true,
        handle: takeHeartbeat,
      },
    },
  },
];

async function listEvents({ request, buckets }: Visit, id: string): Promise<Reply | ChunkedReply> {
  const read = readSpan(request);
  if (!read.ok) return read.reply;
  const pages = (await buckets.bucket(id)).clippedPages(read.span, readLimit(request));
  return piecesReply({ 'content-type': 'application/json' }, inPieces(eventTexts(pages)));
}

async function insertEvents(visit: Visit, id: string): Promise<Reply> {
  const { context, request, buckets, author } = visit;
  const where = { bucket: id, type: buckets.find(id)?.type ?? '' };
  const bucket = await buckets.bucket(id);
  if (request.body.length > smallBody) {
    return parseBody(visit, { kind: 'events', ...where }, async ({ batches }) => {
      for await (const { events } of batches) await bucket.insert(events, author.origin);
      return jsonText(200, 'null');
    });
  }
  const body = jsonBody(request);
  if (!body.ok) return body.reply;
  if (typeof body.value !== 'object' || body.value === null) return refuseWith(400, '');
  const now = context.hub.world.now() * 1_000;
  const sent: NewEvent[] = [];
  for (const value of Array.isArray(body.value) ? body.value : [body.value]) {
    const read = readEvent(value, now);
    if (!read.ok) return refuseWith(400, read.error);
    sent.push(read.event);
  }
  const privacy = await buckets.applyPrivacy(
    where,
    sent.map(({ data }) => data),
  );
  if (!privacy.ok) return refuseWith(400, privacy.error);
  const events = sent.flatMap((event, at): NewEvent[] => {
    const data = privacy.data[at] ?? null;
    return data === null ? [] : [{ ...event, data }];
  });
  await bucket.insert(events, author.origin);
  return jsonText(200, 'null');
}

async function countEvents({ request, buckets }: Visit, id: string): Promise<Reply> {
  const read = readSpan(request);
  return read.ok ? answer(200, await (await buckets.bucket(id)).count(read.span)) : read.reply;
}

async function showEvent({ request, buckets }: Visit, id: string): Promise<Reply> {
  const event = readEventId(request);
  if (event === undefined) return unknownPath;
  const found = await (await buckets.bucket(id)).event(event);
  return found === undefined ? jsonText(404, 'null') : jsonText(200, new EventWriter().text(found));
}

async function deleteEvent({ request, buckets, author }: Visit, id: string): Promise<Reply> {
  const event = readEventId(request);
  if (event === undefined) return unknownPath;
  const removed = await (await buckets.bucket(id)).remove(event, author.origin);
  return answer(200, { success: removed ? 1 : 0 });
}

async function takeHeartbeat({ context, request, buckets, author, may }: Visit, id: string): Promise<Reply> {
  const body = objectBody(request);
  if (!body.ok) return body.reply;
  const errors = heartbeatErrors(body.fields);
  if (errors !== undefined) return refuseInvalid(errors);
  const read = readEvent(body.value, context.hub.world.now() * 1_000);
  if (!read.ok) return refuseWith(400, read.error);
  const pulsetime = query(request).get('pulsetime');
  if (pulsetime === null) return refuseWith(400, 'Missing required parameter pulsetime');
  const pulse = Number(pulsetime) * 1_000_000;
  if (pulsetime.trim() === '' || !Number.isFinite(pulse)) {
    return refuseWith(400, `pulsetime ${repr(pulsetime)} is not a number of seconds`);
  }
  const sentData = body.fields.get('data');
  const type = buckets.find(buckets.resolve(id, author))?.type ?? guess(id, sentData).type;
  const privacy = await buckets.applyPrivacy({ bucket: id, type }, [read.event.data]);
  if (!privacy.ok) return refuseWith(400, privacy.error);
  const [data = null] = privacy.data;
  // A dropped heartbeat is answered like a stored one: its watcher would take an error for a loss.
  if (data === null) return jsonText(200, new EventWriter().text({ ...read.event, id: null }));
  const bucket = await buckets.forHeartbeat(id, sentData, author);
  const event = await bucket.heartbeat({ ...read.event, data }, Math.round(pulse), author.origin);
  // The joined event begins with an older one, which a token that may only write does not see.
  const seen = may('read', buckets.channelOf(id)) ? event : { ...read.event, data, id: null };
  return jsonText(200, new EventWriter().text(seen));
}

/** A JSON list of events, one text for each page. */
async function* eventTexts(pages: AsyncIterable<readonly Event[]>): AsyncGenerator<string> {
  const writer = new EventWriter();
  let before = '[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield `${before}${page.map((event) => writer.text(event)).join(', ')}`;
    before = ', ';
  }
  yield before === '[' ? '[]\n' : ']\n';
}

function readSpan(
  request: Request,
): { readonly ok: true; readonly span: Span } | { readonly ok: false; readonly reply: Reply } {
  const asked = query(request);
  const found: { from?: number; to?: number } = {};
  for (const [name, bound] of [
    ['start', 'from'],
    ['end', 'to'],
  ] as const) {
    const text = asked.get(name);
    if (text === null) continue;
    const instant = parseInstant(text);
    if (instant === undefined) {
      const hint = text.includes(' ') ? ' (write + as %2B in a URL)' : '';
      return { ok: false, reply: refuseWith(400, `${name} ${repr(text)} is not ISO 8601${hint}`) };
    }
    found[bound] = instant;
  }
  return { ok: true, span: found };
}

/** A negative limit, or a text that is not a number, means no limit. */
function readLimit(request: Request): number {
  const text = query(request).get('limit') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function readEventId(request: Request): number | undefined {
  const text = request.params.get('event') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The errors that the reference's schema finds, in all fields at once. */
function heartbeatErrors(fields: ReadonlyMap<string, unknown>): Record<string, string> | undefined {
  const errors: [string, string][] = [];
  const check = (name: string, type: string, fits: (value: unknown) => boolean): void => {
    const value = fields.get(name);
    if (fields.has(name) && !fits(value)) errors.push([name, `${repr(value)} is not of type '${type}'`]);
  };
  if (!fields.has('timestamp')) errors.push(['timestamp', "'timestamp' is a required property"]);
  check('timestamp', 'string', (value) => typeof value === 'string');
  check('duration', 'number', (value) => typeof value === 'number');
  check('data', 'object', isObject);
  return errors.length === 0 ? undefined : Object.fromEntries(errors);
}

// `/api/0/info` and `/api/0/buckets`: lists buckets; creates, describes and deletes one.

import type { ChunkedReply, Reply, Request } from '../../../http/types.ts';
import { descriptionText, readDescriptionBody } from '../buckets/description.ts';
import { endOf } from '../events/event.ts';
import { formatInstant } from '../events/instant.ts';
import { formatSpaced, repr } from '../events/python-compat.ts';
import { answer, isObject, jsonText, objectBody, refuseInvalid, refuseWith } from './request-body.ts';
import { type Context, noBucket, query, type Resource, readableBuckets, type Visit } from './resource.ts';

export const bucketResources: readonly Resource[] = [
  {
    path: '/api/0/info',
    methods: { GET: { on: 'nothing', handle: showInfo } },
  },
  {
    path: '/api/0/buckets',
    methods: { GET: { on: 'account', handle: listBuckets } },
  },
  {
    path: '/api/0/buckets/:id',
    methods: {
      GET: { on: 'bucket', verb: 'read', handle: showBucket },
      POST: {
        on: 'id',
        verb: 'write',
        retries: true,
        handle: createBucket,
      },
      PUT: {
        on: 'bucket',
        verb: 'write',
        handle: updateBucket,
      },
      DELETE: {
        on: 'id',
        verb: 'write',
        handle: deleteBucket,
      },
    },
  },
];

async function showInfo({ hostname, version, testing, deviceId }: Context, _: Request): Promise<Reply> {
  return answer(200, { hostname, version, testing, device_id: await deviceId() });
}

async function listBuckets(visit: Visit): Promise<Reply | ChunkedReply> {
  const texts = (await readableBuckets(visit)).map(async (description) => {
    const newest = await (await visit.buckets.bucket(description.id)).newest();
    const updated = newest === undefined ? '' : `, "last_updated": "${formatInstant(endOf(newest))}"`;
    return `${formatSpaced(description.id)}: ${descriptionText(description, updated)}`;
  });
  return jsonText(200, `{${(await Promise.all(texts)).join(', ')}}`);
}

async function showBucket({ buckets }: Visit, id: string): Promise<Reply> {
  await buckets.settled();
  const description = buckets.find(id);
  return description === undefined ? noBucket(id) : jsonText(200, descriptionText(description));
}

async function createBucket({ context, request, buckets, author }: Visit, id: string): Promise<Reply> {
  const body = objectBody(request);
  if (!body.ok) return body.reply;
  const read = readDescriptionBody(body.fields);
  if (!read.ok) return refuseInvalid(read.errors);
  const { description, data } = await withLocalHost(context, read.supplied);
  const made = await buckets.create(id, description, author, data === undefined ? {} : { data });
  return made ? answer(200, {}) : { status: 304, headers: {}, body: '' };
}

async function updateBucket({ context, request, buckets, author }: Visit, id: string): Promise<Reply> {
  const body = objectBody(request);
  if (!body.ok) return body.reply;
  const changes = [...body.fields].filter(([name]) => ['type', 'client', 'hostname', 'data'].includes(name));
  const wrong = changes.filter(([name, value]) => (name === 'data' ? !isObject(value) : typeof value !== 'string'));
  if (wrong.length > 0) {
    const errors = wrong.map(([name, value]) => {
      return [name, `${repr(value)} is not of type '${name === 'data' ? 'object' : 'string'}'`];
    });
    return refuseInvalid(Object.fromEntries(errors));
  }
  const { description, data } = await withLocalHost<{ hostname?: string }>(context, Object.fromEntries(changes));
  const updated = await buckets.update(id, data === undefined ? description : { ...description, data }, author);
  return updated ? answer(200, {}) : noBucket(id);
}

async function deleteBucket({ context, request, buckets, author }: Visit, requestedId: string): Promise<Reply> {
  if (!context.testing && query(request).get('force') !== '1') {
    return refuseWith(401, 'Deleting buckets is only permitted if aw-server is running in testing mode or if ?force=1');
  }
  // A delete by the old id of a renamed or joined bucket must not delete the new one.
  if (buckets.isMoved(requestedId)) return noBucket(requestedId);
  const deleted = await buckets.delete(buckets.resolve(requestedId, author), author);
  return deleted ? answer(200, {}) : noBucket(requestedId);
}

/** The hostname `!local` is this machine's, as with the reference. */
async function withLocalHost<T extends { readonly hostname?: string }>(context: Context, description: T) {
  if (description.hostname !== '!local') return { description, data: undefined };
  return { description: { ...description, hostname: context.hostname }, data: { device_id: await context.deviceId() } };
}

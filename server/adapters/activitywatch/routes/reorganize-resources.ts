// `/-/activitywatch`: renames and joins buckets, assigns them to another host, and undoes these changes. ActivityWatch's own servers do not
// have these routes, so they are under the hub's path.

import type { Reply, Request } from '../../../http/types.ts';
import {
  type BucketChange,
  joinBuckets,
  listChanges,
  moveToHost,
  type Reorganized,
  renameBucket,
  undoChange,
} from '../buckets/reorganize.ts';
import { answer, objectBody, refuseWith } from './request-body.ts';
import { forbidden, noBucket, type Resource, type Visit } from './resource.ts';

export const reorganizeResources: readonly Resource[] = [
  {
    path: '/-/activitywatch/buckets/:id/rename',
    methods: { POST: { on: 'id', verb: 'write', handle: rename } },
  },
  {
    path: '/-/activitywatch/buckets/:id/join',
    methods: { POST: { on: 'id', verb: 'write', handle: join } },
  },
  {
    path: '/-/activitywatch/buckets/:id/host',
    methods: { POST: { on: 'id', verb: 'write', handle: giveToHost } },
  },
  {
    path: '/-/activitywatch/changes',
    methods: { GET: { on: 'settings', verb: 'read', handle: showChanges } },
  },
  {
    path: '/-/activitywatch/changes/:change/undo',
    methods: { POST: { on: 'settings', verb: 'write', handle: undo } },
  },
];

async function rename(visit: Visit, id: string): Promise<Reply> {
  return withText(visit, id, 'to', 'the new id', (to) => {
    return renameBucket(visit.buckets, visit.context.hub.world, id, to, visit.author);
  });
}

async function join(visit: Visit, id: string): Promise<Reply> {
  return withText(visit, id, 'into', 'the id of another bucket', (into) => {
    return joinBuckets(visit.buckets, visit.context.hub.world, id, into, visit.author);
  });
}

async function giveToHost(visit: Visit, id: string): Promise<Reply> {
  const { buckets, context, request, author } = visit;
  if (!mayMove(visit, id)) return forbidden;
  const hostname = textOf(request, 'hostname', 'the name of the host');
  if (!hostname.ok) return hostname.reply;
  return reply(await moveToHost(buckets, context.hub.world, id, hostname.text, author));
}

async function showChanges({ buckets }: Visit): Promise<Reply> {
  return answer(200, { changes: listChanges(buckets).map(describeChange) });
}

async function undo(visit: Visit): Promise<Reply> {
  const { buckets, context, request, author } = visit;
  const id = request.params.get('change') ?? '';
  const change = listChanges(buckets).find((one) => one.id === id);
  const touched = change === undefined ? [] : [change.before.id, ...(change.kind === 'host' ? [] : [change.to])];
  if (touched.some((bucket) => !mayMove(visit, bucket))) return forbidden;
  return reply(await undoChange(buckets, context.hub.world, id, author));
}

/** Moving events opens them to those who may read the new place, so it needs the right to read them, too. */
function mayMove({ buckets, may }: Visit, id: string): boolean {
  const channel = buckets.channelOf(id);
  return may('read', channel) && may('write', channel);
}

/** The other bucket is in the body, and the caller needs the same rights to it. */
async function withText(
  visit: Visit,
  id: string,
  field: string,
  meaning: string,
  act: (other: string) => Promise<Reorganized>,
): Promise<Reply> {
  const { request, buckets } = visit;
  if (!mayMove(visit, id)) return forbidden;
  if (buckets.find(id) === undefined) return noBucket(id);
  const other = textOf(request, field, meaning);
  if (!other.ok) return other.reply;
  return mayMove(visit, other.text) ? reply(await act(other.text)) : forbidden;
}

function textOf(
  request: Request,
  field: string,
  meaning: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reply: Reply } {
  const body = objectBody(request);
  if (!body.ok) return body;
  const text = body.fields.get(field);
  if (typeof text === 'string' && text !== '' && !/\p{Cs}/u.test(text)) return { ok: true, text };
  return { ok: false, reply: refuseWith(400, `Send {"${field}": "…"}: ${meaning}.`) };
}

function reply(reorganized: Reorganized): Reply {
  if (!reorganized.ok) return refuseWith(reorganized.status, reorganized.error);
  return answer(200, { change: describeChange(reorganized.change) });
}

function describeChange(change: BucketChange) {
  const { id, at, kind, before } = change;
  const common = { id, at: new Date(at).toISOString(), kind, bucket: before.id };
  return change.kind === 'host'
    ? { ...common, from: before.hostname, hostname: change.hostname }
    : { ...common, to: change.to };
}

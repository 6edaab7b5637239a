// `/api/0/export` and `/api/0/import`: whole buckets out and in.

import { piecesReply } from '../../../http/pieces-reply.ts';
import type { ChunkedReply, Reply } from '../../../http/types.ts';
import type { Description } from '../buckets/description.ts';
import { exportBuckets, importBuckets } from '../buckets/transfer.ts';
import { parseBody } from './bulk-body.ts';
import { answer, inPieces, mebibyte } from './request-body.ts';
import { forbidden, type Resource, readableBuckets, type Visit } from './resource.ts';

export const transferResources: readonly Resource[] = [
  {
    path: '/api/0/buckets/:id/export',
    methods: { GET: { on: 'bucket', verb: 'read', handle: exportOne } },
  },
  {
    path: '/api/0/export',
    methods: { GET: { on: 'account', handle: exportAll } },
  },
  {
    path: '/api/0/import',
    limit: 256 * mebibyte,
    methods: {
      POST: {
        on: 'account',
        handle: importAll,
      },
    },
  },
];

async function exportOne({ buckets }: Visit, id: string): Promise<Reply | ChunkedReply> {
  const described = buckets.list().filter((one) => one.id === id);
  return attachment(buckets, described, `aw-bucket-export_${headerSafe(id)}.json`);
}

async function exportAll(visit: Visit): Promise<Reply | ChunkedReply> {
  return attachment(visit.buckets, await readableBuckets(visit), 'aw-buckets-export.json');
}

async function importAll(visit: Visit): Promise<Reply> {
  const { context, buckets, author, may } = visit;
  return parseBody(visit, { kind: 'buckets' }, async (parsed) => {
    const places = parsed.buckets.map(({ id }) => buckets.resolve(id, author));
    if (places.some((id) => !may('write', buckets.channelOf(id)))) return forbidden;
    const reports = await importBuckets(buckets, parsed, author);
    context.hub.world.log.info({ buckets: reports }, 'activitywatch: imported');
    return answer(200, { buckets: reports });
  });
}

function attachment(buckets: Visit['buckets'], descriptions: readonly Description[], name: string) {
  const headers = { 'content-type': 'application/json', 'content-disposition': `attachment; filename=${name}` };
  return piecesReply(headers, inPieces(exportBuckets(buckets, descriptions)));
}

function headerSafe(id: string): string {
  return id.replace(/[^\x20-\x7e]|["\\]/g, '_');
}

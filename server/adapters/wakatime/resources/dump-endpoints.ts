// The endpoints of data dumps: list, create, delete, and the file itself. Its link works for a day without a key.

import { type ChunkedReply, hubAddress, json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, errorReply } from '../endpoint.ts';
import { pathParam, readObject } from '../request-fields.ts';
import { timeRangeOf } from '../stats/query.ts';
import { createDump, deleteDump, listDumps, openDump, parseDumpKind, writeDump } from './data-dumps.ts';

export const dumpEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'data_dumps',
    answer: async ({ authorizer, question, request }) =>
      json(200, await listDumps(authorizer, question, hubAddress(request))),
  },
  { method: 'POST', path: 'data_dumps', answer: startDump },
  {
    method: 'DELETE',
    path: 'data_dumps/:dump',
    async answer({ hub, person, request }) {
      const isDeleted = await deleteDump(hub, person.account, pathParam(request, 'dump'));
      return isDeleted ? json(200, { data: {} }) : errorReply(404, 'no such dump');
    },
  },
  {
    method: 'GET',
    path: 'data_dumps/:dump/file',
    isPublic: true,
    timeRange: ({ question }) => timeRangeOf(question, undefined),
    answer: sendDump,
  },
];

async function startDump({ hub, question, request, maker }: EndpointCall): Promise<Reply> {
  const kind = parseDumpKind(readObject(request)['type'] ?? 'heartbeats');
  if (kind === undefined) return errorReply(400, 'type must be heartbeats or daily');
  return json(201, await createDump(hub, question, { type: kind, maker }, hubAddress(request)));
}

async function sendDump({ authorizer, question, person, request }: EndpointCall): Promise<Reply | ChunkedReply> {
  const kind = await openDump(authorizer, person.account, pathParam(request, 'dump'));
  if (kind === undefined) return errorReply(404, 'this link has expired: make another dump');
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return { status: 200, headers, chunks: writeDump(authorizer, question, kind) };
}

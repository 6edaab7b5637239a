// The endpoints that list and delete the heartbeats of one day. Those that take heartbeats are served under more paths (routes.ts).

import { piecesReply } from '../../../http/pieces-reply.ts';
import { type Endpoint, jsonHeaders, outcomeReply } from '../endpoint.ts';
import { rangeOfDate } from '../stats/endpoints.ts';
import { timeRangeOf } from '../stats/query.ts';
import { deleteHeartbeats, listHeartbeats } from './list-and-delete.ts';
import { parseBody } from './parse-body.ts';

export const heartbeatEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'heartbeats',
    scopes: ['heartbeats'],
    timeRange: rangeOfDate,
    answer: async ({ hub, question }) => {
      const listed = listHeartbeats(hub, question);
      return listed.ok ? piecesReply(jsonHeaders, listed.value) : outcomeReply(listed);
    },
  },
  {
    method: 'DELETE',
    path: 'heartbeats.bulk',
    needs: ['write'],
    scopes: ['heartbeats'],
    timeRange: ({ question }) => timeRangeOf(question, undefined),
    answer: async ({ hub, question, request }) =>
      outcomeReply(await deleteHeartbeats(hub, question, parseBody(request.body))),
  },
];

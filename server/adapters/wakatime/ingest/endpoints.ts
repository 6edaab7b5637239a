// The endpoints that list and delete the heartbeats of one day. Those that take heartbeats are served under more paths (routes.ts).

import { type Endpoint, outcomeReply } from '../endpoint.ts';
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
    answer: async ({ hub, question }) => outcomeReply(await listHeartbeats(hub, question)),
  },
  {
    method: 'DELETE',
    path: 'heartbeats.bulk',
    scopes: ['heartbeats'],
    timeRange: ({ question }) => timeRangeOf(question, undefined),
    answer: async ({ hub, question, request }) =>
      outcomeReply(await deleteHeartbeats(hub, question, parseBody(request.body))),
  },
];

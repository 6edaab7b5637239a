// The HTTP of devices: `GET /-/devices` says which tools send something, what is connected now, and what waits at edges.

import { Type } from '@sinclair/typebox';
import { type Identity, mayReadAccount } from '../core/access.ts';
import type { EdgeQueues } from '../core/edge-queues.ts';
import { authenticate } from '../http/authenticate.ts';
import { refusalReply, refusedReply } from '../http/error-boundary.ts';
import { json, type Reply, type Request, type Route } from '../http/types.ts';
import { readFlows } from './devices.ts';
import { boundsOfDay, dateOfMoment } from './engine/day-calendar.ts';
import type { DayRouteDeps } from './routes.ts';

export interface DeviceRouteDeps extends DayRouteDeps {
  readonly edges: EdgeQueues;
}

const micros = Type.Integer({ description: 'microseconds since 1970' });
const DevicesView = Type.Object({
  now: micros,
  since: Type.Integer({ description: 'when today began, in microseconds since 1970' }),
  tools: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal('editor'), Type.Literal('watcher'), Type.Literal('tasks'), Type.Literal('mob')]),
      name: Type.String(),
      device: Type.String(),
      last: micros,
      today: Type.Integer(),
      isMore: Type.Boolean({ description: 'true if there are more events of today than were counted' }),
    }),
  ),
  connections: Type.Array(
    Type.Object({
      token: Type.String({ description: 'the id of its token' }),
      device: Type.String(),
      since: Type.Number({ description: 'milliseconds since 1970' }),
    }),
  ),
  edges: Type.Array(
    Type.Object({
      token: Type.String(),
      waiting: Type.Integer({ description: 'events that are still on the machine of the edge' }),
      at: Type.Number({ description: 'milliseconds since 1970: when the edge said so' }),
    }),
  ),
});

export function deviceRoutes(deps: DeviceRouteDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/-/devices',
      doc: {
        summary: 'Answers whether everything is flowing: each tool with its last event and how many came today',
        tag: 'Merged day',
        scope: 'read',
        description: 'For tokens that may read the whole account.',
        responses: { 200: { description: 'Tools, open connections, and queues of edges.', schema: DevicesView } },
      },
      handle: (request) => showDevices(deps, request),
    },
  ];
}

async function showDevices(deps: DeviceRouteDeps, request: Request): Promise<Reply> {
  const admitted = authenticate(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  const { identity } = admitted;
  if (!mayReadAccount(identity)) return refusedReply('forbidden', 'this needs a token with the scope read');
  const { account } = identity;
  const { hub } = deps.days;
  const now = hub.world.now();
  const { calendar } = await deps.days.of(account).days.settings();
  const [since] = boundsOfDay(dateOfMoment(now * 1_000, calendar), calendar);
  const tools = await readFlows({ hub, account, since });
  const known = { now: now * 1_000, since, tools };
  return json(200, { ...known, ...connectionsOf(deps, identity) }, { 'cache-control': 'no-store' });
}

function connectionsOf({ accounts, days, edges }: DeviceRouteDeps, { account }: Identity): object {
  const connections = [...days.hub.sessions]
    .filter(({ identity }) => identity.account === account)
    .map(({ identity: { token, device }, since }) => ({ token, device, since }));
  const queues = accounts.tokens(account).flatMap(({ id }) => {
    const queue = edges.of(id);
    return queue === undefined ? [] : [{ token: id, ...queue }];
  });
  return { connections, edges: queues };
}

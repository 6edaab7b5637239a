// The HTTP of webhooks and relays: make one, list them with their state, try again, remove. The signing secret of a webhook is shown once,
// when it is made; the key of a relay never.

import { Type } from '@sinclair/typebox';
import { refuse } from '../../protocol/errors.ts';
import { admittedRoutes } from '../http/admitted-routes.ts';
import type { AuthenticationDeps } from '../http/authenticate.ts';
import { refusalReply } from '../http/error-boundary.ts';
import { bodyOf } from '../http/json-body.ts';
import { json, type Reply, type Request, type Route, type RouteDoc } from '../http/types.ts';
import { bucketsChannel } from './activitywatch/event-deliveries.ts';
import type { Outbox } from './outbox.ts';
import {
  BrokerRequest,
  EventRelayRequest,
  isBrokerRequest,
  isEventRelayRequest,
  isMailRequest,
  isRelayRequest,
  isWebhookRequest,
  MailRequest,
  type NewTarget,
  RelayRequest,
  WebhookRequest,
} from './targets.ts';
import { makeSecret } from './webhook.ts';

export interface WebhookRouteDeps extends AuthenticationDeps {
  readonly outbox: Outbox;
}

const tag = 'Webhooks and relays';
const gone = { 404: { description: 'No such webhook or relay.' } } as const;
const done: Reply = { status: 204, headers: {}, body: '' };
/** The kinds of targets that are relays. */
const relayKinds = ['wakatime', 'activitywatch', 'mqtt', 'mail'] as const;
/** The states for a home are computed from these channels: the token must read them. */
const homeChannels = ['tasks', 'goals', 'day/*', 'settings'];
const relayForm =
  'send {"name": "…", "kind"?: "wakatime" or "activitywatch", "url": "https://…", "key": "…", "from"?: "beginning"}, or ' +
  '{"name": "…", "kind": "mqtt", "url": "mqtts://…", "user"?: "…", "password"?: "…"}, or ' +
  '{"name": "…", "kind": "mail", "to": "ann@example.org"}';
const noStore = { 'cache-control': 'no-store' };

const docs = {
  list: {
    tag,
    scope: 'read',
    summary: 'Lists the webhooks of the account, with what waits, what was delivered and what went wrong',
    responses: { 200: { example: { webhooks: [] } } },
  },
  add: {
    tag,
    scope: 'read write',
    summary:
      'Makes a webhook: changes of the chosen channels are posted to an address, signed as Standard Webhooks says',
    description:
      'In order and, by the header `webhook-id`, each once. The signing secret is shown once. Addresses of private networks are refused, ' +
      'unless the administrator allows them; redirects are not followed.',
    body: {
      schema: WebhookRequest,
      example: { name: 'my server', url: 'https://example.org/hook', channels: ['tasks'] },
    },
    responses: { 201: { example: { id: 'V1StGXR8', secret: 'whsec_…' } } },
  },
  relays: {
    tag,
    scope: 'read',
    summary: 'Lists the relays of the account, with what waits, what was delivered and what went wrong',
    responses: { 200: { example: { relays: [] } } },
  },
  addRelay: {
    tag,
    scope: 'read write',
    summary:
      'Relays the heartbeats of the account to WakaTime, Wakapi or another hub, its events to an ActivityWatch server, its states to the MQTT broker of a home, or its weekly report by mail',
    description:
      'Heartbeats and events in order, and each once. A receiver of heartbeats knows those that it has; what an ActivityWatch server has is read before events ' +
      'are sent. The key is encrypted at rest and never shown.',
    body: {
      schema: Type.Union([RelayRequest, EventRelayRequest, BrokerRequest, MailRequest]),
      example: { name: 'WakaTime', url: 'https://api.wakatime.com/api/v1', key: 'waka_…' },
    },
    responses: { 201: { example: { id: 'V1StGXR8' } } },
  },
  retry: {
    tag,
    scope: 'read write',
    summary: 'Sends at once what waits for its next try',
    params: { id: 'The id of the webhook or relay.' },
    responses: { 204: { description: 'It is tried.' }, ...gone },
  },
  remove: {
    tag,
    scope: 'read write',
    summary: 'Removes a webhook or relay',
    params: { id: 'The id of the webhook or relay.' },
    responses: { 204: { description: 'Removed.' }, ...gone },
  },
} as const satisfies Record<string, RouteDoc>;

export function webhookRoutes(deps: WebhookRouteDeps): readonly Route[] {
  const { outbox } = deps;
  const route = admittedRoutes(deps);
  const idOf = ({ params }: Request) => params.get('id') ?? '';
  return [
    route('GET', '/-/webhooks', docs.list, async ({ account }) =>
      json(200, { webhooks: await outbox.list(account, ['webhook']) }, noStore),
    ),
    route('POST', '/-/webhooks', docs.add, async (identity, request) => {
      const body = bodyOf(request);
      if (!isWebhookRequest(body))
        return refusalReply(
          refuse(
            'payload',
            '',
            'send {"name": "…", "url": "https://…", "channels": ["tasks"], "events"?: ["question"]}',
          ),
        );
      const { name, url, channels, events = [] } = body;
      const secret = makeSecret();
      const target = { kind: 'webhook', name, url, secret, channels, events, isFromBeginning: false } as const;
      const made = await outbox.add(identity, target);
      return made.ok ? json(201, { id: made.id, secret }, noStore) : refusalReply(made);
    }),
    route('GET', '/-/relays', docs.relays, async ({ account }) =>
      json(200, { relays: await outbox.list(account, relayKinds) }, noStore),
    ),
    route('POST', '/-/relays', docs.addRelay, async (identity, request) => {
      const target = relayIn(bodyOf(request));
      if (target === undefined) return refusalReply(refuse('payload', '', relayForm));
      const made = await outbox.add(identity, target);
      return made.ok ? json(201, { id: made.id }, noStore) : refusalReply(made);
    }),
    ...['/-/webhooks', '/-/relays'].flatMap((path) => [
      route('POST', `${path}/:id/retry`, docs.retry, async ({ account }, request) => {
        const tried = await outbox.retry(account, idOf(request));
        return tried.ok ? done : refusalReply(tried);
      }),
      route('DELETE', `${path}/:id`, docs.remove, async ({ account }, request) => {
        const removed = await outbox.remove(account, idOf(request));
        return removed.ok ? done : refusalReply(removed);
      }),
    ]),
  ];
}

/** @returns undefined if it is no relay */
function relayIn(body: unknown): NewTarget | undefined {
  if (isEventRelayRequest(body)) {
    const { name, kind, url, key: secret = '', from } = body;
    const channels = [bucketsChannel, `${bucketsChannel}/*`];
    return { kind, name, url, secret, channels, events: [], isFromBeginning: from === 'beginning' };
  }
  if (isMailRequest(body)) {
    const { name, kind, to } = body;
    return {
      kind,
      name,
      url: `mailto:${to}`,
      secret: '',
      channels: ['weekly_reports'],
      events: [],
      isFromBeginning: false,
    };
  }
  if (isBrokerRequest(body)) {
    const { name, kind, url, user = '', password = '' } = body;
    const secret = JSON.stringify([user, password]);
    return { kind, name, url, secret, channels: homeChannels, events: [], isFromBeginning: false };
  }
  if (!isRelayRequest(body)) return undefined;
  const { name, url, key: secret, from } = body;
  const what = { kind: 'wakatime', channels: ['wakatime'], events: [] } as const;
  return { ...what, name, url, secret, isFromBeginning: from === 'beginning' };
}

// The HTTP of notifications: the key with which a browser subscribes, subscriptions, and a message to try it out.

import { Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import { refuse } from '../../protocol/errors.ts';
import { admittedRoutes } from '../http/admitted-routes.ts';
import type { AuthenticationDeps } from '../http/authenticate.ts';
import { refusalReply } from '../http/error-boundary.ts';
import { bodyOf } from '../http/json-body.ts';
import { json, type Reply, type Route, type RouteDoc } from '../http/types.ts';
import { type Push, PushSubscription } from './push.ts';

export interface PushRouteDeps extends AuthenticationDeps {
  readonly push: Push;
}

const checkSubscription = compile(PushSubscription);
const isSubscription = (value: unknown): value is PushSubscription => checkSubscription(value);
const Ended = Type.Object({ endpoint: Type.String() });
const checkEnded = compile(Ended);
const isEnded = (value: unknown): value is { readonly endpoint: string } => checkEnded(value);

const tag = 'Notifications';
const done: Reply = { status: 204, headers: {}, body: '' };

const docs = {
  key: {
    tag,
    scope: 'read',
    summary: 'Returns the public key with which a browser subscribes to notifications (VAPID)',
    responses: { 200: { example: { key: 'B…' } } },
  },
  subscribe: {
    tag,
    scope: 'read',
    summary:
      'Subscribes a browser: it is notified of questions about a running task, of the end of turns in mob rooms, and of goals that are reached',
    description: 'The subscription ends with the session or token that made it.',
    body: { schema: PushSubscription },
    responses: { 204: { description: 'Subscribed.' } },
  },
  unsubscribe: {
    tag,
    scope: 'read',
    summary: 'Ends a subscription',
    body: { schema: Ended },
    responses: { 204: { description: 'Ended.' } },
  },
  test: {
    tag,
    scope: 'read',
    summary: 'Sends a notification to every subscribed browser of the account, to try it out',
    responses: { 200: { example: { sent: 1 } } },
  },
} as const satisfies Record<string, RouteDoc>;

export function pushRoutes(deps: PushRouteDeps): readonly Route[] {
  const { push } = deps;
  const route = admittedRoutes(deps);
  return [
    route('GET', '/-/push', docs.key, async () => json(200, { key: await push.publicKey() })),
    route('POST', '/-/push', docs.subscribe, async (identity, request) => {
      const body = bodyOf(request);
      if (!isSubscription(body)) return refusalReply(refuse('payload', '', 'send {"endpoint", "keys", "texts"}'));
      const subscribed = await push.subscribe(identity, body);
      return subscribed.ok ? done : refusalReply(subscribed);
    }),
    route('DELETE', '/-/push', docs.unsubscribe, async (identity, request) => {
      const body = bodyOf(request);
      if (!isEnded(body)) return refusalReply(refuse('payload', '', 'send {"endpoint": "…"}'));
      await push.unsubscribe(identity, body.endpoint);
      return done;
    }),
    route('POST', '/-/push/test', docs.test, async ({ account }) =>
      json(200, { sent: await push.notify(account, { tag: 'test', path: '/day', desc: 'Horai' }) }),
    ),
  ];
}

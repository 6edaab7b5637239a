// `/-/health` for monitoring, `/-/metrics` for Prometheus. Health needs no token and tells only whether a write would be stored; metrics
// are for administrators.

import { errorMessage } from '../../../protocol/error-message.ts';
import { errors, type Refusal, refuse } from '../../../protocol/errors.ts';
import { isAdmin } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import { LimitReached } from '../../core/limits.ts';
import { type AuthenticationDeps, authenticate } from '../../http/authenticate.ts';
import { retryHeaders } from '../../http/error-boundary.ts';
import { json, type Reply, type Route, type RouteDoc } from '../../http/types.ts';
import type { Metrics } from './metrics.ts';

export interface StatusDeps extends AuthenticationDeps {
  readonly hub: Pick<Hub, 'store' | 'trouble' | 'warning' | 'notices'>;
  readonly metrics: Metrics;
  readonly version: string;
  /** True once the hub was asked to stop: it still answers, and should be sent no new clients. */
  readonly isLeaving: () => boolean;
}

const docs = {
  health: {
    tag: 'Hub',
    scope: 'none',
    summary: 'Returns whether the hub can store a write',
    responses: {
      200: { example: { status: 'ok', version: '0.2.0' } },
      503: { example: { status: 'broken', reason: 'disk full', version: '0.2.0' } },
    },
  },
  ready: {
    tag: 'Hub',
    scope: 'none',
    summary: 'Returns whether a load balancer should send new clients here',
    responses: {
      200: { example: { status: 'ready', version: '0.2.0' } },
      503: { example: { status: 'leaving', version: '0.2.0' } },
    },
  },
  metrics: {
    tag: 'Hub',
    scope: 'admin',
    summary: 'Returns counters and gauges of the hub for Prometheus',
    responses: { 200: { type: 'text/plain', example: 'horai_connections 3' } },
  },
} as const satisfies Record<string, RouteDoc>;

export function statusRoutes({ hub, metrics, version, isLeaving, ...trust }: StatusDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/-/health',
      doc: docs.health,
      handle: () =>
        hub.store.check().then(
          () => json(200, describe(hub, version)),
          (error: unknown) =>
            error instanceof LimitReached
              ? json(503, { status: 'full', reason: errorMessage(error), version }, retryHeaders(error.refusal))
              : json(503, { status: 'broken', reason: errorMessage(error), version }),
        ),
    },
    {
      method: 'GET',
      path: '/-/health/ready',
      doc: docs.ready,
      handle: async () => {
        if (isLeaving()) return json(503, { status: 'leaving', version });
        return hub.store.check().then(
          () => json(200, { status: 'ready', version }),
          (error: unknown) => json(503, { status: 'broken', reason: errorMessage(error), version }),
        );
      },
    },
    {
      method: 'GET',
      path: '/-/metrics',
      doc: docs.metrics,
      handle: async (request) => {
        const admitted = authenticate(trust, request);
        if (!admitted.ok) return refusalWithHint(admitted);
        if (!isAdmin(admitted.identity))
          return refusalWithHint(refuse('forbidden', '', 'needs a token with the scope admin'));
        return { status: 200, headers: { 'content-type': metrics.contentType }, body: await metrics.text() };
      },
    },
  ];
}

/** Writes are stored; anything else that a person should look at is a warning, with a sentence for each. */
function describe({ trouble, warning, notices }: StatusDeps['hub'], version: string): object {
  const warnings = [...notices.values()];
  const more = warnings.length === 0 ? {} : { warnings };
  if (trouble !== undefined) return { ...late(trouble, version), ...more };
  return { status: warnings.length === 0 ? 'ok' : 'warning', warning, version, ...more };
}

/** Writes are stored, but changes of other nodes arrive only with the slow refresh. The hub still answers as healthy. */
function late(reason: string, version: string): object {
  return { status: 'late', reason: `changes of other nodes come late: ${reason}`, version };
}

function refusalWithHint({ code, error, hint }: Refusal): Reply {
  return json(errors[code].status, { error, code, hint });
}

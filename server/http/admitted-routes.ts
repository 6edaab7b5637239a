// Routes that need an account and no more than the scopes in their documentation: both are checked in one place.

import { refuse } from '../../protocol/errors.ts';
import type { Identity } from '../core/access.ts';
import { type AuthenticationDeps, authenticate } from './authenticate.ts';
import { refusalReply } from './error-boundary.ts';
import type { Reply, Request, Route, RouteDoc } from './types.ts';

export type MakeRoute = (
  method: string,
  path: string,
  doc: RouteDoc,
  act: (identity: Identity, request: Request) => Promise<Reply>,
) => Route;

/** @returns a function that makes routes; `act` is called for a token that has all scopes of the route's documentation */
export function admittedRoutes(deps: AuthenticationDeps): MakeRoute {
  return (method, path, doc, act) => ({
    method,
    path,
    doc,
    async handle(request) {
      const admitted = authenticate(deps, request);
      if (!admitted.ok) return refusalReply(admitted);
      const { identity } = admitted;
      const lacking = doc.scope.split(' ').find((scope) => !identity.scopes.includes(scope));
      if (lacking !== undefined) return refusalReply(refuse('forbidden', '', `this needs the scope ${lacking}`));
      return act(identity, request);
    },
  });
}

// An endpoint is a row of a table: method, path below `users/:user`, OAuth scopes, the moments it reads, and its handler. Each table
// is in the folder of its resource; routes.ts serves them all.

import type { Hub } from '../../core/hub.ts';
import { type ChunkedReply, json, type Reply, type Request } from '../../http/types.ts';
import type { Authorizer } from './auth/authorize.ts';
import type { TimeRange } from './index/account-index.ts';
import type { Person, PersonInfo, QueryOutcome, TimeQuery, TimeQueryOf } from './stats/query.ts';

/** The product whose tools use a prefix. It decides the format of times, and whether stats include today. */
export type Dialect = 'wakatime' | 'wakapi';

/** One authorized request to an endpoint, with everything that its handler needs. */
export interface EndpointCall {
  readonly hub: Hub;
  readonly authorizer: Authorizer;
  readonly request: Request;
  readonly dialect: Dialect;
  /** Replies 200 with a value, with times in the format of the dialect. */
  readonly reply: (value: unknown) => Reply;
  readonly person: Person;
  readonly question: TimeQuery;
  /** True without a key to this account. Only public endpoints are called by strangers. */
  readonly isStranger: boolean;
  /** True if the caller may see a part (`email`, `stats.languages`). An app sees what its scopes allow. */
  readonly maySee: (part: string) => boolean;
}

/** The part of a call that is known before heartbeats are read. */
export interface PendingCall extends Pick<EndpointCall, 'request' | 'dialect' | 'isStranger'> {
  readonly question: TimeQueryOf<PersonInfo>;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `users/:user`. */
  readonly path: string;
  /** True if strangers may call it, too. The handler leaves out what is not shared. */
  readonly isPublic?: boolean;
  /** The moments that the handler reads; absent: all. After a start, a short range is available sooner. */
  readonly timeRange?: (call: PendingCall) => TimeRange | undefined;
  /** OAuth scopes (scopes.ts), any of which suffices. Empty: not available to OAuth apps. */
  readonly scopes?: readonly string[];
  /** The most bytes that the body may have; absent: the transport's usual limit. */
  readonly limit?: number;
  readonly answer: (call: EndpointCall) => Promise<Reply | ChunkedReply> | Reply;
}

/** An endpoint that reads no heartbeats: a hub that has just started need not load any for it. */
export function withoutHeartbeats(endpoint: Endpoint): Endpoint {
  return { ...endpoint, timeRange: ({ question: { moment } }) => ({ from: moment, to: moment }) };
}

/** A reply with a body that is JSON text already. */
export function jsonTextReply(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}

export function errorReply(status: number, error: string): Reply {
  return json(status, { error });
}

/** @param status the HTTP status of a success */
export function outcomeReply(outcome: QueryOutcome<object>, status = 200): Reply {
  return outcome.ok ? json(status, outcome.value) : errorReply(outcome.status, outcome.error);
}

// An endpoint is a row of a table: method, path below `users/:user`, OAuth scopes, the moments it reads, and its handler. Each table
// is in the folder of its resource; routes.ts serves them all.

import type { Verb } from '../../core/access.ts';
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
  /** The value with times in the format of the dialect. */
  readonly formatted: (value: object) => object;
  /** Replies 200 with a value, with times in the format of the dialect. */
  readonly reply: (value: object) => Reply;
  readonly person: Person;
  readonly question: TimeQuery;
  /** The token with which a link ends that the caller makes; '' for one that ends with the account alone. */
  readonly maker: string;
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
  /**
   * The scopes that the caller needs: by default `read` for GET, and both for other methods, because they may open data or answer with it.
   * `write` for those that only take data in.
   */
  readonly needs?: readonly Verb[];
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

export const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' } as const;

export function errorReply(status: number, error: string): Reply {
  return json(status, { error });
}

/** @param status the HTTP status of a success */
export function outcomeReply(outcome: QueryOutcome<object>, status = 200): Reply {
  return outcome.ok ? json(status, outcome.value) : errorReply(outcome.status, outcome.error);
}

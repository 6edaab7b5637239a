// What an endpoint of WakaTime's is to routes.ts: a method, a path below `users/:user`, who may ask, and how it answers. What each
// computes is in the file of its subject; that a person may ask at all has been decided before `answer` is called.

import type { Hub } from '../../core/hub.ts';
import { type Flow, json, type Reply, type Request } from '../../http/types.ts';
import type { Admission } from './auth/authorize.ts';
import type { Reach } from './index/account-index.ts';
import { type Manner, parsedBody } from './ingest/ingest.ts';
import { isObject } from './model/heartbeat.ts';
import type { Asked, Person, Question, QuestionOf, Someone } from './stats/query.ts';

/** What an endpoint is told. */
export interface Told {
  readonly hub: Hub;
  readonly admission: Admission;
  readonly request: Request;
  readonly manner: Manner;
  /** An answer with amounts of time in it, in the words that tools under this prefix expect. */
  readonly tell: (value: unknown) => Reply;
  readonly person: Person;
  readonly question: Question;
  /** Asked without a key to this account, where that is allowed. */
  readonly stranger: boolean;
  /** Whether the asker may see this part (`email`, `stats.languages`): an app, only what it was allowed. */
  readonly may: (part: string) => boolean;
}

/** What is known before there are heartbeats. */
export interface Asking extends Pick<Told, 'request' | 'manner' | 'stranger'> {
  readonly question: QuestionOf<Someone>;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind `users/:user`. */
  readonly path: string;
  /** Whether strangers may ask; the endpoint leaves out what is not shared. */
  readonly open?: boolean;
  /** The moments that it looks at, where those are not all: a hub that has just started knows a few sooner. */
  readonly reach?: (asked: Asking) => Reach | undefined;
  /** What an app has to be allowed, one of these (scopes.ts); without any, no app may ask. */
  readonly needs?: readonly string[];
  /** Bytes of body, where they may be more than usual. */
  readonly limit?: number;
  readonly answer: (told: Told) => Promise<Reply | Flow> | Reply;
}

/** Endpoints that look at no heartbeat: a hub that has just started need not read any for them. */
export function withoutHeartbeats(endpoint: Endpoint): Endpoint {
  return { ...endpoint, reach: ({ question: { moment } }) => ({ from: moment, to: moment }) };
}

/** An answer that is JSON already. */
export function jsonText(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body };
}

export function failed(status: number, error: string): Reply {
  return json(status, { error });
}

export function answered(asked: Asked<object>, status = 200): Reply {
  return asked.ok ? json(status, asked.value) : failed(asked.status, asked.error);
}

/** The body, where it is an object; an empty one for anything else. */
export function saidIn({ body }: Request): Readonly<Record<string, unknown>> {
  const said = parsedBody(body);
  return isObject(said) ? said : {};
}

export function param({ params }: Request, name: string): string {
  return params.get(name) ?? '';
}

/** A text of a body, cut to what is kept; '' for anything else. */
export function textIn(said: Readonly<Record<string, unknown>>, name: string, most = 255): string {
  const value = said[name];
  return typeof value === 'string' ? value.trim().slice(0, most) : '';
}

/** This hub as the client reached it, through a proxy or not. */
export function baseOf(request: Request): string {
  return `${request.headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http'}://${request.host}`;
}

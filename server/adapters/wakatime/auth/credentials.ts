// Finds the API key in a WakaTime request: its tools send keys in half a dozen forms. Only this file reads a key from the URL.

import type { Identity } from '../../../core/access.ts';
import { type AuthenticationDeps, authenticate } from '../../../http/authenticate.ts';
import type { Request } from '../../../http/types.ts';

const keyForm = /(?:waka_(?:tok_)?)?([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})/i;

/**
 * The API key as the hub knows it; '' for credentials without a key, undefined without credentials. Credentials of the header may be
 * for a proxy, so the query is read, too.
 */
export function parseApiKey({ authorization, query }: Pick<Request, 'authorization' | 'query'>): string | undefined {
  const input = [...inHeader(authorization), ...inQuery(query)];
  const key = input.map((one) => keyForm.exec(one)?.[1]?.toLowerCase()).find((one) => one !== undefined);
  return key ?? (input.length === 0 ? undefined : '');
}

/**
 * Possible keys in the header: `key`, `key:`, `:key`, `user:key`, with or without a line end. A Bearer is the key itself or its
 * base64.
 */
function inHeader(authorization: string): readonly string[] {
  if (authorization === '') return [];
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(.*)$/s.exec(authorization.trim()) ?? [];
  const decoded = Buffer.from(credentials, 'base64').toString();
  return scheme.toLowerCase() === 'bearer' ? [credentials, decoded] : [decoded];
}

function inQuery(query: string): readonly string[] {
  if (!/(?:api_key|access_token|token)=/.test(query)) return [];
  const params = new URLSearchParams(query);
  return ['api_key', 'access_token', 'token'].flatMap((name) => params.getAll(name));
}

/**
 * The identity of a caller; undefined for a stranger.
 * @param near whether the request comes from no page, or from one of the hub's own: pages elsewhere must send a key
 */
export function identify(trust: AuthenticationDeps, request: Request, near: boolean): Identity | undefined {
  const key = parseApiKey(request);
  const admitted =
    key === undefined
      ? authenticate({ ...trust, personal: trust.personal && near }, request)
      : trust.accounts.identify(key, '', request.address, request.client);
  return admitted.ok ? admitted.identity : undefined;
}

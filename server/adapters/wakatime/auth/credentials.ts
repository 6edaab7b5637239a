// The secret in a WakaTime request: their tools know half a dozen ways of sending an API key. Whose secret it is, the hub's accounts
// know; a key in the URL is read here and goes no further.

import type { Identity } from '../../../core/access.ts';
import { authenticate, type Trust } from '../../../http/authenticate.ts';
import type { Request } from '../../../http/types.ts';

const keyForm = /(?:waka_(?:tok_)?)?([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})/i;

/**
 * The API key as the hub knows it; '' for credentials without one, undefined where there are none at all. Those of a header may be
 * for a proxy before the hub: then the query is looked at.
 */
export function apiKeyOf({ authorization, query }: Pick<Request, 'authorization' | 'query'>): string | undefined {
  const said = [...inHeader(authorization), ...inQuery(query)];
  const key = said.map((one) => keyForm.exec(one)?.[1]?.toLowerCase()).find((one) => one !== undefined);
  return key ?? (said.length === 0 ? undefined : '');
}

/** `key`, `key:`, `:key`, `user:key`, with or without a line's end; a Bearer may be the key itself or its base64. */
function inHeader(authorization: string): readonly string[] {
  if (authorization === '') return [];
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(.*)$/s.exec(authorization.trim()) ?? [];
  const decoded = Buffer.from(credentials, 'base64').toString();
  return scheme.toLowerCase() === 'bearer' ? [credentials, decoded] : [decoded];
}

function inQuery(query: string): readonly string[] {
  if (!/(?:api_key|access_token|token)=/.test(query)) return [];
  const asked = new URLSearchParams(query);
  return ['api_key', 'access_token', 'token'].flatMap((name) => asked.getAll(name));
}

/**
 * Who asks; undefined for a stranger.
 * @param near whether the request comes from no page or from one of the hub's own: others must show a key, whoever reaches
 *   the hub
 */
export function identify(trust: Trust, request: Request, near: boolean): Identity | undefined {
  const key = apiKeyOf(request);
  const admitted =
    key === undefined
      ? authenticate({ ...trust, personal: trust.personal && near }, request)
      : trust.accounts.identify(key, '', request.address);
  return admitted.ok ? admitted.identity : undefined;
}

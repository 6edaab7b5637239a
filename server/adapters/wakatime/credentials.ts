// The secret in a WakaTime request: their tools know half a dozen ways of sending an API key. Whose secret it is, the hub's accounts
// know; a key in the URL is read here and goes no further.

import type { Identity } from '../../core/access.ts';
import type { Request } from '../adapter.ts';
import { authenticate, type Trust } from '../authenticate.ts';

const keyForm = /(?:waka_(?:tok_)?)?([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})/i;

/** The API key as the hub knows it; '' for credentials without one, undefined where there are none at all. */
export function apiKeyOf(request: Pick<Request, 'authorization' | 'query'>): string | undefined {
  const { authorization, query } = request;
  if (authorization !== '') {
    const [, scheme = '', credentials = ''] = /^(\S+)\s+(.*)$/s.exec(authorization.trim()) ?? [];
    // `key`, `key:`, `:key`, `user:key`, with or without a line's end; a Bearer may be the key itself or its base64.
    const decoded = Buffer.from(credentials, 'base64').toString();
    const said = scheme.toLowerCase() === 'bearer' ? [credentials, decoded] : [decoded];
    return said.map((one) => keyForm.exec(one)?.[1]?.toLowerCase()).find((key) => key !== undefined) ?? '';
  }
  if (!/(?:api_key|access_token|token)=/.test(query)) return undefined;
  const asked = new URLSearchParams(query);
  const value = asked.get('api_key') ?? asked.get('access_token') ?? asked.get('token');
  return value === null ? undefined : (keyForm.exec(value)?.[1]?.toLowerCase() ?? '');
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

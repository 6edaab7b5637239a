// Splits a URL as Python's `urlparse` does, which accepts any text. Browsers split some URLs differently, but people's categories and
// queries are written for Python's rules.

import type { Value } from './values.ts';

/** Schemes whose last path segment may have parameters. */
const withParams = new Set('|ftp|hdl|http|https|mms|prospero|rtsp|rtspu|sftp|shttp|sip|sips|tel'.split('|'));

/** The fields that `split_url_events` adds. */
export function urlFields(url: string): { readonly [key: string]: Value } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python removes them
  let rest = url.replace(/^[\u0000-\u0020]+/, '').replace(/[\t\r\n]/g, '');
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(rest)?.[1] ?? '';
  if (scheme !== '') rest = rest.slice(scheme.length + 1);
  let netloc = '';
  if (rest.startsWith('//')) {
    netloc = /^[^/?#]*/.exec(rest.slice(2))?.[0] ?? '';
    rest = rest.slice(2 + netloc.length);
  }
  const [beforeFragment, fragment] = cut(rest, rest.indexOf('#'));
  const [beforeQuery, query] = cut(beforeFragment, beforeFragment.indexOf('?'));
  const protocol = scheme.toLowerCase();
  const semicolon = withParams.has(protocol) ? beforeQuery.indexOf(';', beforeQuery.lastIndexOf('/') + 1) : -1;
  const [path, params] = cut(beforeQuery, semicolon);
  return {
    $protocol: protocol,
    $domain: netloc === '' ? protocol : netloc.replace(/^www\./, ''),
    $path: path,
    $params: params,
    $options: query,
    $identifier: fragment,
  };
}

function cut(text: string, at: number): readonly [before: string, after: string] {
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

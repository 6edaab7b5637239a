// The body of a request as JSON, or the reply that explains why it is not, in the reference's words; and replies. Bodies of many
// events are parsed by ../events/body-worker-pool.ts.

import type { Reply, Request } from '../../../http/types.ts';
import { parseJson } from '../events/json.ts';
import { brokenBody, explainBrokenBody, hasBoundary } from '../events/multipart.ts';
import { formatSpaced, repr } from '../events/python-compat.ts';

export type Body = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reply: Reply };

export function answer(status: number, value: unknown): Reply {
  return jsonText(status, formatSpaced(value));
}

/** @param text JSON */
export function jsonText(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: `${text}\n` };
}

/** Joins short texts into pieces of 64 Ki characters, so that each piece is worth a write. */
export async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let [waiting, length]: [string[], number] = [[], 0];
  for await (const text of texts) {
    waiting.push(text);
    length += text.length;
    if (length < pieceLength) continue;
    yield waiting.join('');
    [waiting, length] = [[], 0];
  }
  yield waiting.join('');
}

const pieceLength = 65_536;

export const mebibyte = 1_048_576;

export function refuseWith(status: number, message: string): Reply {
  return answer(status, { message });
}

/** The reply to a body that a schema refuses. @param errors by field */
export function refuseInvalid(errors: Readonly<Record<string, string>>): Reply {
  return answer(400, { errors, message: 'Input payload validation failed' });
}

const wrongType = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.";

export function jsonBody(request: Request): Body {
  if (!isJson(mediaType(request))) return { ok: false, reply: refuseWith(415, wrongType) };
  return parseText(request.body.toString());
}

/**
 * Checks the media type of a body of many events: JSON, or a form whose files are JSON.
 * @returns the Content-Type of a form, which the parser needs; null for JSON
 */
export function formOf(
  request: Request,
): { readonly ok: true; readonly contentType: string | null } | { readonly ok: false; readonly reply: Reply } {
  const media = mediaType(request);
  if (media !== 'multipart/form-data') {
    return isJson(media) ? { ok: true, contentType: null } : { ok: false, reply: refuseWith(415, wrongType) };
  }
  const contentType = request.headers.get('content-type') ?? '';
  return hasBoundary(contentType) ? { ok: true, contentType } : { ok: false, reply: refuseWith(400, brokenBody) };
}

function isJson(media: string): boolean {
  return media === 'application/json' || /^application\/\S+\+json$/.test(media);
}

function mediaType(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function parseText(text: string): Body {
  const read = parseJson(text);
  return read.ok ? read : { ok: false, reply: refuseWith(400, explainBrokenBody(read.beyond)) };
}

/** A body that must be an object: the value, and its fields by name. */
export function objectBody(
  request: Request,
):
  | { readonly ok: true; readonly value: object; readonly fields: ReadonlyMap<string, unknown> }
  | { readonly ok: false; readonly reply: Reply } {
  const body = jsonBody(request);
  if (!body.ok) return body;
  const { value } = body;
  if (isObject(value)) return { ok: true, value, fields: new Map(Object.entries(value)) };
  return { ok: false, reply: refuseInvalid({ '': `${repr(value)} is not of type 'object'` }) };
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

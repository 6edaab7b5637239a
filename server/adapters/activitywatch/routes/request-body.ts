// The body of a request as JSON, or the reply that says what is wrong with it, in the reference's words; and replies. Bodies of
// many events are read in reading.ts.

import type { Flow, Reply, Request } from '../../../http/types.ts';
import { parseJson } from '../events/json.ts';
import { boundaryOf, broken, whyBroken } from '../events/multipart.ts';
import { repr, spaced } from '../events/python-compat.ts';

export type Body = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reply: Reply };

export function answer(status: number, value: unknown): Reply {
  return jsonText(status, spaced(value));
}

/** @param text JSON */
export function jsonText(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: `${text}\n` };
}

/** What fits into its first two pieces goes as a whole; the rest of a longer one is made as it is sent. */
export async function gathered(
  headers: Readonly<Record<string, string>>,
  pieces: AsyncGenerator<string>,
): Promise<Reply | Flow> {
  const [first, second] = [await pieces.next(), await pieces.next()];
  const texts = [first, second].map(({ value, done }) => (done === true ? '' : value));
  if (second.done === true) return { status: 200, headers, body: texts.join('') };
  const rest = async function* () {
    yield texts.join('');
    yield* pieces;
  };
  return { status: 200, headers, pieces: rest() };
}

/** Texts with separators become pieces that are worth a write. */
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

export function refused(status: number, message: string): Reply {
  return answer(status, { message });
}

/** What a schema found, field by field. */
export function invalid(errors: Readonly<Record<string, string>>): Reply {
  return answer(400, { errors, message: 'Input payload validation failed' });
}

const wrongType = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.";

export function jsonBody(request: Request): Body {
  if (!isJson(mediaType(request))) return { ok: false, reply: refused(415, wrongType) };
  return parsed(request.body.toString());
}

/**
 * What lies between the parts of a form, null for JSON as such: a body that is read elsewhere.
 */
export function textsIn(
  request: Request,
): { readonly ok: true; readonly boundary: string | null } | { readonly ok: false; readonly reply: Reply } {
  const media = mediaType(request);
  if (media !== 'multipart/form-data') {
    return isJson(media) ? { ok: true, boundary: null } : { ok: false, reply: refused(415, wrongType) };
  }
  const boundary = boundaryOf(request.headers.get('content-type') ?? '');
  return boundary === undefined ? { ok: false, reply: refused(400, broken) } : { ok: true, boundary };
}

function isJson(media: string): boolean {
  return media === 'application/json' || /^application\/\S+\+json$/.test(media);
}

function mediaType(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function parsed(text: string): Body {
  const read = parseJson(text);
  return read.ok ? read : { ok: false, reply: refused(400, whyBroken(read.beyond)) };
}

/** A body that is an object: as it was read, and its fields by name. */
export function objectBody(
  request: Request,
):
  | { readonly ok: true; readonly value: object; readonly fields: ReadonlyMap<string, unknown> }
  | { readonly ok: false; readonly reply: Reply } {
  const body = jsonBody(request);
  if (!body.ok) return body;
  const { value } = body;
  if (isObject(value)) return { ok: true, value, fields: new Map(Object.entries(value)) };
  // The rule of the reference's schema.
  return { ok: false, reply: invalid({ '': `${repr(value)} is not of type 'object'` }) };
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

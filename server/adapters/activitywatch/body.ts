// The body of a request as JSON, or the reply that says what is wrong with it, in the reference's words. Uploaded files are
// taken out of their multipart form here.

import { outOfBounds } from '../../../protocol/bounds.ts';
import type { Flow, Reply, Request } from '../adapter.ts';
import { repr, spaced } from './python.ts';

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
const broken = 'The browser (or proxy) sent a request that this server could not understand.';

export function jsonBody(request: Request): Body {
  const media = mediaType(request);
  if (media !== 'application/json' && !/^application\/\S+\+json$/.test(media)) {
    return { ok: false, reply: refused(415, wrongType) };
  }
  return parsed(request.body.toString());
}

/** JSON as such, or every file of a form. */
export function uploads(request: Request): readonly Body[] {
  if (mediaType(request) !== 'multipart/form-data') return [jsonBody(request)];
  const said = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(request.headers.get('content-type') ?? '');
  const boundary = said?.[1] ?? said?.[2];
  if (boundary === undefined) return [{ ok: false, reply: refused(400, broken) }];
  return partsOf(request.body, `--${boundary}`).map(parsed);
}

function mediaType(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function parsed(text: string): Body {
  const beyond = outOfBounds(text);
  if (beyond !== undefined) return { ok: false, reply: refused(400, `${broken} (${beyond})`) };
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return { ok: false, reply: refused(400, broken) };
  }
}

function partsOf(body: Buffer, delimiter: string): readonly string[] {
  const parts: string[] = [];
  let at = body.indexOf(delimiter);
  while (at !== -1) {
    const start = body.indexOf('\r\n\r\n', at);
    const next = body.indexOf(`\r\n${delimiter}`, at + delimiter.length);
    if (start === -1 || next === -1 || start > next) break;
    parts.push(body.toString('utf8', start + 4, next));
    at = next + 2;
  }
  return parts;
}

/** The fields of an object, by name; the rule of the reference's schema for anything else. */
export function objectBody(
  value: unknown,
):
  | { readonly ok: true; readonly fields: ReadonlyMap<string, unknown> }
  | { readonly ok: false; readonly reply: Reply } {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { ok: true, fields: new Map(Object.entries(value)) };
  }
  return { ok: false, reply: invalid({ '': `${repr(value)} is not of type 'object'` }) };
}

// Replies whose text is made in pieces. One of a single piece is sent whole, with its length; the pieces of a longer one are made while it
// is sent.

import { listPieces } from '../core/list-pieces.ts';
import type { ChunkedReply, Reply } from './types.ts';

export async function piecesReply(
  headers: Readonly<Record<string, string>>,
  pieces: AsyncGenerator<string>,
): Promise<Reply | ChunkedReply> {
  const [first, second] = [await pieces.next(), await pieces.next()];
  const texts = [first, second].map(({ value, done }) => (done === true ? '' : value));
  if (second.done === true) return { status: 200, headers, body: texts.join('') };
  const chunks = async function* () {
    yield* texts;
    yield* pieces;
  };
  return { status: 200, headers, chunks: chunks() };
}

/** Replies with `{"<name>":[…]}`. */
export function listReply(
  name: string,
  entries: Iterable<unknown> | AsyncIterable<unknown>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply | ChunkedReply> {
  return piecesReply({ 'content-type': 'application/json; charset=utf-8', ...headers }, listPieces({}, name, entries));
}

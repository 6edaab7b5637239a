// Writes a JSON object with one list that may be long, in pieces, while it is sent. So no such answer is in memory as a whole, and others
// are served between two pieces.

import { nextTurn } from './next-turn.ts';

/** Characters of a piece. Small strings are freed soon after they are sent. */
const pieceCharacters = 65_536;

/**
 * @param before the members before the list
 * @param name of the list
 * @param after the members after it
 */
export async function* listPieces(
  before: object,
  name: string,
  entries: Iterable<unknown> | AsyncIterable<unknown>,
  after: object = {},
): AsyncGenerator<string, void> {
  const members = JSON.stringify(before).slice(0, -1);
  let [piece, comma] = [`${members}${members === '{' ? '' : ','}${JSON.stringify(name)}:[`, ''];
  for await (const entry of entries) {
    piece += comma + JSON.stringify(entry);
    comma = ',';
    if (piece.length < pieceCharacters) continue;
    yield piece;
    piece = '';
    await nextTurn();
  }
  const rest = JSON.stringify(after).slice(1);
  yield `${piece}]${rest === '}' ? '' : ','}${rest}`;
}

/** Like `map`, but each result is made when it is asked for. */
export function* mapEach<T, U>(all: Iterable<T>, make: (one: T) => U): Generator<U, void> {
  for (const one of all) yield make(one);
}

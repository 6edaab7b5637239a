// Reads parts of a JSON text of any length from a stream. Only the wanted parts are held in memory.

import { JSONParser } from '@streamparser/json';

export type JsonFields = Readonly<Record<string, unknown>>;

/** Empty if the value is not an object. */
export function fieldsOf(value: unknown): JsonFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export interface JsonFound {
  /** The keys from the root to the value: names in objects, indexes in arrays. */
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/**
 * @param paths such as `$.days.*.heartbeats.*`. None may contain another, because the whole outer value would be held in memory
 * @throws if the text is not JSON, or is incomplete
 */
export async function* streamParts(
  pieces: AsyncIterable<Uint8Array | string>,
  paths: readonly string[],
): AsyncGenerator<JsonFound> {
  let found: JsonFound[] = [];
  const parser = new JSONParser({ paths: [...paths], keepStack: false });
  parser.onValue = ({ value, key, stack }) => {
    const keys = [...stack.slice(1).map((one) => one.key), key];
    found.push({ path: keys.filter((one) => one !== undefined), value });
  };
  for await (const piece of pieces) {
    parser.write(piece);
    const parts = found;
    found = [];
    yield* parts;
  }
  if (!parser.isEnded) throw new Error('the JSON text ends in the middle');
}

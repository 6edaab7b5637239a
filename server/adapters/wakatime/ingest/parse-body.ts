// Reads a request's body as JSON, whatever its content type says.

import { replaceLoneSurrogates } from '../../../../protocol/well-formed.ts';

/** @returns undefined if the body is not JSON. VS Code for the web encodes its list twice, as a JSON text in a JSON string. */
export function parseBody(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'string' ? JSON.parse(replaceLoneSurrogates(value)) : value;
  } catch {
    return undefined;
  }
}

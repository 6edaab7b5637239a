// The body of a request as JSON.

import { parseJson } from '../../protocol/json.ts';
import type { Request } from './types.ts';

/** Undefined if the body is not JSON. */
export function bodyOf({ body }: Request): unknown {
  return parseJson(body.toString());
}

// Parts of requests to WakaTime's endpoints: parts of the path and fields of a JSON body.

import type { Request } from '../../http/types.ts';
import { parseBody } from './ingest/parse-body.ts';
import { isObject } from './model/heartbeat.ts';

/** A `:name` of the path, percent-decoded; '' where the path has none. */
export function pathParam({ params }: Request, name: string): string {
  return params.get(name) ?? '';
}

/** The body, if it is a JSON object; an empty object for any other body. */
export function readObject({ body }: Request): Readonly<Record<string, unknown>> {
  const value = parseBody(body);
  return isObject(value) ? value : {};
}

/**
 * A text field, trimmed and cut.
 * @param longest characters
 * @returns '' where the field is no text
 */
export function readText(fields: Readonly<Record<string, unknown>>, name: string, longest = 255): string {
  const value = fields[name];
  return typeof value === 'string' ? value.trim().slice(0, longest) : '';
}

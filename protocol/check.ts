// Ajv with the settings of this project: a check stops at the first error and allows unknown fields. Create checks once, at start: a schema
// is compiled when its check is first used, because compiling all of them takes half of the time of a start.

import type { TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

const ajv = new Ajv({ strict: false });

export interface Check {
  (value: unknown): boolean;
  /** Why the last value failed; empty if it passed. */
  readonly errors: readonly ErrorObject[];
}

export function compile(schema: TSchema): Check {
  let validate: ValidateFunction<unknown> | undefined;
  const run = (value: unknown): boolean => {
    validate ??= ajv.compile(schema);
    return validate(value);
  };
  return Object.defineProperty(Object.assign(run, { errors: [] }), 'errors', { get: () => validate?.errors ?? [] });
}

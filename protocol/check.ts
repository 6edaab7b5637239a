// Ajv as this project uses it: the first error is enough, and foreign fields are allowed. Checks are compiled once, at start.

import type { TSchema } from '@sinclair/typebox';
import { Ajv, type ValidateFunction } from 'ajv';

const ajv = new Ajv({ strict: false });

export type Check = ValidateFunction<unknown>;

export const compile = (schema: TSchema): Check => ajv.compile(schema);

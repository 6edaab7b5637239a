// Ajv with the settings of this project: a check stops at the first error and allows unknown fields. Compile checks once, at start.

import type { TSchema } from '@sinclair/typebox';
import { Ajv, type ValidateFunction } from 'ajv';

const ajv = new Ajv({ strict: false });

export type Check = ValidateFunction<unknown>;

export const compile = (schema: TSchema): Check => ajv.compile(schema);

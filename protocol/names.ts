// Names that people give: of devices, tokens, accounts, webhooks, calendars.

import { Type } from '@sinclair/typebox';

/** Characters that no name may have: control characters and halves of a surrogate pair, which cannot be stored as text. */
export const forbiddenInNames = '\\u0000-\\u001f\\u007f\\ud800-\\udfff';
export const Name = Type.String({ minLength: 1, maxLength: 64, pattern: `^[^${forbiddenInNames}]+$` });

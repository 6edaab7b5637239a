// Any change of the wire's schemas fails this test, so that none is accidental.

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { errors } from '../../../protocol/errors.ts';
import { answers, requests } from '../../../protocol/messages.ts';

const pinned = 'ae6afd859aab7e544a623482c585b6be741dfbf31434606b1b4f46cb6e889578';

/** JSON with the fields of every object in one order, and without the descriptions of schemas. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([name, field]) => name !== 'description' || typeof field !== 'string')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`;
}

test('the schemas and errors of the wire equal the pinned ones', () => {
  const text = canonical({ requests, answers, errors });
  const hash = createHash('sha256').update(text).digest('hex');
  if (hash === pinned) return;
  throw new Error(
    [
      'The wire has changed: the schemas of protocol/messages.ts or the table of protocol/errors.ts.',
      'Clients that nobody updates speak it. If the change is meant:',
      '  1. only add: fields that may be absent, new types, new codes. Never take away, rename or narrow;',
      '  2. say it in protocol/README.md, with a test of the rule, and in CHANGELOG.md;',
      `  3. pin the new hash in tests/unit/protocol/wire.test.ts: ${hash}`,
    ].join('\n'),
  );
});

test('the error texts that Kronos clients show equal the reference server’s', () => {
  const { payload, payload_type, property, missing } = errors;
  expect([payload.text, payload_type.text, property.text, missing.text]).toEqual([
    'invalid payload',
    'invalid payload type',
    'invalid %',
    'missing %',
  ]);
  const { user_not_found, login_first, device_not_found, task_not_found, task_exists } = errors;
  expect([user_not_found.text, login_first.text, device_not_found.text, task_not_found.text, task_exists.text]).toEqual(
    ['user not found', 'user not found', 'device not found', 'task not found', 'task already exist'],
  );
});

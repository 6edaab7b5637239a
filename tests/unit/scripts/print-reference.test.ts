import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { errors } from '../../../protocol/errors.ts';
import { answers, requests } from '../../../protocol/messages.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const printed = execFileSync(process.execPath, ['--import', 'tsx', 'scripts/print-reference.ts'], {
  cwd: top,
  encoding: 'utf8',
});
const document = JSON.parse(printed);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Every `$ref` of the document. */
function refs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => (name === '$ref' ? [String(field)] : refs(field)));
}

test('the reference is one AsyncAPI 3.0 document, in which every reference leads somewhere', () => {
  expect(document).toMatchObject({
    asyncapi: '3.0.0',
    info: { title: 'Horai', version: expect.stringMatching(/^\d/) },
  });
  const found = refs(document);
  expect(found.length).toBeGreaterThan(100);
  for (const ref of found) {
    const path = ref.replace(/^#\//, '').split('/');
    const target = path.reduce((value, name) => value?.[name], document);
    expect([ref, typeof target]).toEqual([ref, 'object']);
  }
});

test('its schemas are those that the hub checks by, and its errors those that the hub says', () => {
  const { schemas, messages } = document.components;
  const expected = Object.fromEntries([
    ...Object.entries(requests).map(([name, schema]) => [`request.${name}`, plain(schema)]),
    ...Object.entries(answers).map(([name, schema]) => [`answer.${name}`, plain(schema)]),
  ]);
  expect(schemas).toEqual(expected);
  expect(Object.keys(messages)).toEqual(Object.keys(expected));
  expect(document['x-errors']).toEqual(plain(errors));
});

test('its schemas work without this project, and each message says what it is for', () => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  for (const schema of Object.values<object>(document.components.schemas)) ajv.compile(schema);
  for (const { summary } of Object.values<{ summary: string }>(document.components.messages))
    expect(summary).toMatch(/\w/);
  const create = ajv.compile(document.components.schemas['request.create']);
  expect(create({ type: 'create', task: { id: 1 }, anything: 'else' })).toBe(true);
  expect(create({ type: 'create', task: { id: 'one' } })).toBe(false);
});

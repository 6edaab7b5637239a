// docs/reference equals the documents that a hub serves at /-/reference, and both agree with the code.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import { dayItems } from '../../../protocol/day-channels.ts';
import { errors } from '../../../protocol/errors.ts';
import { answers, requests } from '../../../protocol/messages.ts';
import { documents, folder, readReference } from '../../../scripts/write-reference.ts';
import { activityWatchDocs, edgeDocs } from '../../../server/adapters/activitywatch/routes/route-docs.ts';
import { mobtimerDocs } from '../../../server/adapters/mobtimer/route-docs.ts';
import { wakatimeDocs } from '../../../server/adapters/wakatime/route-docs.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

let served: ReadonlyMap<string, string> = new Map();
const documentOf = (name: string) => JSON.parse(served.get(name) ?? '{}');

beforeAll(async () => {
  served = await readReference();
});

test.each(documents)('docs/reference/%s equals the hub’s answer; `npm run reference` writes it again', (name) => {
  expect(readFileSync(join(folder, name), 'utf8')).toBe(served.get(name));
});

describe('the AsyncAPI document', () => {
  /** Every `$ref` of the document. */
  function refs(value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, field]) => (name === '$ref' ? [String(field)] : refs(field)));
  }

  test('is AsyncAPI 3.0, and each of its references leads somewhere', () => {
    const document = documentOf('asyncapi.json');
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

  test('holds the schemas that the hub checks by and the errors that it sends', () => {
    const document = documentOf('asyncapi.json');
    const { schemas, messages } = document.components;
    const expected = Object.fromEntries([
      ...Object.entries(requests).map(([name, schema]) => [`request.${name}`, plain(schema)]),
      ...Object.entries(answers).map(([name, schema]) => [`answer.${name}`, plain(schema)]),
      ...Object.entries(dayItems).map(([name, { schema }]) => [`item.${name}`, plain(schema)]),
    ]);
    expect(schemas).toEqual(expected);
    expect(Object.keys(messages)).toEqual(Object.keys(expected));
    expect(document['x-errors']).toEqual(plain(errors));
  });

  test('has an example for each message that its schema accepts', () => {
    const { messages, schemas } = documentOf('asyncapi.json').components;
    const ajv = new Ajv({ strict: true, allowUnionTypes: true });
    for (const [name, { examples }] of Object.entries<{ examples: { payload: unknown }[] }>(messages)) {
      const check = ajv.compile(schemas[name]);
      expect([name, examples.map(({ payload }) => check(payload))]).toEqual([name, [true]]);
    }
  });

  test('has schemas that work without this project, and a summary for each message', () => {
    const { schemas, messages } = documentOf('asyncapi.json').components;
    const ajv = new Ajv({ strict: true, allowUnionTypes: true });
    for (const schema of Object.values<object>(schemas)) ajv.compile(schema);
    for (const { summary } of Object.values<{ summary: string }>(messages)) expect(summary).toMatch(/\w/);
    const create = ajv.compile(schemas['request.create']);
    expect(create({ type: 'create', task: { id: 1 }, anything: 'else' })).toBe(true);
    expect(create({ type: 'create', task: { id: 'one' } })).toBe(false);
  });
});

describe('the OpenAPI document', () => {
  const operations = () =>
    Object.entries<object>(documentOf('openapi.json').paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );

  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(documentOf('openapi.json'))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('has a summary, a tag and a scope for every route', () => {
    const all = operations();
    expect(all.length).toBeGreaterThan(140);
    expect(all.filter((one) => one['x-undocumented'] === true).map(({ method, path }) => `${method} ${path}`)).toEqual(
      [],
    );
    for (const { summary, tags, 'x-scope': scope } of all) {
      expect(summary).toMatch(/^[A-Z].*[^.]$/);
      expect(tags).toHaveLength(1);
      expect(scope).toMatch(/^(?:none|admin|(?:read|write)(?::\S+)?(?: write(?::\S+)?)?)$/);
    }
  });

  test('gives each operation a unique id', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has a route for each row of the tables of docs', () => {
    const summaries = new Set(operations().map(({ summary }) => summary));
    const rows = [activityWatchDocs, edgeDocs, mobtimerDocs, wakatimeDocs].flatMap((table) => Object.entries(table));
    expect(rows.filter(([, { summary }]) => !summaries.has(summary)).map(([key]) => key)).toEqual([]);
  });
});

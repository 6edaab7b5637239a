// Decoding of foreign messages: every type, every field, with every kind of wrong value. Each gets a clear error and never an exception. During
// the tests the prototype of all objects is frozen, so that a write to it throws.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { bounds, outOfBounds } from '../../../protocol/bounds.ts';
import { decode, decodeInSteps } from '../../../protocol/codec.ts';
import { errors, refusalText, refuse } from '../../../protocol/errors.ts';
import { finish } from '../../../protocol/in-steps.ts';
import { requests } from '../../../protocol/messages.ts';
import { startHub, type TestHub } from '../../harness/kronos.ts';

const deep = (depth: number, inside = '1') => `${'['.repeat(depth)}${inside}${']'.repeat(depth)}`;

/** JSON texts, because JSON.stringify cannot write all of these values. */
const values: readonly string[] = [
  ...['null', 'true', 'false', '0', '-0', '1', '-1', '1.5', '1e3', '-9007199254740991', '9007199254740991'],
  ...[
    '""',
    '"x"',
    '"*"',
    '"/"',
    '" "',
    '"a/*"',
    '"@hub/tokens"',
    '"mob/x"',
    '"tasks"',
    '"owner/tasks"',
    '"\\u0000"',
    '"\\n"',
  ],
  ...[
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"😀"',
    '"\\ufeff"',
    '"NaN"',
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"hasOwnProperty"',
  ],
  ...[`"${'x'.repeat(300)}"`, `"${'é'.repeat(100_000)}"`],
  ...[
    '[]',
    '[null]',
    '[[]]',
    '[1,"x"]',
    '{}',
    '{"id":0}',
    '{"id":1.5}',
    '{"id":"1"}',
    '{"desc":4}',
    '{"tags":"x"}',
    '{"tags":[1]}',
  ],
  ...[
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"toString":1,"valueOf":2}',
    '{"length":-1}',
    '{"seq":-1}',
  ],
  ...[deep(29), `{"a":${deep(28)}}`],
];
const unparsable = [
  'NaN',
  'Infinity',
  'undefined',
  '01',
  '+1',
  '1e400',
  '-1e999',
  '9007199254740993',
  '"\u0001"',
  "'x'",
  '[1,]',
  '{a:1}',
  deep(5_000),
  '"\\x"',
  '"',
];

const required: Record<string, string> = {
  channel: '"notes"',
  to: '0',
  session: '"nobody"',
  name: '"name"',
  token: '"none"',
};

function text(type: string, field: string, value: string | undefined): string {
  const schema = Object.entries(requests).find(([name]) => name === type)?.[1];
  const base = (schema?.required ?? []).filter((name) => name !== 'type' && name !== field);
  const fields = base.map((name) => `${JSON.stringify(name)}:${required[name]}`);
  const input = value === undefined ? [] : [`${JSON.stringify(field)}:${value}`];
  return `{${[`"type":${JSON.stringify(type)}`, ...fields, ...input].join()}}`;
}

const cases = Object.entries(requests).flatMap(([type, { properties }]) =>
  [...Object.keys(properties).filter((field) => field !== 'type'), '__proto__', 'constructor', ''].map((field) => ({
    type,
    field,
  })),
);

describe('decoding', () => {
  test('[B1.1] [B1.3] text that is not JSON within the limits is an invalid payload', () => {
    for (const value of unparsable) {
      expect(decode(text('create', 'item', value))).toMatchObject({
        ok: false,
        code: 'payload',
        error: 'invalid payload',
      });
    }
    for (const input of [
      '',
      ' ',
      'null',
      '1',
      '"x"',
      '[]',
      '[{}]',
      '{',
      '}',
      '{}}',
      '\u{feff}{}',
      '{"type":"ping"}{"type":"ping"}',
    ]) {
      expect(decode(input)).toMatchObject({ ok: false, error: 'invalid payload' });
    }
  });

  test('an unknown type is refused as an invalid payload type, with the ref of the request', () => {
    for (const type of [
      'null',
      '1',
      '""',
      '"x"',
      '"__proto__"',
      '"constructor"',
      '"toString"',
      '["login"]',
      '{"toString":"login"}',
      '"Login"',
    ]) {
      expect(decode(`{"type":${type},"ref":7}`)).toMatchObject({ ok: false, error: 'invalid payload type', ref: 7 });
    }
    expect(decode('{}')).toMatchObject({ error: 'invalid payload type' });
    expect(decode('{"type":"ping","type":"x"}')).toMatchObject({ error: 'invalid payload type' });
  });

  test('a wrong field is named in the refusal, in words', () => {
    const wrong = [
      ['{"type":"delete","task_id":"x"}', 'invalid task id'],
      ['{"type":"delete","task_index":1}', 'invalid task index'],
      ['{"type":"login","user_id":1}', 'invalid user id'],
      ['{"type":"login","device_id":{}}', 'invalid device id'],
      ['{"type":"login","device_id":"\\u0000"}', 'invalid device id'],
      ['{"type":"login","version":"1"}', 'invalid version'],
      ['{"type":"create","task":[]}', 'invalid task'],
      ['{"type":"create","task":null}', 'invalid task'],
      ['{"type":"create","task":{"id":1.5}}', 'invalid id'],
      ['{"type":"create","task":{"tags":["x",1]}}', 'invalid tags'],
      ['{"type":"create","task":{"due":"x"}}', 'invalid due'],
      ['{"type":"write-all","tasks":{}}', 'invalid tasks'],
      ['{"type":"write-all","data":1}', 'invalid data'],
      ['{"type":"write-all","channel":"c","items":[{"item":1}]}', 'invalid key'],
      ['{"type":"subscribe","channel":"/x"}', 'invalid channel'],
      ['{"type":"create","channel":"c","item":1,"base":-1}', 'invalid base'],
      ['{"type":"create","channel":"c","item":1,"base":{"seq":"x"}}', 'invalid seq'],
      ['{"type":"create","channel":"c","item":1,"write_id":""}', 'invalid write id'],
      ['{"type":"ping","ref":{}}', 'invalid ref'],
    ] as const;
    for (const [input, error] of wrong) expect([input, decode(input)]).toMatchObject([input, { ok: false, error }]);
  });

  test.each([
    ['{"type":"subscribe"}', 'missing channel', 'see {"type":"help"}'],
    ['{"type":"subscribe","chanel":"tasks"}', 'missing channel', 'did you mean "channel" instead of "chanel"?'],
    ['{"type":"revert","channel":"tasks","t0":1}', 'missing to', 'see {"type":"help"}'],
    ['{"type":"subscrib","channel":"tasks"}', 'invalid payload type', 'did you mean "subscribe"?'],
    ['{"type":"reedall"}', 'invalid payload type', 'did you mean "read-all"?'],
    ['{"type":"x"}', 'invalid payload type', 'type one of: login, read-all'],
    [`{"type":"${'x'.repeat(10_000)}"}`, 'invalid payload type', 'type one of: login, read-all'],
  ])('a missing field is called missing, and a misspelt word gets the right one as a hint: %.60s', (text, error, hint) => {
    expect(decode(text)).toMatchObject({ ok: false, error, hint: expect.stringContaining(hint) });
  });

  test('every value in every field of every type is a request, or a refusal of the table', () => {
    let tried = 0;
    const wrong: unknown[] = [];
    for (const { type, field } of cases) {
      for (const value of [undefined, ...values, ...unparsable]) {
        const input = text(type, field, value);
        const decoded = decode(input);
        tried += 1;
        const isRight = decoded.ok ? decoded.request.type === type : Object.hasOwn(errors, decoded.code);
        if (!isRight) wrong.push([input, decoded]);
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(10_000);
  });

  test('[B1.1] [B1.2] [B1.3] [B1.5] a message beyond the bounds is refused before it is parsed', () => {
    expect(outOfBounds(deep(bounds.depth))).toBeUndefined();
    expect(outOfBounds(deep(bounds.depth + 1))).toMatch(/deep/);
    expect(outOfBounds(`{"a":"${'['.repeat(100)}"}`)).toBeUndefined();
    expect(outOfBounds(`{"a\\"":"{[\\\\"}`)).toBeUndefined();
    const wide = (keys: number) => `{${Array.from({ length: keys }, (_, at) => `"${at}":{"x":1}`).join()}}`;
    expect(outOfBounds(wide(bounds.keys))).toBeUndefined();
    expect(outOfBounds(wide(bounds.keys + 1))).toMatch(/keys/);
    for (const number of ['9007199254740991', '-9007199254740991', '0.1', '1e15', '123456789.123456789', '1E-7']) {
      expect([number, outOfBounds(`[${number}]`)]).toEqual([number, undefined]);
    }
    for (const number of ['9007199254740992', '-9007199254740993', '1e16', '1e309', '123456789012345678901234567890']) {
      expect([number, outOfBounds(`[${number}]`)]).toEqual([number, 'a number past 2^53']);
    }
    expect(decode(`"${'x'.repeat(bounds.bytes)}"`)).toMatchObject({ code: 'too_large' });
  });
});

describe('the table of errors', () => {
  test('a refusal has the text of its row, its subject and its hint, and no field without a value', () => {
    expect(refuse('property', 'task id', 'a number')).toEqual({
      ok: false,
      code: 'property',
      error: 'invalid task id',
      hint: 'a number',
    });
    expect(refuse('forbidden')).toEqual({ ok: false, code: 'forbidden', error: 'forbidden' });
    expect(JSON.parse(refusalText(refuse('missing', 'task'), 'r'))).toEqual({
      success: false,
      error: 'missing task',
      code: 'missing',
      ref: 'r',
    });
  });

  test('every row has an HTTP status, and a valid close code if it ends a conversation', () => {
    for (const row of Object.values(errors)) {
      expect(row.status).toBeGreaterThanOrEqual(400);
      const close = 'close' in row ? row.close : undefined;
      if (close !== undefined) expect([1007, 1009, 1012].includes(close) || (close >= 4400 && close < 4600)).toBe(true);
    }
  });
});

describe('a running hub', () => {
  beforeAll(() => {
    Object.freeze(Object.prototype);
  });

  const faults = ({ world }: TestHub) => world.lines.filter(({ level }) => level === 'error');

  test('answers every value in every field of every type without an internal error', async () => {
    const hub = await startHub();
    let input = 0;
    const wrong: unknown[] = [];
    for (const { type, field } of cases) {
      if (type === 'login' && field === 'name') continue;
      const wire = hub.connect(undefined, { address: `10.0.${input % 250}.1` });
      await wire.ask({ type: 'login', user_id: hub.owner, device_id: '', version: 0 });
      const messages = [undefined, ...values].map((value) => text(type, field, value));
      input += messages.length;
      const answers = await wire.ask(...messages);
      wrong.push(...answers.filter((one) => typeof one.success !== 'boolean' || one.error === 'internal error'));
      wire.hangUp();
    }
    expect(input).toBeGreaterThan(8_000);
    expect(wrong).toEqual([]);
    expect(faults(hub)).toEqual([]);
  }, 60_000);

  test('takes the names of prototype members as ordinary names everywhere', async () => {
    const hub = await startHub();
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'valueOf',
      '__defineGetter__',
      'length',
      'then',
    ];
    for (const [at, name] of names.entries()) {
      const wire = hub.connect();
      await wire.ask({ type: 'login', user_id: hub.owner, device_id: name, version: 0 });
      const other = hub.connect();
      await other.ask({ type: 'login', user_id: hub.owner, device_id: `other ${name}`, version: 0 });
      await other.ask({ type: 'subscribe', channel: name }, { type: 'subscribe', channel: `${name}*` });
      const item = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
      const write = { type: 'create', channel: name, key: name, item, write_id: name, ref: name };
      expect(await wire.ask(write, write)).toMatchObject([
        { type: 'ack', ref: name, key: name, seq: 1 },
        { type: 'ack', seq: 1 },
      ]);
      expect(await other.ask()).toMatchObject([{ channel: name, key: name, device_id: name, item }]);
      expect(await wire.ask({ type: 'read-all', channel: name })).toMatchObject([{ items: [{ key: name, item }] }]);
      expect(await wire.ask({ type: 'history', channel: name, key: name })).toMatchObject([{ changes: [{ seq: 1 }] }]);
      const task = { id: at + 1, desc: name, index: name, tags: [name] };
      await wire.ask({ type: 'create', task }, { type: 'update', task: { ...task, [name]: name } });
      const [all] = (await wire.ask({ type: 'read-all' })).slice(-1);
      expect(all.tasks).toContainEqual(expect.objectContaining({ id: at + 1, index: name }));
      expect(await wire.ask({ type: 'token', name, account: name })).toMatchObject([{ error: 'account not found' }]);
      expect(await wire.ask({ type: 'kick', session: name }, { type: 'revoke', token: name })).toMatchObject([
        { error: 'session not found' },
        { error: 'token not found' },
      ]);
      expect(await hub.connect().ask({ type: 'login', user_id: name })).toMatchObject([{ success: false }]);
    }
    await hub
      .connect()
      .ask(
        '{"type":"write-all","tasks":[{"id":1,"__proto__":{"x":2}},{"id":2,"constructor":1}],"ref":2}',
        '{"type":"revert","channel":"tasks","to":1}',
      );
    expect(faults(hub)).toEqual([]);
  });
});

describe('decoding with pauses', () => {
  const many = Array.from({ length: 8_000 }, (_, at) => ({ id: at + 1, desc: `${at} "${'x'.repeat(150)}\\` }));
  const odd: readonly unknown[] = [
    { id: 0, desc: 'no id' },
    { id: '17', desc: 'an id as text' },
    'no task',
    { id: 5, due: 'never' },
    JSON.parse(`{"id":6,"desc":${deep(40)}}`),
    null,
  ];
  const texts: Readonly<Record<string, string>> = {
    'a large list': JSON.stringify({ type: 'write-all', tasks: many, ref: 1 }),
    'a large list in data': JSON.stringify({ type: 'write-all', data: { sync_version: 5, tasks: many } }),
    'a large list with elements that are no tasks': JSON.stringify({
      type: 'write-all',
      tasks: [...odd, ...many, ...odd],
    }),
    'a large list that is not JSON': JSON.stringify({ type: 'write-all', tasks: many }).replace('"id":7,', '"id":7 '),
    'a large list with a wrong field': JSON.stringify({ type: 'write-all', version: 'x', tasks: many, ref: 'r' }),
    'a list of too many tasks': JSON.stringify({ type: 'write-all', tasks: [...many, ...many] }),
    'two large lists': JSON.stringify({ type: 'write-all', tasks: many, data: { tasks: [] } }),
    'a large message of another type': JSON.stringify({ type: 'create', item: 'x'.repeat(bounds.bytes) }),
    'a small list': JSON.stringify({ type: 'write-all', tasks: odd }),
  };

  test.each(Object.entries(texts))('has the same result for %s', (_name, text) => {
    expect(finish(decodeInSteps(text))).toEqual(decode(text));
  });

  test('pauses for each few hundred tasks of a large list', () => {
    let pauses = 0;
    for (const steps = decodeInSteps(texts['a large list'] ?? ''); steps.next().done !== true; ) pauses += 1;
    expect(pauses).toBeGreaterThan(many.length / 250);
  });
});

// The requirements of known clients' parsers for the answer to a batch, one rule per line. The batch has valid, repeated and invalid
// heartbeats.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

type Entry = [body: Record<string, unknown>, status: number];

describe('the answer to a batch', () => {
  let testHub: TestHub;
  let status: number;
  let answer: { responses: Entry[]; error?: unknown };
  const batch = [
    beat(noon, { category: 'a new one', dependencies: ['x'] }),
    beat(noon, { category: 'a new one', dependencies: ['x'] }),
    beat(noon - 1, { category: null, lineno: '3', cursorpos: '4' }),
    beat(noon * 1_000),
    { time: noon },
    { entity: 'x' },
    null,
    7,
  ];
  const taken = () => answer.responses.slice(0, 3);
  const refused = () => answer.responses.slice(3);

  beforeAll(async () => {
    testHub = await openTestHub();
    const sent = await testHub.send(batch);
    status = sent.status;
    answer = JSON.parse(sent.body);
  });
  afterAll(() => testHub.close());

  test.each<[string, () => boolean]>([
    ['is 202 as a whole, never 200, never 400 for bad data', () => status === 202],
    ['has no error at the top', () => !('error' in answer)],
    ['has as many entries as were sent', () => answer.responses.length === batch.length],
    ['has entries of exactly two', () => answer.responses.every((entry) => Array.isArray(entry) && entry.length === 2)],
    ['has a whole number second', () => answer.responses.every(([, code]) => Number.isInteger(code))],
    [
      'begins each item with an object, never null',
      () => answer.responses.every(([body]) => typeof body === 'object' && body !== null && !Array.isArray(body)),
    ],
    ['is 201 for what was taken', () => taken().every(([, code]) => code === 201)],
    ['is 201 for a repetition', () => answer.responses[1]?.[1] === 201],
    ['echoes nothing of a heartbeat', () => taken().every(([body]) => body['data'] === null && body['error'] === null)],
    [
      'has 400 for heartbeats that can never be stored, and no status that makes a client repeat them',
      () => refused().every(([, code]) => code === 400),
    ],
    ['has no `error` beside a 400', () => refused().every(([body]) => !('error' in body))],
    [
      'has lists of texts in `errors`',
      () =>
        refused().every(([{ errors }]) =>
          Object.values(errors ?? {}).every(
            (reasons) =>
              Array.isArray(reasons) && reasons.length > 0 && reasons.every((one) => typeof one === 'string'),
          ),
        ),
    ],
    ['has a reason for every refusal', () => refused().every(([{ errors }]) => Object.keys(errors ?? {}).length > 0)],
  ])('%s', (_, holds) => {
    expect(holds()).toBe(true);
  });
});

// The recorded conversation with the reference server, replayed in order on an empty hub. Answers must be the same bytes, but
// for what differs in every run and for the records below, each with the reason why we answer otherwise.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { errorMessage } from '../../../../protocol/error-message.ts';
import { type Answer, openServer } from '../../../harness/activitywatch.ts';

interface Recorded {
  readonly n: number;
  readonly method: string;
  readonly path: string;
  readonly content_type?: string;
  readonly request_body?: string;
  readonly status: number;
  readonly response_content_type: string | null;
  readonly response_body: string;
  readonly response_headers?: Readonly<Record<string, string>>;
  readonly volatile?: string;
}

const recorded: readonly Recorded[] = readFileSync(
  new URL('../../../fixtures/activitywatch/golden.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line): Recorded => JSON.parse(line));

type Otherwise = 'not sent' | ((answer: Answer) => void);
const message =
  (expected: number, text: RegExp): Otherwise =>
  (answer) => {
    expect(answer.status).toBe(expected);
    expect(answer.value.message).toMatch(text);
  };
const body =
  (expected: unknown): Otherwise =>
  (answer) => {
    expect(answer.status).toBe(200);
    expect(answer.value).toEqual(expected);
  };

const otherwise: ReadonlyMap<number, Otherwise> = new Map<number, Otherwise>([
  // Paths are answered with the last slash and without it.
  [2, body({})],
  [25, body({})],
  [161, body([1])],
  // What the reference answers with 500 is a client's fault, and told so.
  [5, message(400, /Input payload validation failed/)],
  [32, message(400, /timestamp 'garbage'/)],
  [33, message(400, /duration '5'/)],
  [34, message(400, /timestamp 1767268800/)],
  [42, message(400, /start 'garbage'/)],
  [43, message(400, /%2B/)],
  [68, message(400, /pulsetime 'abc'/)],
  [165, message(400, /timeperiod 'garbage'/)],
  [193, message(400, /regular expression "\["/)],
  // A field that nobody knows is no reason to lose an event; it would be one more in all records that follow.
  [31, 'not sent'],
  // No number, no limit.
  [41, (answer) => expect(answer.value).toHaveLength(4)],
  // PUT works.
  [14, body({})],
  // There is no log, and unknown paths say so in JSON.
  [23, message(404, /not found/)],
  [24, message(404, /not found/)],
  [55, message(404, /not found/)],
  // An event with an id that nobody has is kept; in these records it would be one more.
  [58, 'not sent'],
  // The end of a range is not moved by a millisecond, and a range that ends before it begins is empty.
  [44, (answer) => expect(answer.value[0].duration).toBe(1800)],
  [45, (answer) => expect(answer.value.map((event: { duration: number }) => event.duration)).toEqual([0, 0])],
  [47, (answer) => expect(answer.value[0].duration).toBe(0.377)],
  [48, body([])],
  // A missing bucket is made for a watcher; tested in heartbeat.test.ts.
  [72, 'not sent'],
  // The reference writes over another event than the one it joined.
  [77, body({ id: 7, timestamp: '2026-01-01T10:00:10+00:00', duration: 2.5, data: { a: 1 } })],
  [78, body({ id: 7, timestamp: '2026-01-01T10:00:10+00:00', duration: 2.5, data: { a: 1 } })],
  [
    88,
    (answer) =>
      expect(answer.value.slice(3).map(({ id, duration }: { id: number; duration: number }) => [id, duration])).toEqual(
        [
          [6, 0],
          [7, 2.5],
          [5, 5],
        ],
      ),
  ],
  // The Rust server's numbers and comments are understood.
  [149, body([1.5])],
  [155, message(400, /^Nothing to assign$/)],
]);

/** The reference adds a millisecond to the end of every range: the last event of these days reaches over midnight. */
const withoutTheMillisecond = (text: string): string =>
  text.replace(/"duration":10\.001/g, '"duration":10.0').replace('[235.001]', '[235.0]');

describe('the recorded conversation with the reference server', () => {
  test('is the same, byte by byte', async () => {
    const { ask, close } = await openServer();
    for (const { n, method, path, content_type, request_body, ...expected } of recorded) {
      // The recording leaves out some records here, in which one event was made.
      if (n === 119) await ask('POST', '/api/0/buckets/hb/events', { body: {} });
      const other = otherwise.get(n);
      if (other === 'not sent') continue;
      const headers = content_type === undefined ? {} : { 'content-type': content_type };
      const answer = await ask(method, path, {
        headers,
        ...(request_body === undefined ? {} : { body: request_body }),
      });
      try {
        if (other !== undefined) {
          other(answer);
          continue;
        }
        expect(answer.status).toBe(expected.status);
        const allow = expected.response_headers?.['Allow'];
        if (allow !== undefined) {
          expect(answer.headers['allow']?.split(', ').sort()).toEqual(allow.split(', ').sort());
        }
        const disposition = expected.response_headers?.['Content-Disposition'];
        if (disposition !== undefined) expect(answer.headers['content-disposition']).toBe(disposition);
        if (expected.volatile !== undefined) {
          expect(shape(answer.body)).toBe(shape(expected.response_body));
          continue;
        }
        // The list of similar paths in a 404 is read by nobody.
        const wanted = expected.response_body.replace(/\. You have requested this URI .*\?"/, '"');
        expect(answer.body).toBe(withoutTheMillisecond(wanted));
      } catch (error) {
        throw new Error(`record ${n}: ${errorMessage(error)}`);
      }
    }
    await close();
  });
});

/** With what differs from run to run taken out. */
function shape(text: string): string {
  return text
    .replace(/"(created|hostname|version|device_id)": "[^"]*"/g, '"$1": …')
    .replace(/"buckets": /, '"buckets": ');
}

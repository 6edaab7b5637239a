// `/api/0/query`: checks what a query asks for and hands it to the threads that run queries.

import type { Reply } from '../../../http/types.ts';
import { normalInstant } from '../events/instant.ts';
import { repr } from '../events/python-compat.ts';
import type { Period } from '../query/evaluate.ts';
import { answer, mebibyte, objectBody, refuseInvalid, refuseWith } from './request-body.ts';
import { query, type Resource, readableBuckets, type Visit } from './resource.ts';

export const queryResources: readonly Resource[] = [
  {
    path: '/api/0/query',
    limit: 4 * mebibyte,
    methods: {
      POST: {
        on: 'account',
        handle: runQuery,
      },
    },
  },
];

async function runQuery(visit: Visit): Promise<Reply> {
  const { context, request, buckets } = visit;
  const body = objectBody(request);
  if (!body.ok) return body.reply;
  const read = readQuery(body.fields);
  if (!read.ok) return read.reply;
  const described = await readableBuckets(visit);
  const question = {
    buckets: described.map(({ id, hostname }) => ({ id, hostname, channel: buckets.channelOf(id) })),
    text: read.text,
    name: query(request).get('name') ?? '',
    periods: read.periods,
  };
  const answered = await context.queries.ask(buckets.account, question, () => request.aborted());
  if (!answered.ok) return answer(400, { type: answered.type, message: answered.message });
  return { status: 200, headers: { 'content-type': 'application/json' }, body: answered.results };
}

/** The query and its periods, or what the reference's schema finds wrong with them. */
function readQuery(
  fields: ReadonlyMap<string, unknown>,
):
  | { readonly ok: true; readonly text: string; readonly periods: readonly Period[] }
  | { readonly ok: false; readonly reply: Reply } {
  const errors: [string, string][] = [];
  for (const name of ['query', 'timeperiods']) {
    if (!fields.has(name)) errors.push([name, `'${name}' is a required property`]);
  }
  const texts = (name: string): readonly string[] => {
    const value = fields.get(name) ?? [];
    if (!Array.isArray(value)) {
      errors.push([name, `${repr(value)} is not of type 'array'`]);
      return [];
    }
    return value.map((one: unknown, index) => {
      if (typeof one === 'string') return one;
      errors.push([`${name}.${index}`, `${repr(one)} is not of type 'string'`]);
      return '';
    });
  };
  const [spans, lines] = [texts('timeperiods'), texts('query')];
  if (errors.length > 0) return { ok: false, reply: refuseInvalid(Object.fromEntries(errors)) };
  const periods: Period[] = [];
  for (const text of spans) {
    const [start, end] = text.split('/', 2).map(normalInstant);
    if (start === undefined || end === undefined) {
      return { ok: false, reply: refuseWith(400, `timeperiod ${repr(text)} is not two ISO 8601 times joined by a /`) };
    }
    periods.push({ start, end });
  }
  return { ok: true, text: lines.join('\n'), periods };
}

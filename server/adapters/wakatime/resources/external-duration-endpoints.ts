// The endpoints of external durations: list, store and delete.

import type { Hub } from '../../../core/hub.ts';
import type { Put } from '../../../core/store.ts';
import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, errorReply, outcomeReply } from '../endpoint.ts';
import { parseBody } from '../ingest/parse-body.ts';
import { dayBounds, formatIso, formatIsoEnd, readDate } from '../model/calendar.ts';
import { toSeconds } from '../model/format-time.ts';
import { readObject, readText } from '../request-fields.ts';
import { failure, type QueryOutcome, type TimeQuery } from '../stats/query.ts';
import { channelOf, type External, parseExternal, readExternal, texts } from './external-durations.ts';

const mostAtOnce = 1_000;
const bodyLimit = 4_194_304;

function describeExternal(key: string, external: External, begin: number, end: number, at: number) {
  const input = Object.fromEntries(texts.map((name) => [name, external[name] === '' ? null : external[name]]));
  return {
    id: key,
    external_id: external.external_id,
    ...input,
    start_time: toSeconds(begin),
    end_time: toSeconds(end),
    created_at: formatIso(at * 1_000),
  };
}

async function write({ hub, person, question }: EndpointCall, ops: readonly Put[]): Promise<void> {
  if (ops.length === 0) return;
  const channel = await hub.channel(channelOf(person.account));
  await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
}

async function postExternal(call: EndpointCall): Promise<Reply> {
  const at = call.hub.world.now();
  const parsed = parseExternal(parseBody(call.request.body), at);
  if (!parsed.ok) return json(400, { errors: parsed.errors });
  await write(call, [parsed.put]);
  const { key, time, end } = parsed.put;
  return json(201, { data: describeExternal(key, parsed.external, time, end, at) });
}

async function postExternals(call: EndpointCall): Promise<Reply> {
  const at = call.hub.world.now();
  const body = parseBody(call.request.body);
  if (!Array.isArray(body)) return errorReply(400, 'the body must be a list of external durations');
  if (body.length > mostAtOnce) return errorReply(400, `at most ${mostAtOnce} at once`);
  const all = body.map((one) => parseExternal(one, at));
  await write(
    call,
    all.flatMap((one) => (one.ok ? [one.put] : [])),
  );
  const responses = all.map((one) =>
    one.ok
      ? [{ data: describeExternal(one.put.key, one.external, one.put.time, one.put.end, at) }, 201]
      : [{ errors: one.errors }, 400],
  );
  return json(201, { responses });
}

async function listExternals(
  hub: Hub,
  { person, query, zone, now, project, branches }: TimeQuery,
): Promise<QueryOutcome<object>> {
  const date = readDate(query.get('date') ?? '', now, zone);
  if (date === undefined) return failure('date is required: YYYY-MM-DD');
  const [from = 0, to = 0] = dayBounds([date], zone);
  const channel = await hub.channel(channelOf(person.account));
  const all = (await channel.read({ from, to })).flatMap((item) => {
    const external = readExternal(item);
    if (external === undefined || item.time === null || item.end === null) return [];
    if (project !== '' && external.project !== project) return [];
    if (branches.length > 0 && !branches.includes(external.branch)) return [];
    return [{ external, row: describeExternal(item.key, external, item.time, item.end, item.at) }];
  });
  const branchNames = [...new Set(all.map(({ external }) => external.branch).filter((branch) => branch !== ''))].sort();
  const data = all.map(({ row }) => row);
  return {
    ok: true,
    value: { data, branches: branchNames, start: formatIso(from), end: formatIsoEnd(to), timezone: zone },
  };
}

/** Deletes by id, only those of the day, like heartbeats. */
async function removeExternals({ hub, person, question, request }: EndpointCall): Promise<QueryOutcome<object>> {
  const input = readObject(request);
  const date = readDate(readText(input, 'date'), question.now, question.zone);
  const ids: unknown = input['ids'];
  if (date === undefined || !Array.isArray(ids)) return failure('send {"date": "YYYY-MM-DD", "ids": [...]}');
  const [from = 0, to = 0] = dayBounds([date], question.zone);
  const channel = await hub.channel(channelOf(person.account));
  const wanted = new Set<unknown>(ids);
  const items = await channel.read({ from, to });
  const ops = items.filter(({ key }) => wanted.has(key)).map(({ key }) => ({ op: 'remove', key }) as const);
  if (ops.length > 0) {
    await channel.write({ ops, origin: 'wakatime', at: Math.floor(question.moment / 1_000) });
  }
  return { ok: true, value: { data: {} } };
}

export const externalEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'external_durations',
    scopes: ['summaries'],
    answer: async ({ hub, question }) => outcomeReply(await listExternals(hub, question)),
  },
  { method: 'POST', path: 'external_durations', needs: ['write'], scopes: ['heartbeats'], answer: postExternal },
  {
    method: 'POST',
    path: 'external_durations.bulk',
    needs: ['write'],
    scopes: ['heartbeats'],
    limit: bodyLimit,
    answer: postExternals,
  },
  {
    method: 'DELETE',
    path: 'external_durations.bulk',
    needs: ['write'],
    scopes: ['heartbeats'],
    answer: async (call) => outcomeReply(await removeExternals(call)),
  },
];

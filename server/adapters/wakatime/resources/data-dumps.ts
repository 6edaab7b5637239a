// Data dumps: everything an account has, in the form that WakaTime's importers read. A dump is an item of `<account>/dumps` with a
// kind and a date. Its file is computed while it is downloaded, so it is always complete.

import type { Hub } from '../../../core/hub.ts';
import type { Authorizer } from '../auth/authorize.ts';
import { readHeartbeatPages } from '../ingest/list-and-delete.ts';
import { addDays, dateAt, formatIso, startOfDay } from '../model/calendar.ts';
import { type TimeQuery, timeRangeOf } from '../stats/query.ts';
import { allTimeSpan } from '../stats/stats.ts';
import { buildSummaries } from '../stats/summaries.ts';
import { describeProfile } from './profile.ts';

const kinds = ['heartbeats', 'daily'] as const;
export type DumpKind = (typeof kinds)[number];

/** How long a link opens the file without a key. WakaTime's links work in the same way. */
const goodMs = 86_400_000;

/** Days of summaries that are computed at once. */
const daysAtOnce = 30;

interface Stored {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type: DumpKind;
}

const channelOf = (account: string): string => `${account}/dumps`;

export function parseDumpKind(input: unknown): DumpKind | undefined {
  return kinds.find((kind) => kind === input);
}

/** @param base the address of this hub as the client reached it, without a last slash */
export async function listDumps(hub: Hub, { person: { account } }: TimeQuery, base: string) {
  const data = (await read(hub, account)).map((stored) => describeDump(stored, account, base));
  return { data, total: data.length, total_pages: 1 };
}

export async function createDump(hub: Hub, { person: { account } }: TimeQuery, type: DumpKind, base: string) {
  const [id, at] = [hub.world.secret(), hub.world.now()];
  const document = await hub.cachedChannel(channelOf(account));
  const ops = [{ op: 'put', key: id, value: JSON.stringify({ type }) } as const];
  await document.write(() => ({ ok: true, write: { ops, origin: 'wakatime', at } }));
  return { data: describeDump({ id, at, type }, account, base) };
}

/** The kind of the dump that a link opens; undefined for an unknown or expired link. */
export async function openDump(hub: Hub, account: string, id: string): Promise<DumpKind | undefined> {
  const found = (await read(hub, account)).find((stored) => stored.id === id);
  return found !== undefined && found.at + goodMs > hub.world.now() ? found.type : undefined;
}

/** The file in pieces, so that memory needs one page of heartbeats or the days of a month. */
export async function* writeDump(authorizer: Authorizer, question: TimeQuery, type: DumpKind): AsyncGenerator<string> {
  const { person, zone } = question;
  const { first } = allTimeSpan(question);
  const newest = person.beats.before(Number.POSITIVE_INFINITY)?.time ?? question.moment;
  const last = dateAt(newest, zone);
  const [start, end] = [startOfDay(first, zone), startOfDay(addDays(last, 1), zone)];
  const range = { start: start / 1_000_000, end: end / 1_000_000 - 1 };
  yield `{"user":${JSON.stringify(describeProfile(person))},"range":${JSON.stringify(range)},"days":[`;
  yield* type === 'heartbeats'
    ? heartbeatDays(authorizer.hub, question, start)
    : summaryDays(authorizer, question, last);
  yield ']}';
}

async function* heartbeatDays(hub: Hub, { person, zone }: TimeQuery, start: number): AsyncGenerator<string> {
  let [piece, until] = ['', Number.NEGATIVE_INFINITY];
  for await (const page of readHeartbeatPages(hub, person, start)) {
    for (const { time, input } of page) {
      if (time < until) piece += ',';
      else {
        const date = dateAt(time, zone);
        piece += `${until > 0 ? ']},' : ''}{"date":"${date}","heartbeats":[`;
        until = startOfDay(addDays(date, 1), zone);
      }
      piece += JSON.stringify(input);
    }
    if (piece !== '') yield piece;
    piece = '';
  }
  if (until > 0) yield ']}';
}

/** The days with any time. */
async function* summaryDays(authorizer: Authorizer, question: TimeQuery, last: string): AsyncGenerator<string> {
  let comma = '';
  for (let from = allTimeSpan(question).first; from <= last; from = addDays(from, daysAtOnce)) {
    const until = addDays(from, daysAtOnce - 1);
    const span = { first: from, last: until < last ? until : last };
    const beats = await authorizer.beats(question.person.account, timeRangeOf(question, span));
    const { data } = buildSummaries({ ...question, person: { ...question.person, beats } }, span);
    for (const day of data) {
      if (day.grand_total.total_seconds === 0) continue;
      yield comma + JSON.stringify({ date: day.range.date, ...day });
      comma = ',';
    }
  }
}

async function read(hub: Hub, account: string): Promise<readonly Stored[]> {
  const { items } = (await hub.cachedChannel(channelOf(account))).view;
  return [...items.values()]
    .flatMap(({ key, value, at }) => {
      const input: unknown = JSON.parse(value);
      const type =
        typeof input === 'object' && input !== null && 'type' in input ? parseDumpKind(input.type) : undefined;
      return type === undefined ? [] : [{ id: key, at, type }];
    })
    .sort((a, b) => b.at - a.at);
}

function describeDump({ id, at, type }: Stored, account: string, base: string) {
  return {
    id,
    type,
    status: 'Completed',
    percent_complete: 100,
    download_url: `${base}/api/v1/users/${account}/data_dumps/${id}/file`,
    is_processing: false,
    is_stuck: false,
    has_failed: false,
    expires: formatIso((at + goodMs) * 1_000),
    created_at: formatIso(at * 1_000),
  };
}

// Data dumps: everything an account has, in the form that WakaTime's importers read. A dump is an item of `<account>/dumps` with a
// kind and a date. Its file is computed while it is downloaded, so it is always complete. It ends with the token or account that made it.

import type { Hub } from '../../../core/hub.ts';
import type { Authorizer } from '../auth/authorize.ts';
import { readHeartbeatPages } from '../ingest/list-and-delete.ts';
import { addDays, dateAt, formatIso, startOfDay } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { type TimeQuery, timeRangeOf } from '../stats/query.ts';
import { allTimeSpan } from '../stats/stats.ts';
import { buildSummaries } from '../stats/summaries.ts';
import { describeProfile } from './profile.ts';

const kinds = ['heartbeats', 'daily'] as const;
export type DumpKind = (typeof kinds)[number];

/** How long a link opens the file without a key. WakaTime's links work in the same way. */
const goodMs = 86_400_000;

/** Characters of a piece of the file. */
const pieceLength = 65_536;

/** Days of summaries that are computed at once. */
const daysAtOnce = 30;

interface Stored {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type: DumpKind;
  /** The token with which its link ends; absent in dumps of earlier versions. */
  readonly maker?: string;
}

const channelOf = (account: string): string => `${account}/dumps`;

export function parseDumpKind(input: unknown): DumpKind | undefined {
  return kinds.find((kind) => kind === input);
}

/** @param base the address of this hub as the client reached it, without a last slash */
export async function listDumps(authorizer: Authorizer, { person: { account } }: TimeQuery, base: string) {
  const all = (await read(authorizer.hub, account)).filter((dump) => authorizer.isOpen(account, dump));
  const data = all.map((stored) => describeDump(stored, account, base));
  return { data, total: data.length, total_pages: 1 };
}

/** @param maker the token with which its link ends */
export async function createDump(
  hub: Hub,
  { person: { account } }: TimeQuery,
  { type, maker }: Required<Pick<Stored, 'type' | 'maker'>>,
  base: string,
) {
  const [id, at] = [hub.world.secret(), hub.world.now()];
  const document = await hub.cachedChannel(channelOf(account));
  const ops = [{ op: 'put', key: id, value: JSON.stringify({ type, maker }) } as const];
  await document.write(() => ({ ok: true, write: { ops, origin: 'wakatime', at } }));
  return { data: describeDump({ id, at, type }, account, base) };
}

/** The kind of the dump that a link opens; undefined for an unknown or expired link. */
export async function openDump(authorizer: Authorizer, account: string, id: string): Promise<DumpKind | undefined> {
  const { hub } = authorizer;
  const found = (await read(hub, account)).find((stored) => stored.id === id);
  if (found === undefined || !authorizer.isOpen(account, found)) return undefined;
  return found.at + goodMs > hub.world.now() ? found.type : undefined;
}

/** Ends the link of a dump, and takes the dump off the list. @returns false if there is no such dump */
export async function deleteDump(hub: Hub, account: string, id: string): Promise<boolean> {
  const document = await hub.cachedChannel(channelOf(account));
  const isKnown = document.view.items.has(id);
  const ops = [{ op: 'remove', key: id } as const];
  await document.write(() => ({ ok: true, write: { ops, origin: 'wakatime', at: hub.world.now() } }));
  return isKnown;
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
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
  }
  const rest = `${piece}${until > 0 ? ']}' : ''}`;
  if (rest !== '') yield rest;
}

/** The days with any time. */
async function* summaryDays(authorizer: Authorizer, question: TimeQuery, last: string): AsyncGenerator<string> {
  let comma = '';
  for (let from = allTimeSpan(question).first; from <= last; from = addDays(from, daysAtOnce)) {
    const until = addDays(from, daysAtOnce - 1);
    const span = { first: from, last: until < last ? until : last };
    const beats = await authorizer.beats(question.person.account, timeRangeOf(question, span));
    const { data } = await buildSummaries({ ...question, person: { ...question.person, beats } }, span);
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
      if (!isObject(input)) return [];
      const { type: kind, maker } = input;
      const type = parseDumpKind(kind);
      return type === undefined ? [] : [{ id: key, at, type, ...(typeof maker === 'string' ? { maker } : {}) }];
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

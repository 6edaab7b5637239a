// Data dumps: everything an account has, in WakaTime's own form, which importers read. A dump is a name and a date in
// `<account>/dumps`; its file is made while it is fetched, so it is never stuck and always complete.

import type { Hub } from '../../../core/hub.ts';
import type { Admission } from '../auth/authorize.ts';
import { pagesOfHeartbeats } from '../ingest/list-and-delete.ts';
import { addDays, beginning, dateAt, iso } from '../model/calendar.ts';
import { type Question, reachOf } from '../stats/query.ts';
import { allTime } from '../stats/stats.ts';
import { summaries } from '../stats/summaries.ts';
import { profile } from './profile.ts';

const kinds = ['heartbeats', 'daily'] as const;
export type Kind = (typeof kinds)[number];

/** A link to a file opens it without a key, as WakaTime's do, for so long. */
const goodMs = 86_400_000;

/** Of summaries. */
const daysAtOnce = 30;

interface Kept {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type: Kind;
}

const channelOf = (account: string): string => `${account}/dumps`;

export function kindOf(said: unknown): Kind | undefined {
  return kinds.find((kind) => kind === said);
}

/** @param base the address of this hub as the client reached it, without a last slash */
export async function listDumps(hub: Hub, { person: { account } }: Question, base: string) {
  const data = (await read(hub, account)).map((kept) => shown(kept, account, base));
  return { data, total: data.length, total_pages: 1 };
}

export async function createDump(hub: Hub, { person: { account } }: Question, type: Kind, base: string) {
  const [id, at] = [hub.world.secret(), hub.world.now()];
  const document = await hub.cachedChannel(channelOf(account));
  const ops = [{ op: 'put', key: id, value: JSON.stringify({ type }) } as const];
  await document.write(() => ({ ok: true, write: { ops, origin: 'wakatime', at } }));
  return { data: shown({ id, at, type }, account, base) };
}

/** What the link `id` opens; undefined when it is none, or none any more. */
export async function dumpOf(hub: Hub, account: string, id: string): Promise<Kind | undefined> {
  const found = (await read(hub, account)).find((kept) => kept.id === id);
  return found !== undefined && found.at + goodMs > hub.world.now() ? found.type : undefined;
}

/** The file, made while it is sent: never more of it in memory than a page, or the days of a month. */
export async function* dumpPieces(admission: Admission, question: Question, type: Kind): AsyncGenerator<string> {
  const { person, zone } = question;
  const { first } = allTime(question);
  const newest = person.beats.before(Number.POSITIVE_INFINITY)?.time ?? question.moment;
  const last = dateAt(newest, zone);
  const [start, end] = [beginning(first, zone), beginning(addDays(last, 1), zone)];
  const range = { start: start / 1_000_000, end: end / 1_000_000 - 1 };
  yield `{"user":${JSON.stringify(profile(person))},"range":${JSON.stringify(range)},"days":[`;
  yield* type === 'heartbeats' ? heartbeatDays(admission.hub, question, start) : summaryDays(admission, question, last);
  yield ']}';
}

async function* heartbeatDays(hub: Hub, { person, zone }: Question, start: number): AsyncGenerator<string> {
  let [piece, until] = ['', Number.NEGATIVE_INFINITY];
  for await (const page of pagesOfHeartbeats(hub, person, start)) {
    for (const { time, said } of page) {
      if (time < until) piece += ',';
      else {
        const date = dateAt(time, zone);
        piece += `${until > 0 ? ']},' : ''}{"date":"${date}","heartbeats":[`;
        until = beginning(addDays(date, 1), zone);
      }
      piece += JSON.stringify(said);
    }
    if (piece !== '') yield piece;
    piece = '';
  }
  if (until > 0) yield ']}';
}

/** Days on which something was done. */
async function* summaryDays(admission: Admission, question: Question, last: string): AsyncGenerator<string> {
  let comma = '';
  for (let from = allTime(question).first; from <= last; from = addDays(from, daysAtOnce)) {
    const until = addDays(from, daysAtOnce - 1);
    const span = { first: from, last: until < last ? until : last };
    const beats = await admission.beats(question.person.account, reachOf(question, span));
    const { data } = summaries({ ...question, person: { ...question.person, beats } }, span);
    for (const day of data) {
      if (day.grand_total.total_seconds === 0) continue;
      yield comma + JSON.stringify({ date: day.range.date, ...day });
      comma = ',';
    }
  }
}

async function read(hub: Hub, account: string): Promise<readonly Kept[]> {
  const { items } = (await hub.cachedChannel(channelOf(account))).view;
  return [...items.values()]
    .flatMap(({ key, value, at }) => {
      const said: unknown = JSON.parse(value);
      const type = typeof said === 'object' && said !== null && 'type' in said ? kindOf(said.type) : undefined;
      return type === undefined ? [] : [{ id: key, at, type }];
    })
    .sort((a, b) => b.at - a.at);
}

function shown({ id, at, type }: Kept, account: string, base: string) {
  return {
    id,
    type,
    status: 'Completed',
    percent_complete: 100,
    download_url: `${base}/api/v1/users/${account}/data_dumps/${id}/file`,
    is_processing: false,
    is_stuck: false,
    has_failed: false,
    expires: iso((at + goodMs) * 1_000),
    created_at: iso(at * 1_000),
  };
}

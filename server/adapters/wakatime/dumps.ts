// Data dumps: everything an account has, in WakaTime's own form, which importers read. A dump is a name and a date in
// `<account>/dumps`; its file is written when it is fetched, so it is never stuck and always complete.

import type { Hub } from '../../core/hub.ts';
import { addDays, beginning, boundsOf, dateAt, iso } from './calendar.ts';
import { tally } from './credit.ts';
import { shownHeartbeats } from './heartbeats.ts';
import { profile } from './profile.ts';
import type { Question } from './question.ts';
import { allTime } from './stats.ts';
import { summaries } from './summaries.ts';

const kinds = ['heartbeats', 'daily'] as const;
export type Kind = (typeof kinds)[number];

/** A link to a file opens it without a key, as WakaTime's do, for so long. */
const goodMs = 86_400_000;

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
  const document = await hub.document(channelOf(account));
  const ops = [{ op: 'put', key: id, value: JSON.stringify({ type }) } as const];
  await document.write(() => ({ ok: true, write: { ops, origin: 'wakatime', at } }));
  return { data: shown({ id, at, type }, account, base) };
}

/** What the link `id` opens; undefined when it is none, or none any more. */
export async function dumpOf(hub: Hub, account: string, id: string): Promise<Kind | undefined> {
  const found = (await read(hub, account)).find((kept) => kept.id === id);
  return found !== undefined && found.at + goodMs > hub.world.now() ? found.type : undefined;
}

/** The file, written day by day. */
export async function writeDump(hub: Hub, question: Question, type: Kind): Promise<Buffer> {
  const { person, zone, rule } = question;
  const { first } = allTime(question);
  const newest = person.beats.before(Number.POSITIVE_INFINITY)?.time ?? question.moment;
  const last = dateAt(newest, zone);
  const [start, end] = [beginning(first, zone), beginning(addDays(last, 1), zone)];
  const range = { start: start / 1_000_000, end: end / 1_000_000 - 1 };
  const pieces = [Buffer.from(`{"user":${JSON.stringify(profile(person))},"range":${JSON.stringify(range)},"days":[`)];
  let comma = '';
  for (let date = first; date <= last; date = addDays(date, 1)) {
    const [from = 0, to = 0] = boundsOf([date], zone);
    const heartbeats = type === 'heartbeats' ? await shownHeartbeats(hub, person, from, to) : [];
    const [worked] = tally(person.beats, rule, { bounds: [from, to] });
    if (type === 'heartbeats' ? heartbeats.length === 0 : worked?.contexts.codes.length === 0) continue;
    const day =
      type === 'heartbeats'
        ? { date, heartbeats }
        : { date, ...summaries(question, { first: date, last: date }).data[0] };
    pieces.push(Buffer.from(comma + JSON.stringify(day)));
    comma = ',';
  }
  pieces.push(Buffer.from(']}'));
  return Buffer.concat(pieces);
}

async function read(hub: Hub, account: string): Promise<readonly Kept[]> {
  const { items } = (await hub.document(channelOf(account))).view;
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

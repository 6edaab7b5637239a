// Reads of a channel (rules S3 and S8): its items now or after a step, and its past changes. A client that asks for pages is answered by
// one page and a cursor. Any other client is sent everything in one message, which is made while it is sent.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
import { type Channel, isFull, pageCharacters, sizeOf } from '../core/channel.ts';
import type { Pieces } from '../core/peer.ts';
import type { Item, Place, Position, Range } from '../core/store.ts';
import { changeText, itemText, joinTexts } from './subscription-view.ts';

const defaultItems = 10_000;
const defaultChanges = 100;

/** Characters of a piece. Small strings are freed soon after they are sent. */
const pieceCharacters = 65_536;

type ReadRequest = Requests['read-all' | 'history'];

/** `text` is the whole answer; `pieces` are an answer that is not in memory as a whole. */
export type ReadAnswer =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: true; readonly pieces: Pieces }
  | Refusal;

/** @param requestedName the channel as the request names it */
export async function readChannel(channel: Channel, request: ReadRequest, requestedName: string): Promise<ReadAnswer> {
  // Other nodes may have written. A further page belongs to the first one.
  if (request.cursor === undefined) await channel.sync();
  const { position } = channel;
  if (request.type === 'read-all') {
    const { from, to, limit = defaultItems } = request;
    const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    return readItems(channel, request, range, limit, (moment) => headOf(request, requestedName, moment));
  }
  const { key, at, limit } = request;
  if (at === undefined)
    return readHistory(channel, request, (seq) => headOf(request, requestedName, { ...position, seq }));
  const refusal = refuseUnreachable(channel, at, 'at');
  if (refusal !== undefined) return refusal;
  const range = { at, ...(key === undefined ? {} : { key }) };
  const head = headOf(request, requestedName, { ...position, seq: at });
  const most = (isPaged(request) ? limit : undefined) ?? Number.POSITIVE_INFINITY;
  return readItems(channel, request, range, most, () => head);
}

/** Why the state after a step cannot be read; undefined if it can. @param field of the request that names the step */
export function refuseUnreachable(channel: Channel, seq: number, field: 'at' | 'to'): Refusal | undefined {
  const { position } = channel;
  if (seq > position.seq) return refuse('property', field, `the channel is at ${position.seq}`);
  if (seq > 0 && seq < channel.floor)
    return refuse('gone', '', `the history of the channel starts after step ${channel.floor}`);
  if (channel.keep === 'last' && seq < position.seq)
    return refuse('gone', '', 'this channel keeps only the last value of each item');
  return undefined;
}

function isPaged({ pages, cursor }: ReadRequest): boolean {
  return pages === true || cursor !== undefined;
}

/** The answer up to its last field. */
function headOf({ type, ref }: ReadRequest, channel: string, { epoch, seq }: Position): string {
  return `${JSON.stringify({ success: true, type, channel, epoch, seq, ref }).slice(0, -1)},`;
}

async function readItems(
  channel: Channel,
  request: ReadRequest,
  range: Range,
  limit: number,
  headAt: (moment: Position) => string,
): Promise<ReadAnswer> {
  const after = request.cursor === undefined ? undefined : readCursor(request.cursor);
  if (request.cursor !== undefined && after === undefined) {
    return refuse('property', 'cursor', 'repeat the cursor of the page before');
  }
  const pageOf = (left: number, place: Place | undefined) => ({
    ...range,
    ...(left === Number.POSITIVE_INFINITY ? {} : { limit: left }),
    ...(place === undefined ? {} : { after: { key: place.key, time: place.time } }),
  });
  // The items are those of just this position: one that is deleted after it is among them.
  const { head: moment, items: first, more } = await channel.firstPage(pageOf(limit, after));
  const last = first.at(-1);
  const head = headAt(moment);
  // Where all is kept, the rest of the answer is of that moment, too.
  const isExact = channel.keep === 'all' && range.from === undefined && range.to === undefined;
  const read = (left: number, place: Place | undefined) =>
    channel.readPage({ ...pageOf(left, place), ...(isExact && range.at === undefined ? { at: moment.seq } : {}) });
  if (isPaged(request)) {
    const end = more && last !== undefined ? `,"more":true,"cursor":${JSON.stringify(writeCursor(last))}}` : '}';
    return { ok: true, text: `${head}"items":${joinTexts(first, itemText)}${end}` };
  }
  if (!more || first.length === limit) return { ok: true, text: `${head}"items":${joinTexts(first, itemText)}}` };
  return { ok: true, pieces: itemPieces(`${head}"items":[`, first, limit, read) };
}

/** @param first the first page of several */
async function* itemPieces(
  head: string,
  first: readonly Item[],
  limit: number,
  read: (left: number, place: Place | undefined) => Promise<readonly Item[]>,
): AsyncGenerator<string> {
  let piece = head;
  let comma = '';
  let left = limit;
  for (let items = first; items.length > 0; items = await read(left, items.at(-1))) {
    const isLast = items !== first && !isFull(items, { limit: left, size: pageCharacters });
    for (const item of items) {
      piece += comma + itemText(item);
      comma = ',';
      if (piece.length < pieceCharacters) continue;
      yield piece;
      piece = '';
    }
    left -= items.length;
    if (isLast || left === 0) break;
  }
  yield `${piece}]}`;
}

/** S8.1, S8.4: past changes, newest first; fewer than `limit`, and `more`, if their values are large. */
async function readHistory(
  channel: Channel,
  { key, before, limit = defaultChanges }: Requests['history'],
  headAt: (seq: number) => string,
): Promise<ReadAnswer> {
  const { position } = channel;
  const changes = await channel.history({
    newest: true,
    limit,
    size: pageCharacters,
    ...(key === undefined ? {} : { key }),
    ...(before === undefined ? {} : { before }),
  });
  const more = changes.length < limit && sizeOf(changes) >= pageCharacters;
  const head = headAt(Math.max(position.seq, before === undefined ? (changes[0]?.seq ?? 0) : 0));
  return { ok: true, text: `${head}"changes":${joinTexts(changes, changeText)}${more ? ',"more":true' : ''}}` };
}

function writeCursor({ key, time }: Place): string {
  return JSON.stringify([key, time]);
}

function readCursor(cursor: string): Place | undefined {
  try {
    const [key, time]: unknown[] = JSON.parse(cursor);
    if (typeof key !== 'string' || (time !== null && !Number.isSafeInteger(time))) return undefined;
    return { key, time: typeof time === 'number' ? time : null };
  } catch {
    return undefined;
  }
}

// `horai import wakatime FILE`: the heartbeats of a WakaTime data dump, into a running hub by the same door that plugins use. The file
// is read as a stream, so its size does not matter; a second run, after an interruption or for nothing, changes nothing.

import { createReadStream } from 'node:fs';

/** Heartbeats in one request. */
const batchSize = 1_000;
/** Of a dump's `{days: [{heartbeats: [` around each heartbeat. */
const around = 4;
const longestHeartbeat = 1_048_576;

export interface Imported {
  readonly taken: number;
  /** What no server would take: without an entity, say. */
  readonly refused: number;
}

export type Outcome = ({ readonly ok: true } & Imported) | { readonly ok: false; readonly error: string };

/**
 * @param url of the hub, with a last slash
 * @param told after each batch
 */
export async function importWakatime(
  file: string,
  { url, key }: { readonly url: string; readonly key: string },
  told: (imported: Imported) => void,
): Promise<Outcome> {
  let [taken, refused] = [0, 0];
  const send = async (batch: readonly string[]): Promise<void> => {
    const answer = await fetch(`${url}api/v1/users/current/heartbeats.bulk`, {
      method: 'POST',
      body: `[${batch.join(',')}]`,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'user-agent': '' },
    });
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`the hub answered ${answer.status}: ${text.slice(0, 200)}`);
    const { responses }: { responses: readonly (readonly [unknown, number])[] } = JSON.parse(text);
    const fine = responses.filter(([, status]) => status === 201).length;
    taken += fine;
    refused += responses.length - fine;
    told({ taken, refused });
  };
  try {
    let batch: string[] = [];
    for await (const heartbeat of heartbeatsIn(createReadStream(file, 'utf8'))) {
      batch.push(heartbeat);
      if (batch.length < batchSize) continue;
      await send(batch);
      batch = [];
    }
    if (batch.length > 0) await send(batch);
    return { ok: true, taken, refused };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `${reason} (after ${taken} heartbeats; run it again to go on)` };
  }
}

/** The text of each heartbeat of a dump, as it comes along. Throws where the dump is cut off, or is none. */
export async function* heartbeatsIn(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let text = '';
  let depth = 0;
  /** Where in `text` the heartbeat begins that is being read; -1 between heartbeats. */
  let begin = -1;
  let [quoted, escaped] = [false, false];
  for await (const piece of pieces) {
    let at = text.length;
    text += piece;
    for (; at < text.length; at += 1) {
      const sign = text.charCodeAt(at);
      if (quoted) {
        if (escaped) escaped = false;
        else if (sign === backslash) escaped = true;
        else if (sign === quote) quoted = false;
      } else if (sign === quote) quoted = true;
      else if (sign === brace || sign === bracket) {
        if (depth === around && sign === brace) begin = at;
        depth += 1;
      } else if (sign === closingBrace || sign === closingBracket) {
        depth -= 1;
        if (depth !== around || begin === -1) continue;
        yield text.slice(begin, at + 1);
        begin = -1;
      }
    }
    text = begin === -1 ? '' : text.slice(begin);
    if (begin !== -1) begin = 0;
    if (text.length > longestHeartbeat)
      throw new Error('the file is no data dump: it has no heartbeats where they belong');
  }
  if (depth !== 0 || quoted) throw new Error('the file ends in the middle');
}

const quote = 0x22;
const backslash = 0x5c;
const brace = 0x7b;
const closingBrace = 0x7d;
const bracket = 0x5b;
const closingBracket = 0x5d;

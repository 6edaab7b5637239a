// Checksums of the rows of the embedded store (CRC-32). They are computed from the values, not from the bytes of a page, so each row that is
// read proves itself, and so does a row that SQLite found at the wrong place. A row without a checksum (null) is not checked: its text has
// halves of surrogate pairs, which SQLite does not return as they were.

import { crc32 } from 'node:zlib';

/** The fields of a step that its checksum covers, as the tables have them. */
export interface SummedStep {
  readonly seq: number;
  readonly key: string;
  readonly value: string | null;
  readonly time: number | null;
  readonly end: number | null;
  readonly version: number | null;
  /** The number of the origin. */
  readonly origin: number;
  readonly at: number;
  /** The step at which the item was last created: its own seq, if that was this one; null for a delete. */
  readonly born: number | null;
}

/** The numbers of a row of `channels`. */
export interface SummedChannel {
  readonly id: number;
  readonly seq: number;
  readonly version: number;
  readonly floor: number;
  readonly items: number;
  readonly longest: number;
  readonly past: number;
  readonly sealed: number;
  readonly widest: number;
}

/** A channel that has no row yet. */
export const emptyChannel: SummedChannel = {
  id: 0,
  seq: 0,
  version: -1,
  floor: 0,
  items: 0,
  longest: 0,
  past: 0,
  sealed: 0,
  widest: 0,
};

export interface SummedBlock {
  readonly first: number;
  readonly last: number;
  readonly earliest: number | null;
  readonly latest: number | null;
  readonly reach: number | null;
  readonly count: number;
  readonly body: Uint8Array;
}

export function sumStep(channel: number, step: SummedStep): number | null {
  const { seq, key, value, time, end, version, origin, at, born } = step;
  if (!key.isWellFormed() || value?.isWellFormed() === false) return null;
  const head = `${channel} ${seq} ${born} ${time} ${end} ${version} ${origin} ${at} ${value === null ? '-' : '+'} ${key} `;
  return crc32(value ?? '', crc32(head));
}

export function sumChannel(name: string, row: SummedChannel): number {
  const { id, seq, version, floor, items, longest, past, sealed, widest } = row;
  return crc32(`${id} ${seq} ${version} ${floor} ${items} ${longest} ${past} ${sealed} ${widest} ${name}`);
}

export function sumBlock(channel: number, block: SummedBlock): number {
  const { first, last, earliest, latest, reach, count, body } = block;
  return crc32(body, crc32(`${channel} ${first} ${last} ${earliest} ${latest} ${reach} ${count} `));
}

export function sumAnswer(channel: number, id: string, seq: number, steps: number, at: number): number {
  return crc32(`${channel} ${seq} ${steps} ${at} ${id}`);
}

export function sumOrigin(name: string): number {
  return crc32(name);
}

const damaged = 'the store is damaged';

/** @param what names the place, such as `step 4 of channel 2` */
export function damage(what: string): Error {
  return new Error(`${damaged}: ${what}`);
}

/** True for the texts of `damage`, and for those with which SQLite says that a file is not what it wrote. */
export function isDamage(reason: string): boolean {
  return reason.includes(damaged) || /malformed|not a database|SQLITE_CORRUPT|SQLITE_NOTADB/.test(reason);
}

/** @throws if a row with a checksum does not match it */
export function checkSum(stored: number | null | undefined, computed: number | null, what: () => string): void {
  if (stored !== null && stored !== undefined && stored !== computed)
    throw damage(`${what()} does not match its checksum`);
}

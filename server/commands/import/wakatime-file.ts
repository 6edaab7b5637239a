// Reads heartbeats from files: a WakaTime data dump (JSON), or a CSV with a header line, as Wakapi's download script and its database write
// it. Files are streamed, so they may be larger than the memory.

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { ImportError } from './hub.ts';
import { fieldsOf, type JsonFields, streamParts } from './json.ts';
import { type HeartbeatBatch, type HeartbeatSource, type IdNames, withNames } from './wakatime-source.ts';

const batchSize = 1_000;

export async function openHeartbeatFile(file: string, names: IdNames): Promise<HeartbeatSource> {
  const isJson = (await firstCharacter(file)) === '{';
  const { size, mtimeMs } = await stat(file);
  return {
    identity: `${resolve(file)} ${size} ${mtimeMs}`,
    remarks: [],
    batches: (mark) => batchesOf(isJson ? readDump(file, names) : readTable(file, names), Number(mark)),
  };
}

async function firstCharacter(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer
      .toString('utf8', 0, bytesRead)
      .replace(/^\uFEFF/, '')
      .trimStart()
      .charAt(0);
  } finally {
    await handle.close();
  }
}

/** @param begin the number of heartbeats that were imported before; they are skipped */
async function* batchesOf(heartbeats: AsyncIterable<JsonFields>, begin: number): AsyncGenerator<HeartbeatBatch> {
  let batch: JsonFields[] = [];
  let count = 0;
  const takeBatch = (): HeartbeatBatch => {
    const heartbeats = batch;
    batch = [];
    return { heartbeats, mark: String(count), at: '' };
  };
  for await (const heartbeat of heartbeats) {
    count += 1;
    if (count <= begin) continue;
    batch.push(heartbeat);
    if (batch.length === batchSize) yield takeBatch();
  }
  if (batch.length > 0) yield takeBatch();
}

async function* readDump(file: string, names: IdNames): AsyncGenerator<JsonFields> {
  let isDump = false;
  for await (const { path, value } of streamParts(createReadStream(file), [
    '$.days.*.heartbeats.*',
    '$.days.*',
    '$.range',
  ])) {
    isDump = true;
    if (path.length === 4) yield withNames(fieldsOf(value), names);
  }
  if (!isDump) throw new ImportError('The file is not a data dump: a dump is {"user": …, "range": …, "days": […]}.');
}

async function* readTable(file: string, names: IdNames): AsyncGenerator<JsonFields> {
  const table = pipeline(
    createReadStream(file),
    parse({ columns: true, bom: true, skip_empty_lines: true }),
    () => undefined,
  );
  let isTable = false;
  for await (const row of table) {
    const { time, ...fields } = fieldsOf(row);
    if (!isTable && (time === undefined || fields['entity'] === undefined)) {
      throw new ImportError(
        'The file is not a table of heartbeats: its first line must name the columns, including time and entity.',
      );
    }
    isTable = true;
    const isWrite = /^(?:true|t|1)$/i.test(String(fields['is_write']));
    yield withNames({ ...fields, time: secondsOf(String(time)), is_write: isWrite }, names);
  }
}

/** Seconds since 1970, from a number or a time such as `2024-05-01 10:00:00.5+00:00`. A time without a zone is UTC. */
function secondsOf(time: string): number {
  const number = Number(time);
  // Some tables of Wakapi's database have milliseconds.
  if (!Number.isNaN(number)) return number > 1e11 ? number / 1_000 : number;
  const iso = time.trim().replace(' ', 'T').replace(/\s+/g, '');
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`) / 1_000;
}

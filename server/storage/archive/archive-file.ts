// A store in one file: the format of `horai backup`. It belongs to no engine, so any engine can read what another wrote. Every byte is
// covered by a hash that also covers all bytes before it; so a flipped bit and a missing or misplaced part are found and named. README.md
// describes the format; archive.ts copies and compares stores.

import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { type Check, compile } from '../../../protocol/check.ts';
import { errorMessage } from '../../../protocol/error-message.ts';
import { parseJson } from '../../../protocol/json.ts';
import type { Answer, Archive, Outline, Step } from '../../core/store.ts';
import { syncPath } from '../fsync.ts';
import { answerLine, type OnProgress, outlineLine, stepLine, type Totals } from './archive.ts';

/** The origin of a backup file. */
const About = Type.Object({
  /** Epoch of the store that was saved; the store that it is restored into keeps its own. */
  epoch: Type.String(),
  /** When it was made, in milliseconds since 1970. */
  made: Type.Number(),
  /** Version of the Horai that made it. */
  by: Type.String(),
});
export type About = Static<typeof About>;

export interface Contents extends Totals {
  readonly about: About;
}

/** `error` is a sentence that says what is wrong and where. */
export type ReadFile =
  | { readonly ok: true; readonly contents: Contents }
  | { readonly ok: false; readonly error: string };

const magic = Buffer.from('horai backup 1\n');
/** Characters of one frame before compression; this much is in memory at a time. */
const frameText = 1 << 20;
/** Limit of a frame in bytes, compressed or not: values end at a few MiB. */
const longestFrame = 1 << 28;
const hashBytes = 32;

type Kind = 'about' | 'channel' | 'steps' | 'answers' | 'done' | 'end';
const letters: Readonly<Record<Kind, string>> = {
  about: 'h',
  channel: 'c',
  steps: 's',
  answers: 'a',
  done: 'd',
  end: 'z',
};
const kinds: readonly Kind[] = ['about', 'channel', 'steps', 'answers', 'done', 'end'];

const Int = Type.Integer();
const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const Channel = Type.Tuple([Type.String(), Int, Int, Int]);
const StepRow = Type.Tuple([
  Int,
  Type.String(),
  nullable(Type.String()),
  nullable(Int),
  nullable(Int),
  Type.String(),
  Type.Number(),
  nullable(Int),
  nullable(Int),
]);
const AnswerRow = Type.Tuple([Type.String(), Int, Int, Type.Number()]);
const Done = Type.Object({ steps: Int, answers: Int, sha256: Type.String() });
const End = Type.Object({ channels: Int, steps: Int, answers: Int });

const reads = {
  about: reader(About),
  channel: reader(Channel),
  step: reader(StepRow),
  answer: reader(AnswerRow),
  done: reader(Done),
  end: reader(End),
};

/**
 * Writes the whole store, as of one moment, to `file`. The name `file` appears only after everything is on disk.
 * @throws if the disk or the store fails
 */
export async function writeArchive(
  from: Omit<Archive, 'load'>,
  about: About,
  file: string,
  onProgress: OnProgress,
): Promise<Totals> {
  const part = `${file}.part`;
  await rm(part, { force: true });
  const handle = await open(part, 'wx', 0o600);
  try {
    const totals = await writeFrames(from, about, new Frames(handle), onProgress);
    await handle.sync();
    await handle.close();
    await rename(part, file);
    syncPath(dirname(file));
    return totals;
  } catch (error) {
    await handle.close();
    await rm(part, { force: true });
    throw error;
  }
}

/** Reads the whole file and checks it. */
export function verifyArchive(file: string, onProgress: OnProgress): Promise<ReadFile> {
  return readArchive(file, onProgress, async (_outline, steps, answers) => {
    for await (const _ of steps);
    for await (const _ of answers);
  });
}

/**
 * Loads a backup into a store that has none of its channels. Call `verifyArchive` first: damage that is found only now leaves the
 * channels before it loaded.
 */
export function restoreArchive(file: string, to: Archive, onProgress: OnProgress): Promise<ReadFile> {
  return readArchive(file, onProgress, (outline, steps, answers) => to.load(outline, steps, answers));
}

async function writeFrames(
  from: Omit<Archive, 'load'>,
  about: About,
  frames: Frames,
  onProgress: OnProgress,
): Promise<Totals> {
  let [channels, steps, answers] = [0, 0, 0];
  await frames.begin();
  await frames.put('about', JSON.stringify(about));
  for await (const outline of from.outlines()) {
    const { channel } = outline;
    const line = outlineLine(outline);
    const hash = createHash('sha256').update(line);
    const before = { steps, answers };
    await frames.put('channel', line);
    for await (const some of texts(from.steps(channel), stepLine)) {
      hash.update(some.text);
      await frames.put('steps', some.text);
      steps += some.rows;
      onProgress({ channel, channels, steps });
    }
    for await (const some of texts(from.answers(channel), answerLine)) {
      hash.update(some.text);
      await frames.put('answers', some.text);
      answers += some.rows;
    }
    const done = { steps: steps - before.steps, answers: answers - before.answers, sha256: hash.digest('hex') };
    await frames.put('done', JSON.stringify(done));
    channels += 1;
    onProgress({ channel, channels, steps });
  }
  const totals = { channels, steps, answers };
  await frames.put('end', JSON.stringify(totals));
  return totals;
}

/** Joins lines to texts of about one frame. */
async function* texts<Row>(
  lists: AsyncIterable<readonly Row[]>,
  lineOf: (row: Row) => string,
): AsyncGenerator<{ readonly text: string; readonly rows: number }> {
  let [text, rows] = ['', 0];
  for await (const list of lists) {
    for (const row of list) {
      text += lineOf(row);
      rows += 1;
      if (text.length < frameText) continue;
      yield { text, rows };
      [text, rows] = ['', 0];
    }
  }
  if (rows > 0) yield { text, rows };
}

type Take = (
  outline: Outline,
  steps: AsyncIterable<readonly Step[]>,
  answers: AsyncIterable<readonly Answer[]>,
) => Promise<void>;

async function readArchive(file: string, onProgress: OnProgress, take: Take): Promise<ReadFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    return { ok: true, contents: await readFrames(new Frames(handle), onProgress, take) };
  } catch (error) {
    if (error instanceof Damage) return { ok: false, error: `${file} is damaged: ${error.message}.` };
    if (handle === undefined) return { ok: false, error: `${file} cannot be read (${reason(error)}).` };
    throw error;
  } finally {
    await handle?.close();
  }
}

async function readFrames(frames: Frames, onProgress: OnProgress, take: Take): Promise<Contents> {
  let [channels, steps, answers] = [0, 0, 0];
  await frames.open();
  const about = reads.about(frames, await frames.take('about'));
  while ((await frames.next()) === 'channel') {
    const line = await frames.take('channel');
    const [channel, seq, version, floor] = reads.channel(frames, line);
    frames.place = channel;
    const hash = createHash('sha256').update(line);
    const before = { steps, answers };

    async function* stepsHere(): AsyncGenerator<readonly Step[]> {
      while ((await frames.next()) === 'steps') {
        const rows = lines(await frames.take('steps'), hash).map((text) => stepOf(reads.step(frames, text)));
        steps += rows.length;
        yield rows;
        onProgress({ channel, channels, steps });
      }
    }
    async function* answersHere(): AsyncGenerator<readonly Answer[]> {
      while ((await frames.next()) === 'answers') {
        const rows = lines(await frames.take('answers'), hash).map((text) => answerOf(reads.answer(frames, text)));
        answers += rows.length;
        yield rows;
      }
    }
    await take({ channel, seq, version, floor }, stepsHere(), answersHere());

    const done = reads.done(frames, await frames.take('done'));
    const same = done.steps === steps - before.steps && done.answers === answers - before.answers;
    if (!same || done.sha256 !== hash.digest('hex')) throw frames.damage('the channel is not what was written');
    channels += 1;
  }
  frames.place = '';
  const end = reads.end(frames, await frames.take('end'));
  if (end.channels !== channels || end.steps !== steps || end.answers !== answers) {
    throw frames.damage('channels are missing');
  }
  await frames.finish();
  return { about, channels, steps, answers };
}

function lines(text: string, hash: Hash): string[] {
  hash.update(text);
  return text.split('\n').slice(0, -1);
}

function stepOf([seq, key, value, time, end, origin, at, version, born]: Static<typeof StepRow>): Step {
  const kind = value === null ? 'delete' : born === seq ? 'create' : 'update';
  return { kind, key, value, time, end, seq, origin, at, version, born };
}

function answerOf([writeId, seq, steps, at]: Static<typeof AnswerRow>): Answer {
  return { writeId, seq, steps, at };
}

class Damage extends Error {}

/**
 * Writes or reads the frames of a file. A frame is a letter for its kind, the length of the body (4 bytes, big-endian), the body
 * (deflated JSON), and the hash of all that together with the hash before it.
 */
class Frames {
  /** The channel being read; errors name it. */
  place = '';
  readonly #handle: FileHandle;
  #hash = createHash('sha256').update(magic).digest();
  #at = 0;
  #number = 0;
  #size = 0;
  #ahead: { readonly kind: Kind; readonly text: string } | undefined;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async begin(): Promise<void> {
    await this.#write(magic);
  }

  async put(kind: Kind, text: string): Promise<void> {
    const body = await pack(Buffer.from(text));
    const head = Buffer.alloc(5);
    head.write(letters[kind]);
    head.writeUInt32BE(body.length, 1);
    this.#hash = createHash('sha256').update(this.#hash).update(head).update(body).digest();
    await this.#write(Buffer.concat([head, body, this.#hash]));
  }

  async open(): Promise<void> {
    this.#size = (await this.#handle.stat()).size;
    const found = await this.#read(Math.min(magic.length, this.#size));
    if (!found.equals(magic)) throw new Damage('it is not a backup of Horai, or its format is newer');
  }

  /** Returns the kind of the next frame, after checking that frame. */
  async next(): Promise<Kind> {
    this.#ahead ??= await this.#frame();
    return this.#ahead.kind;
  }

  async take(kind: Kind): Promise<string> {
    const found = await this.next();
    const text = this.#ahead?.text ?? '';
    this.#ahead = undefined;
    if (found !== kind) throw this.damage(`"${found}" where "${kind}" is expected`);
    return text;
  }

  async finish(): Promise<void> {
    if (this.#at !== this.#size) throw new Damage(`${this.#size - this.#at} bytes follow its end`);
  }

  damage(what: string): Damage {
    const where = this.place === '' ? '' : ` (channel ${this.place})`;
    return new Damage(`${what}, in frame ${this.#number}, which ends at byte ${this.#at}${where}`);
  }

  async #frame(): Promise<{ readonly kind: Kind; readonly text: string }> {
    const begin = this.#at;
    const wrong = (what: string): Damage => {
      this.#at = begin;
      const where = this.place === '' ? '' : ` (channel ${this.place})`;
      return new Damage(`${what} in frame ${this.#number}, which begins at byte ${begin}${where}`);
    };
    this.#number += 1;
    if (this.#size - begin < 5 + hashBytes) throw wrong('it ends');
    const head = await this.#read(5);
    const length = head.readUInt32BE(1);
    if (length > longestFrame || length > this.#size - this.#at - hashBytes)
      throw wrong('it ends, or a length is wrong,');
    const body = await this.#read(length);
    const stated = await this.#read(hashBytes);
    this.#hash = createHash('sha256').update(this.#hash).update(head).update(body).digest();
    if (!stated.equals(this.#hash)) throw wrong('the hash does not match');
    const letter = head.toString('latin1', 0, 1);
    const kind = kinds.find((one) => letters[one] === letter);
    // The hash is right. Only a file that was made wrong can fail from here on.
    if (kind === undefined) throw wrong(`"${letter}" is not a known kind,`);
    try {
      return { kind, text: (await unpack(body, { maxOutputLength: longestFrame })).toString() };
    } catch (error) {
      throw wrong(`the body cannot be unpacked (${reason(error)})`);
    }
  }

  /** The system may write a part only: on a disk that is nearly full, say. */
  async #write(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done)).bytesWritten;
    }
  }

  async #read(length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, this.#at + done);
      if (bytesRead === 0) throw new Damage(`it ends at byte ${this.#at + done}, while it is being read`);
      done += bytesRead;
    }
    this.#at += length;
    return bytes;
  }
}

const pack = promisify<Buffer, Buffer>(deflateRaw);
const unpack = promisify(inflateRaw);

/** Checks the content of a frame. The hash proves only that the frame was not changed, not that Horai wrote it. */
function reader<S extends TSchema>(schema: S): (frames: Frames, text: string) => Static<S> {
  const check: Check = compile(schema);
  const fits = (value: unknown): value is Static<S> => check(value);
  return (frames, text) => {
    const value: unknown = parseJson(text);
    if (!fits(value)) throw frames.damage('the content is not that of a backup');
    return value;
  };
}

function reason(error: unknown): string {
  return errorMessage(error);
}

// Where buckets and settings come from, as far as that is JSON: an export file, a running server, the Python server's settings file.

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorMessage } from '../../../protocol/error-message.ts';
import { ImportError } from './hub.ts';
import { fieldsOf, type JsonFields, streamParts } from './json.ts';

/** The source cannot hand over one bucket; the others may be fine. */
export class SourceFailure extends Error {}

export interface ImportSource {
  buckets(): Promise<readonly SourceBucket[]>;
  /** The web UI's settings by key, its categories among them. */
  settings(): Promise<ReadonlyMap<string, unknown>>;
  close(): void;
}

export interface SourceBucket {
  readonly id: string;
  /** `type`, `client`, `hostname`, `created` and `data`, in the form of an export. */
  readonly description: JsonFields;
  /** In the form of an export. Throws a SourceFailure if the source cannot hand them over. */
  events(): AsyncIterable<unknown>;
}

const eventPath = '$.buckets.*.events.*';
const descriptionPaths = ['type', 'client', 'hostname', 'created', 'data'].map((field) => `$.buckets.*.${field}`);

type Pieces = AsyncIterable<Uint8Array | string>;

async function* readEvents(pieces: Pieces, id: string): AsyncGenerator<unknown> {
  for await (const { path, value } of streamParts(pieces, [eventPath])) if (path[1] === id) yield value;
}

/** Some exports name a bucket's description before its events, others after them: the file is read once for the descriptions alone. */
export function openExportFile(file: string): ImportSource {
  return {
    async buckets() {
      const found = new Map<string, Record<string, unknown>>();
      for await (const { path, value } of streamParts(createReadStream(file), [eventPath, ...descriptionPaths])) {
        const [, id, field] = path.map(String);
        if (id === undefined || field === undefined || field === 'events') continue;
        found.set(id, { ...found.get(id), [field]: value });
      }
      if (found.size === 0) {
        throw new ImportError(
          'The file is no export with buckets: an export is {"buckets": {"<id>": {"type": …, "events": […]}}}.',
        );
      }
      return [...found].map(([id, description]) => {
        return { id, description, events: () => readEvents(createReadStream(file), id) };
      });
    },
    settings: async () => new Map(),
    close: () => undefined,
  };
}

/** The Python server has its settings in a file of their own, beside its configuration. */
export function openSettingsFile(file: string): ImportSource {
  return {
    buckets: async () => [],
    async settings() {
      try {
        return new Map(Object.entries(fieldsOf(JSON.parse(await readFile(file, 'utf8')))));
      } catch (error) {
        throw new ImportError(`${file} cannot be read: ${errorMessage(error)}`);
      }
    },
    close: () => undefined,
  };
}

/**
 * @param url of the server, with or without `/api/0`
 * @param key what it asks for, if it does
 */
export function openServer(url: string, key: string | undefined): ImportSource {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const base = `${url.replace(/\/+$/, '').replace(/\/api\/0$/, '')}/api/0`;
  const ask = async (path: string): Promise<Response> => {
    let answer: Response;
    try {
      answer = await fetch(`${base}/${path}`, { headers });
    } catch (error) {
      const cause = errorMessage(error instanceof Error ? (error.cause ?? error) : error);
      throw new ImportError(`${url} cannot be reached: ${cause}.`);
    }
    if (answer.status === 401) throw new ImportError(`${url} asks for a key: --api-key names it.`);
    if (!answer.ok) {
      throw new ImportError(`${base}/${path} answered ${answer.status}: is an ActivityWatch server there?`);
    }
    return answer;
  };
  const json = async (path: string): Promise<JsonFields> => {
    const text = await (await ask(path)).text();
    try {
      return fieldsOf(JSON.parse(text));
    } catch {
      throw new ImportError(`${base}/${path} answered no JSON: is an ActivityWatch server there?`);
    }
  };
  /** A bucket's own export; where the server fails at that, the export of all buckets. */
  async function* events(id: string): AsyncGenerator<unknown> {
    let read = 0;
    let reason = '';
    for (const path of [`buckets/${encodeURIComponent(id)}/export`, 'export']) {
      let position = 0;
      try {
        const { body } = await ask(path);
        for await (const event of body === null ? [] : readEvents(body, id)) {
          position += 1;
          if (position <= read) continue;
          read += 1;
          yield event;
        }
        // An export of all that lacks the bucket says nothing about it.
        if (path !== 'export' || position > 0) return;
      } catch (error) {
        reason ||= errorMessage(error);
      }
    }
    throw new SourceFailure(`the server cannot hand it over: ${reason}`);
  }
  return {
    async buckets() {
      const all = Object.entries(await json('buckets/'));
      return all.map(([id, bucket]) => ({ id, description: fieldsOf(bucket), events: () => events(id) }));
    },
    settings: async () => new Map(Object.entries(await json('settings'))),
    close: () => undefined,
  };
}

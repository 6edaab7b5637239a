// The sources of buckets and settings in JSON: an export file, a running server, and the settings file of the Python server.

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorMessage } from '../../../protocol/error-message.ts';
import { ImportError } from './hub.ts';
import { fieldsOf, type JsonFields, streamParts } from './json.ts';

/** The source cannot export one bucket. Other buckets may work. */
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
  /** The events in the form of an export. @throws SourceFailure if the source cannot export them */
  events(): AsyncIterable<unknown>;
}

const eventPath = '$.buckets.*.events.*';
const descriptionPaths = ['type', 'client', 'hostname', 'created', 'data'].map((field) => `$.buckets.*.${field}`);

type Pieces = AsyncIterable<Uint8Array | string>;

async function* readEvents(pieces: Pieces, id: string): AsyncGenerator<unknown> {
  for await (const { path, value } of streamParts(pieces, [eventPath])) if (path[1] === id) yield value;
}

/** The file is read once for the descriptions alone: in some exports, the description of a bucket follows its events. */
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
          'The file is not an export with buckets: an export is {"buckets": {"<id>": {"type": …, "events": […]}}}.',
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

/** The Python server stores its settings in a separate file next to its configuration. */
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
 * @param url the server's address, with or without `/api/0`
 * @param key the server's API key, if it needs one
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
    if (answer.status === 401) throw new ImportError(`${url} needs an API key: pass it with --api-key.`);
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
      throw new ImportError(`the answer of ${base}/${path} is not JSON: is an ActivityWatch server there?`);
    }
  };
  /** Reads the export of the bucket. If the server fails to export it, reads the export of all buckets instead. */
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
        // If the bucket is missing in the export of all buckets, the reason of the first failure is reported.
        if (path !== 'export' || position > 0) return;
      } catch (error) {
        reason ||= errorMessage(error);
      }
    }
    throw new SourceFailure(`the server cannot export it: ${reason}`);
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

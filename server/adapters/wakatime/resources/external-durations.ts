// External durations: time from other sources than editors, such as meetings in a calendar. They are items of
// `<account>/external_durations`, keyed by provider and external id, so sending one again replaces it. They count only where no
// heartbeat does (durations-algorithm.ts). external-duration-endpoints.ts has the endpoints.

import type { Hub } from '../../../core/hub.ts';
import type { Item, Put } from '../../../core/store.ts';
import { derivedUuid, isObject } from '../model/heartbeat.ts';
import { readText } from '../request-fields.ts';
import type { ExternalSpan } from '../stats/durations-algorithm.ts';

const second = 1_000_000;
const longestMeta = 2_083;
const longest = 86_400 * second;
/** Seconds since 1970. Milliseconds sent by mistake exceed the upper end. */
const [earliest, latest] = [1_000_000_000, 2_000_000_000];

export const texts = ['entity', 'type', 'provider', 'category', 'project', 'branch', 'language', 'meta'] as const;

/** The value of an item; '' means absent. */
export type External = Readonly<Record<(typeof texts)[number] | 'external_id', string>>;

export type ParsedExternal =
  | {
      readonly ok: true;
      readonly put: Put & { readonly time: number; readonly end: number };
      readonly external: External;
    }
  | { readonly ok: false; readonly errors: Readonly<Record<string, readonly string[]>> };

export const channelOf = (account: string): string => `${account}/external_durations`;

/**
 * Parses one external duration.
 * @param at when it arrived, in milliseconds since 1970
 */
export function parseExternal(input: unknown, at: number): ParsedExternal {
  if (!isObject(input)) return refuse('external_duration', 'must be an object');
  const id = readText(input, 'external_id');
  const [begin, end] = [secondsIn(input['start_time']), secondsIn(input['end_time'])];
  const meta =
    typeof input['meta'] === 'object' && input['meta'] !== null ? JSON.stringify(input['meta']) : input['meta'];
  if (id === '') return refuse('external_id', 'is required');
  if (readText(input, 'entity') === '') return refuse('entity', 'is required');
  if (begin === undefined) return refuse('start_time', 'is required: seconds since 1970');
  if (end === undefined) return refuse('end_time', 'is required: seconds since 1970');
  if (end <= begin) return refuse('end_time', 'must be after start_time');
  if (end - begin > longest) return refuse('end_time', 'must be within a day of start_time');
  if (begin > at * 1_000 + longest) return refuse('start_time', 'is more than a day in the future');
  if (typeof meta === 'string' && meta.length > longestMeta) {
    return refuse('meta', `is longer than ${longestMeta} characters`);
  }
  const field = (name: string, absent = ''): string => readText({ ...input, meta }, name, longestMeta) || absent;
  const external: External = {
    external_id: id,
    entity: field('entity'),
    type: field('type', 'app'),
    provider: field('provider'),
    category: field('category', 'meeting'),
    project: field('project'),
    branch: field('branch'),
    language: field('language'),
    meta: field('meta'),
  };
  const key = derivedUuid(['external', external.provider, id]);
  return { ok: true, put: { op: 'put', key, value: JSON.stringify(external), time: begin, end }, external };
}

function refuse(field: string, reason: string): ParsedExternal {
  return { ok: false, errors: { [field]: [reason] } };
}

/** Seconds as microseconds; undefined outside of the range. */
function secondsIn(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds >= earliest && seconds <= latest)) return undefined;
  return Math.round(seconds * second);
}

/** Parses an item; undefined for anything else, because any client may write the channel. */
export function readExternal({ value }: Item): External | undefined {
  const input: unknown = JSON.parse(value);
  if (!isObject(input) || ![...texts, 'external_id'].every((name) => typeof input[name] === 'string')) return undefined;
  const external: External = JSON.parse(value);
  return external;
}

/** The external spans of an account, in order of their begin. */
export async function readExternalSpans(hub: Hub, account: string): Promise<readonly ExternalSpan[]> {
  const { channel, view } = await hub.cachedChannel(channelOf(account));
  return channel.cached('externalSpans', () => {
    const all = [...view.items.values()].flatMap((item): ExternalSpan[] => {
      const external = readExternal(item);
      if (external === undefined || item.time === null || item.end === null) return [];
      const { entity, project, branch, language, category, type } = external;
      const context = {
        project,
        branch,
        language,
        category,
        type,
        userAgent: '',
        machine: '',
        dependencies: [],
        last: [],
      };
      return [{ begin: item.time, end: item.end, context, entity }];
    });
    return all.sort((a, b) => a.begin - b.begin || a.end - b.end);
  });
}

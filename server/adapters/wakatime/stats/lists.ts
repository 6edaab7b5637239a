// What an account has been seen with: projects, machines, plugins, languages. Each is read off the lives of the contexts, so that
// deleting heartbeats leaves nothing behind.

import { toWellFormed } from '../../../../protocol/well-formed.ts';
import type { Context } from '../index/dictionary.ts';
import { iso } from '../model/calendar.ts';
import { editorName, systemName } from '../model/display-names.ts';
import { uuidOf } from '../model/heartbeat.ts';
import { agentOf, systemPlugins } from '../model/user-agent.ts';
import { credit } from './durations-algorithm.ts';
import { type Dimension, labelsOf, namesOf } from './names.ts';
import type { Person } from './query.ts';
import { machineId } from './summaries.ts';

const pageSize = 100;
const minute = 60_000_000;

/** How WakaTime hands out a list, a page at a time. */
export function paged<T>(all: readonly T[], query: URLSearchParams) {
  const pages = Math.max(1, Math.ceil(all.length / pageSize));
  const asked = Number(query.get('page') ?? 1);
  const page = Number.isInteger(asked) && asked >= 1 ? asked : 1;
  return {
    data: all.slice((page - 1) * pageSize, page * pageSize),
    page,
    next_page: page < pages ? page + 1 : null,
    prev_page: page > 1 ? page - 1 : null,
    total: all.length,
    total_pages: pages,
  };
}

/** Microseconds since 1970. */
interface Life {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

/** By name, the most recently seen first; as the account's rules have it. */
function livesBy(
  { beats, settings, rules }: Person,
  nameOf: (context: Context) => string,
  dimension?: Dimension,
): readonly Life[] {
  const names = dimension === undefined ? undefined : namesOf(beats).in(dimension);
  const reach = settings.timeout * minute;
  const byContext = new Map<number, { first: number; last: number }>();
  const rule = { timeout: reach, writesOnly: false, reach, rules };
  credit(
    beats,
    rule,
    { from: beats.first ?? 0, to: Number.MAX_SAFE_INTEGER - reach },
    ({ begins, contexts, length }) => {
      for (let at = 0; at < length; at += 1) {
        const [code = 0, time = 0] = [contexts[at], begins[at]];
        const life = byContext.get(code);
        if (life === undefined) byContext.set(code, { first: time, last: time });
        else life.last = time;
      }
    },
  );
  const lives = new Map<string, { name: string; first: number; last: number }>();
  for (const [code, { first, last }] of byContext) {
    const raw = nameOf(beats.context(code));
    if (raw === '') continue;
    const name = names?.spell(raw) ?? raw;
    const known = lives.get(name);
    if (known === undefined) lives.set(name, { name, first, last });
    else {
      known.first = Math.min(known.first, first);
      known.last = Math.max(known.last, last);
    }
  }
  return [...lives.values()].sort((a, b) => b.last - a.last || (a.name < b.name ? -1 : 1));
}

/** @param moment microseconds since 1970 */
export function projects(person: Person, moment: number) {
  const { account } = person;
  return livesBy(person, ({ project }) => project, 'projects').map(({ name, first, last }) => ({
    id: uuidOf(['project', account, name]),
    name,
    repository: null,
    badge: null,
    color: null,
    clients: [],
    has_public_url: false,
    url: `/projects/${encodeURIComponent(toWellFormed(name))}`,
    urlencoded_name: encodeURIComponent(toWellFormed(name)),
    created_at: iso(first),
    first_heartbeat_at: iso(first),
    human_readable_first_heartbeat_at: ago(moment - first),
    last_heartbeat_at: iso(last),
    human_readable_last_heartbeat_at: ago(moment - last),
  }));
}

export function machines(person: Person) {
  const { settings } = person;
  return livesBy(person, ({ machine }) => machine, 'machines').map(({ name, first, last }) => ({
    id: machineId(name),
    name,
    value: name,
    // Addresses are not kept.
    ip: null,
    last_seen_at: iso(last),
    timezone: settings.timezone,
    created_at: iso(first),
  }));
}

const browsers = new Set(['chrome', 'firefox', 'edge', 'safari', 'opera', 'brave']);

export function userAgents(person: Person) {
  return livesBy(person, ({ userAgent }) => userAgent).map(({ name, first, last }) => {
    const { editor, version, os, model, plugin } = agentOf(name);
    const of = plugin.replace(/-wakatime$/, '');
    return {
      id: agentId(name),
      value: name,
      editor: editorName(editor),
      version,
      os: os === '' ? '' : systemName(os),
      ai_model: model,
      is_browser_extension: browsers.has(of),
      is_desktop_app: systemPlugins.has(of),
      first_seen: iso(first),
      last_seen: iso(last),
      last_seen_at: iso(last),
      created_at: iso(first),
    };
  });
}

export function agentId(userAgent: string): string {
  return uuidOf(['user agent', userAgent]);
}

export function languages(person: Person) {
  return livesBy(person, ({ language }) => language, 'languages').map(({ name, first, last }) => ({
    id: uuidOf(['language', name]),
    name,
    created_at: iso(first),
    modified_at: iso(last),
  }));
}

/** What the last heartbeat says. */
export function newest({ beats }: Person) {
  const last = beats.before(Number.POSITIVE_INFINITY);
  if (last === undefined) return undefined;
  const context = beats.context(last.context);
  const agent = agentOf(context.userAgent);
  const { project, branch, language, userAgent } = context;
  return { time: last.time, project, branch, language, userAgent, plugin: agent.plugin, labels: labelsOf(context) };
}

const steps: readonly (readonly [number, string])[] = [
  [31_536_000, 'year'],
  [2_592_000, 'month'],
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

/** `2 hours ago` */
export function ago(microseconds: number): string {
  const seconds = Math.max(0, Math.floor(microseconds / 1_000_000));
  for (const [size, unit] of steps) {
    const count = Math.floor(seconds / size);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

// What an account has been seen with: projects, machines, plugins, languages. Each is read off the lives of the contexts, so that
// deleting heartbeats leaves nothing behind.

import type { Beats, Life } from './beats.ts';
import { iso } from './calendar.ts';
import { agentOf, labelsOf } from './fold.ts';
import { uuidOf } from './heartbeat.ts';
import { editorName } from './names.ts';
import type { Person } from './question.ts';
import { machineId } from './summaries.ts';

const pageSize = 100;

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

/** By name, the most recently seen first. */
function livesBy(beats: Beats, nameOf: (code: number) => string): readonly (Life & { readonly name: string })[] {
  const lives = new Map<string, { name: string; first: number; last: number; count: number }>();
  for (const [code, life] of beats.lives()) {
    const name = nameOf(code);
    if (name === '') continue;
    const known = lives.get(name);
    if (known === undefined) lives.set(name, { name, ...life });
    else {
      known.first = Math.min(known.first, life.first);
      known.last = Math.max(known.last, life.last);
      known.count += life.count;
    }
  }
  return [...lives.values()].sort((a, b) => b.last - a.last || (a.name < b.name ? -1 : 1));
}

/** @param moment microseconds since 1970 */
export function projects({ beats, account }: Person, moment: number) {
  return livesBy(beats, (code) => beats.contexts[code]?.project ?? '').map(({ name, first, last }) => ({
    id: uuidOf(['project', account, name]),
    name,
    repository: null,
    badge: null,
    color: null,
    clients: [],
    has_public_url: false,
    url: `/projects/${encodeURIComponent(name)}`,
    urlencoded_name: encodeURIComponent(name),
    created_at: iso(first),
    first_heartbeat_at: iso(first),
    human_readable_first_heartbeat_at: ago(moment - first),
    last_heartbeat_at: iso(last),
    human_readable_last_heartbeat_at: ago(moment - last),
  }));
}

export function machines({ beats, settings }: Person) {
  return livesBy(beats, (code) => beats.contexts[code]?.machine ?? '').map(({ name, first, last }) => ({
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

export function userAgents({ beats }: Person) {
  return livesBy(beats, (code) => beats.contexts[code]?.userAgent ?? '').map(({ name, first, last }) => {
    const { editor, version, os, model, plugin } = agentOf(name);
    const browser = browsers.has(editor.toLowerCase()) && plugin !== '';
    return {
      id: agentId(name),
      value: name,
      editor: editorName(editor),
      version,
      os,
      ai_model: model,
      is_browser_extension: browser,
      is_desktop_app: !browser,
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

export function languages({ beats }: Person) {
  return livesBy(beats, (code) => beats.contexts[code]?.language ?? '').map(({ name, first, last }) => ({
    id: uuidOf(['language', name]),
    name,
    created_at: iso(first),
    modified_at: iso(last),
  }));
}

/** What the last heartbeat says. */
export function newest({ beats }: Person) {
  const last = beats.before(Number.POSITIVE_INFINITY);
  const context = last === undefined ? undefined : beats.contexts[last.context];
  if (last === undefined || context === undefined) return undefined;
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

// The projects, machines, plugins and languages that an account has worked with. Each list is computed from the heartbeats, so
// deleting heartbeats changes it, too.

import { toWellFormed } from '../../../../protocol/well-formed.ts';
import type { HeartbeatContext } from '../index/dictionary.ts';
import { formatIso } from '../model/calendar.ts';
import { editorName, systemName } from '../model/display-names.ts';
import { derivedUuid } from '../model/heartbeat.ts';
import { parseUserAgentOnce, systemPlugins } from '../model/user-agent.ts';
import { creditSpans } from './durations-algorithm.ts';
import { type Dimension, labelsOf, namesOf } from './names.ts';
import type { Person } from './query.ts';
import { machineId } from './summaries.ts';

const pageSize = 100;
const minute = 60_000_000;

/** One page of a list, with WakaTime's page fields. */
export function paginate<T>(all: readonly T[], query: URLSearchParams) {
  const pages = Math.max(1, Math.ceil(all.length / pageSize));
  const asNumber = Number(query.get('page') ?? 1);
  const page = Number.isInteger(asNumber) && asNumber >= 1 ? asNumber : 1;
  return {
    data: all.slice((page - 1) * pageSize, page * pageSize),
    page,
    next_page: page < pages ? page + 1 : null,
    prev_page: page > 1 ? page - 1 : null,
    total: all.length,
    total_pages: pages,
  };
}

/** The first and last heartbeat of a name, in microseconds since 1970. */
interface Lifetime {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

/** Lifetimes by name, the most recent first, with the account's custom rules applied. */
function lifetimesBy(
  { beats, settings, rules }: Person,
  nameOf: (context: HeartbeatContext) => string,
  dimension?: Dimension,
): readonly Lifetime[] {
  const names = dimension === undefined ? undefined : namesOf(beats).in(dimension);
  const reach = settings.timeout * minute;
  const byContext = new Map<number, { first: number; last: number }>();
  const rule = { timeout: reach, writesOnly: false, reach, rules };
  creditSpans(
    beats,
    rule,
    { from: beats.first ?? 0, to: Number.MAX_SAFE_INTEGER - reach },
    ({ begins, contexts, length }) => {
      for (let at = 0; at < length; at += 1) {
        const [code = 0, time = 0] = [contexts[at], begins[at]];
        const lifetime = byContext.get(code);
        if (lifetime === undefined) byContext.set(code, { first: time, last: time });
        else lifetime.last = time;
      }
    },
  );
  const lifetimes = new Map<string, { name: string; first: number; last: number }>();
  for (const [code, { first, last }] of byContext) {
    const raw = nameOf(beats.context(code));
    if (raw === '') continue;
    const name = names?.spell(raw) ?? raw;
    const known = lifetimes.get(name);
    if (known === undefined) lifetimes.set(name, { name, first, last });
    else {
      known.first = Math.min(known.first, first);
      known.last = Math.max(known.last, last);
    }
  }
  return [...lifetimes.values()].sort((a, b) => b.last - a.last || (a.name < b.name ? -1 : 1));
}

/** @param moment microseconds since 1970 */
export function listProjects(person: Person, moment: number) {
  const { account } = person;
  return lifetimesBy(person, ({ project }) => project, 'projects').map(({ name, first, last }) => ({
    id: derivedUuid(['project', account, name]),
    name,
    repository: null,
    badge: null,
    color: null,
    clients: [],
    has_public_url: false,
    url: `/projects/${encodeURIComponent(toWellFormed(name))}`,
    urlencoded_name: encodeURIComponent(toWellFormed(name)),
    created_at: formatIso(first),
    first_heartbeat_at: formatIso(first),
    human_readable_first_heartbeat_at: formatAge(moment - first),
    last_heartbeat_at: formatIso(last),
    human_readable_last_heartbeat_at: formatAge(moment - last),
  }));
}

export function listMachines(person: Person) {
  const { settings } = person;
  return lifetimesBy(person, ({ machine }) => machine, 'machines').map(({ name, first, last }) => ({
    id: machineId(name),
    name,
    value: name,
    // The hub does not store addresses.
    ip: null,
    last_seen_at: formatIso(last),
    timezone: settings.timezone,
    created_at: formatIso(first),
  }));
}

const browsers = new Set(['chrome', 'firefox', 'edge', 'safari', 'opera', 'brave']);

export function listUserAgents(person: Person) {
  return lifetimesBy(person, ({ userAgent }) => userAgent).map(({ name, first, last }) => {
    const { editor, version, os, model, plugin } = parseUserAgentOnce(name);
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
      first_seen: formatIso(first),
      last_seen: formatIso(last),
      last_seen_at: formatIso(last),
      created_at: formatIso(first),
    };
  });
}

export function agentId(userAgent: string): string {
  return derivedUuid(['user agent', userAgent]);
}

export function listLanguages(person: Person) {
  return lifetimesBy(person, ({ language }) => language, 'languages').map(({ name, first, last }) => ({
    id: derivedUuid(['language', name]),
    name,
    created_at: formatIso(first),
    modified_at: formatIso(last),
  }));
}

/** The fields of the newest heartbeat; undefined without heartbeats. */
export function newestHeartbeat({ beats }: Person) {
  const last = beats.before(Number.POSITIVE_INFINITY);
  if (last === undefined) return undefined;
  const context = beats.context(last.context);
  const agent = parseUserAgentOnce(context.userAgent);
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
export function formatAge(microseconds: number): string {
  const seconds = Math.max(0, Math.floor(microseconds / 1_000_000));
  for (const [size, unit] of steps) {
    const count = Math.floor(seconds / size);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

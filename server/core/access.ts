// Permissions as pure functions: scopes, short and full channel names, and the retention of each channel. accounts.ts turns a secret
// into an Identity.

import type { Keep } from './store.ts';

export interface Identity {
  readonly account: string;
  /** The device that writes; '' while it is not known. */
  readonly device: string;
  /** The public id of the token that opened the session; '' for the owner's own machine without credentials. */
  readonly token: string;
  readonly scopes: readonly string[];
}

export type Verb = 'read' | 'write';

/**
 * `read`, `write` or `admin`; the first two also for some channels only: `write:aw/*`. Scopes that begin with `mcp:` are for the MCP
 * server alone (server/mcp/rights.ts).
 */
const scopeForm = /^(?:(?:read|write)(?::[^\s:]{1,200})?|admin|mcp:(?:read|projects|redacted|write))$/;

/** Of each scope of the MCP server: the scopes that include it. */
const includedIn: Readonly<Record<string, readonly string[] | undefined>> = {
  'mcp:read': ['read'],
  'mcp:projects': ['read', 'mcp:read'],
  'mcp:redacted': ['read', 'mcp:read', 'mcp:projects'],
  'mcp:write': ['write'],
};

export const allScopes: readonly string[] = ['read', 'write', 'admin'];

export function isScope(text: string): boolean {
  return scopeForm.test(text);
}

/** Names that an account may not have, because channels or paths begin with them. */
const taken = new Set(['mob', 'aw', 'tasks', 'wakatime', 'hub', 'api', 'events', 'help', 'stats']);

export function isAccountName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,31}$/.test(name) && !taken.has(name);
}

/** `aw/*` matches every name that begins with `aw/`; `*` matches everything; any other pattern matches itself. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

export function isAdmin(who: Identity): boolean {
  return who.scopes.includes('admin');
}

/**
 * Expands a channel name as a session writes it. Channels of its own account are written without the account; an administrator may
 * name channels of any account.
 * @param isAccount whether an account of that name exists
 */
export function fullName(who: Identity, name: string, isAccount: (name: string) => boolean): string {
  const first = name.split('/', 1)[0] ?? name;
  const absolute =
    name.startsWith('@') ||
    first === 'mob' ||
    (name.includes('/') && (first === who.account || (isAdmin(who) && isAccount(first))));
  return absolute ? name : `${who.account}/${name}`;
}

/** The name as a session writes it: the reverse of `fullName`. */
export function shortName(who: Identity, full: string): string {
  return full.startsWith(`${who.account}/`) ? full.slice(who.account.length + 1) : full;
}

/** @param channel a full name, or a pattern for all names that it matches */
export function isAllowed(who: Identity, verb: Verb, channel: string): boolean {
  if (channel.startsWith('@')) return verb === 'read' && isAdmin(who);
  // Computed channels, links, the access log, the outbox and calendars are written by the hub alone.
  if (verb === 'write' && (isComputed(channel) || isLinks(channel) || isHubWritten(channel))) return false;
  const own = channel.startsWith(`${who.account}/`);
  // Anyone may use rooms, but a token gives only the access that its scopes name.
  if (!own && !channel.startsWith('mob/')) return isAdmin(who);
  const name = shortName(who, channel);
  // Settings say what strangers see of the coding time, so writing them needs the right to read it.
  if (verb === 'write' && name === 'settings' && !isAllowed(who, 'read', `${who.account}/wakatime`)) return false;
  const names = namesInScopes(name);
  return who.scopes.some(
    (scope) =>
      scope === verb ||
      (scope.startsWith(`${verb}:`) && names.some((one) => matchesPattern(scope.slice(verb.length + 1), one))),
  );
}

/** True if somebody may give a scope to another token: they have it themselves, or they administer the hub. */
export function covers(who: Identity, scope: string): boolean {
  if (isAdmin(who) || who.scopes.includes(scope)) return true;
  if (includedIn[scope]?.some((other) => who.scopes.includes(other)) === true) return true;
  const [verb = '', pattern] = scope.split(/:(.*)/s);
  if (pattern === undefined) return false;
  return who.scopes.some((own) => {
    const [ownVerb, ownPattern] = own.split(/:(.*)/s);
    if (ownVerb !== verb) return false;
    return ownPattern === undefined || (ownPattern.endsWith('*') && matchesPattern(ownPattern, pattern));
  });
}

/** True if the identity may read at least one channel: without that, a ticket or a link of its would open nothing. */
export function mayReadSomething({ scopes }: Identity): boolean {
  return scopes.some((scope) => scope === 'read' || scope.startsWith('read:'));
}

/** True if the identity may read all of its account: what is about the account as a whole, such as its tokens and devices, needs that. */
export function mayReadAccount({ scopes }: Identity): boolean {
  return scopes.includes('read');
}

/** Channels of coding time beside `wakatime` itself. An app's scopes name them `wakatime/goals` and so on. */
const wakatimeResources = new Set(['goals', 'commits', 'external_durations']);

/**
 * The names under which scopes can name a channel, so that a scope means the same on every transport: `wakatime` includes all coding
 * time. A link opens coding time, so the lists of links belong to it and have no name of their own.
 */
function namesInScopes(name: string): readonly string[] {
  if (linkLists.has(name)) return ['wakatime'];
  if (wakatimeResources.has(name)) return [name, `wakatime/${name}`, 'wakatime'];
  if (!name.startsWith('wakatime/')) return [name];
  const resource = name.slice('wakatime/'.length);
  return wakatimeResources.has(resource) ? [name, resource, 'wakatime'] : [name, 'wakatime'];
}

/** Channels whose keys open data to anybody who knows them. */
const linkLists = new Set(['shares', 'dumps']);

function isLinks(channel: string): boolean {
  return /^[^@/]+\/(?:shares|dumps)$/.test(channel) && !channel.startsWith('mob/');
}

/**
 * Which calls came over MCP (`ann/access`), the key of other names in MCP answers (`ann/mcp`), to whom changes are sent and what became of them
 * (`ann/outbox`, `ann/outbox/<target>`),
 * reports (`ann/weekly_reports`), goals that were reached (`ann/reached_goals`), which weeks were submitted (`ann/submitted_weeks`), and the
 * calendars (`ann/calendars`) with their events (`ann/meetings`).
 */
function isHubWritten(channel: string): boolean {
  const written =
    /^[^@/]+\/(?:access|mcp|outbox(?:\/.+)?|weekly_reports|reached_goals|submitted_weeks|calendars|meetings)$/;
  return written.test(channel) && !channel.startsWith('mob/');
}

/** Channels of the hub that keep no history. */
const passing = new Set([
  '@hub/clock',
  '@hub/devices',
  '@hub/processes',
  '@hub/uses',
  '@hub/codes',
  '@hub/grants',
  '@hub/tickets',
  '@hub/links',
  '@hub/push',
]);

/** Merged days: `ann/day/2026-11-28`. */
function isComputed(channel: string): boolean {
  return /^[^@/]+\/day\//.test(channel) && !channel.startsWith('mob/');
}

/** The retention of a channel: every past value, or only the last value of each item. @param channel its full name */
export function keepOf(channel: string): Keep {
  if (passing.has(channel) || channel.startsWith('mob/')) return 'last';
  if (channel.startsWith('@edge/') || channel.startsWith('@derived/')) return 'last';
  const own = channel.slice(channel.indexOf('/') + 1);
  // The history says who submitted and returned a week.
  if (own === 'meetings' || own === 'submitted_weeks') return 'all';
  if (isComputed(channel) || isHubWritten(channel)) return 'last';
  return own === 'wakatime' || own === 'wakatime/today' || own.startsWith('aw/') ? 'last' : 'all';
}

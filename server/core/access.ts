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

/** `read`, `write` or `admin`; the first two also for some channels only: `write:aw/*`. */
const scopeForm = /^(?:(?:read|write)(?::[^\s:]{1,200})?|admin)$/;

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
  // Computed channels are written by the hub alone.
  if (verb === 'write' && isComputed(channel)) return false;
  const own = channel.startsWith(`${who.account}/`);
  // Anyone may use rooms, but a token gives only the access that its scopes name.
  if (!own && !channel.startsWith('mob/')) return isAdmin(who);
  const name = shortName(who, channel);
  return who.scopes.some(
    (scope) => scope === verb || (scope.startsWith(`${verb}:`) && matchesPattern(scope.slice(verb.length + 1), name)),
  );
}

/** Channels of the hub that keep no history. */
const passing = new Set(['@hub/devices', '@hub/processes', '@hub/uses', '@hub/codes', '@hub/grants', '@hub/tickets']);

/** Merged days: `ann/day/2026-11-28`. */
function isComputed(channel: string): boolean {
  return /^[^@/]+\/day\//.test(channel) && !channel.startsWith('mob/');
}

/** What a channel keeps: every past value, or only the last value of each item. @param channel its full name */
export function keepOf(channel: string): Keep {
  if (passing.has(channel) || channel.startsWith('mob/')) return 'last';
  if (channel.startsWith('@edge/') || channel.startsWith('@derived/')) return 'last';
  const own = channel.slice(channel.indexOf('/') + 1);
  if (isComputed(channel)) return 'last';
  return own === 'wakatime' || own === 'wakatime/today' || own.startsWith('aw/') ? 'last' : 'all';
}

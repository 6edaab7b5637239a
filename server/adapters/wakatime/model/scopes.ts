// OAuth scopes and the hub's own scopes that they map to. A token has scopes for channels. The right to an endpoint of WakaTime is
// named like a channel below `wakatime`. Of these channels only today's summary has items, so an app reads no other channel.

import { type Identity, isAllowed, type Verb } from '../../../core/access.ts';
import { noAiMetrics } from '../stats/ai-metrics.ts';

const lists = [
  'categories',
  'dependencies',
  'editors',
  'languages',
  'machines',
  'operating_systems',
  'projects',
] as const;

/** Every app may read the profile of the account that its token belongs to. */
const always = 'read:wakatime/profile';

/** Today's summary is a channel, too, which an app may follow. */
const daily = ['read:wakatime/summaries', 'read:wakatime/today'] as const;

type Entry = readonly [string, readonly string[]];

/** The hub's scopes by OAuth's name. */
const scopes: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['email', ['read:wakatime/email']],
  ['read_summaries', daily],
  ...lists.map((list): Entry => [`read_summaries.${list}`, [`read:wakatime/summaries.${list}`]]),
  ['read_stats', ['read:wakatime/stats']],
  ...[...lists, 'best_day'].map((list): Entry => [`read_stats.${list}`, [`read:wakatime/stats.${list}`]]),
  ['read_goals', ['read:wakatime/goals']],
  ['read_orgs', ['read:wakatime/orgs']],
  ['write_orgs', ['write:wakatime/orgs']],
  ['read_private_leaderboards', ['read:wakatime/leaderboards']],
  ['write_private_leaderboards', ['write:wakatime/leaderboards']],
  ['read_heartbeats', ['read:wakatime/heartbeats']],
  ['write_heartbeats', ['write:wakatime/heartbeats']],
  ['read_logged_time', [...daily, 'read:wakatime/stats', 'read:wakatime/goals', 'read:wakatime/heartbeats']],
  ['write_logged_time', ['write:wakatime/heartbeats']],
]);

/** How the approval page describes each scope. */
const scopeTexts = new Map([
  ['email', 'your e-mail address'],
  ['read_summaries', 'your time day by day'],
  ['read_stats', 'your time over weeks and years'],
  ['read_goals', 'your goals'],
  ['read_orgs', 'your organisations, and the time shown on their dashboards'],
  ['write_orgs', 'to change your organisations'],
  ['read_private_leaderboards', 'your private leaderboards'],
  ['write_private_leaderboards', 'to change your private leaderboards'],
  ['read_heartbeats', 'each of your heartbeats: files, projects, machines'],
  ['write_heartbeats', 'to add and delete heartbeats, meetings and commits'],
  ['read_logged_time', 'all of your time, goals and heartbeats'],
  ['write_logged_time', 'to add and delete heartbeats, meetings and commits'],
]);

export function describeScope(name: string): string {
  const [whole = '', part] = name.split('.');
  const input = scopeTexts.get(whole) ?? name;
  return part === undefined ? input : `${input}, ${part.replaceAll('_', ' ')} alone`;
}

/** @returns the scopes of a list with blanks or commas, each once; undefined when one of them is unknown */
export function parseScopes(input: string): readonly string[] | undefined {
  const names = [...new Set(input.split(/[\s,]+/).filter((name) => name !== ''))];
  return names.every((name) => scopes.has(name)) ? names : undefined;
}

export function toHubScopes(names: readonly string[]): readonly string[] {
  return [...new Set([always, ...names.flatMap((name) => scopes.get(name) ?? [])])];
}

/** True if the identity is an app's token. Other tokens are the account's own. */
export function isApp({ scopes: granted }: Identity): boolean {
  return granted.includes(always);
}

/** True if the identity has all rights of these OAuth scopes. A person cannot grant rights that they do not have. */
export function mayGrant(identity: Identity, names: readonly string[]): boolean {
  return (
    !isApp(identity) && toHubScopes(names).every((scope) => allows(identity, scope.startsWith('w') ? 'write' : 'read'))
  );
}

/** True if the identity may access all of the account's coding time, or one of the parts. */
export function allows(
  identity: Identity,
  verb: Verb,
  account = identity.account,
  parts: readonly string[] = [],
): boolean {
  const channel = `${account}/wakatime`;
  return isAllowed(identity, verb, channel) || parts.some((part) => isAllowed(identity, verb, `${channel}/${part}`));
}

/** The parts of summaries or stats that can be granted to an app one by one. */
export function listParts(whole: 'summaries' | 'stats'): readonly string[] {
  return [whole, ...lists.map((list) => `${whole}.${list}`), ...(whole === 'stats' ? ['stats.best_day'] : [])];
}

/** The answer without what the caller may not see. Hidden lists are empty, not missing. */
export function pruneHidden<T extends object>(
  answer: T,
  whole: 'summaries' | 'stats',
  mayHave: (part: string) => boolean,
): T {
  if (mayHave(whole)) return answer;
  const hidden = lists.filter((list) => !mayHave(`${whole}.${list}`)).map((list) => [list, []] as const);
  const best = 'best_day' in answer && !mayHave('stats.best_day') ? { best_day: null } : {};
  const inside = 'entities' in answer ? { entities: [], branches: [] } : {};
  const usage = 'ai_sessions' in answer ? noAiMetrics() : {};
  const total = 'grand_total' in answer ? { grand_total: { ...Object(answer.grand_total), ...noAiMetrics() } } : {};
  return { ...answer, ...usage, ...total, ...Object.fromEntries(hidden), ...best, ...inside };
}

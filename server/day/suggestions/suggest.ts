// Suggestions for unassigned time as one pure function: a day and its evidence in, at most one question for each stretch out. Nothing is
// written here. Tier 1 comes from facts, tier 2 from neighbours and words.

import type { DayRuleItem } from '../../../protocol/day.ts';
import type { MergedDay } from '../engine/answer.ts';
import type { DayEvent } from '../engine/evidence.ts';
import type { DayIntervals } from '../engine/intervals.ts';
import { ruleFor } from './rule-for.ts';
import { stretchesOf, type UnassignedStretch } from './stretches.ts';
import { factVotes, neighbourVotes, type Vote, type VoteContext, type VoteKind, wordVotes } from './votes.ts';
import type { TeachingStretch } from './words.ts';

/** One reason, with the items of one channel that it comes from. */
export interface SuggestionReason {
  readonly kind: VoteKind;
  /** The matching text, such as `12-watering`. */
  readonly text: string;
  /** Without the account. */
  readonly channel: string;
  readonly keys: readonly string[];
}

export interface DaySuggestion {
  /** The same as long as the stretch begins at the same moment and the same is suggested for it. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** The unassigned time in it, which an acceptance assigns; microseconds. */
  readonly time: number;
  readonly spans: DayIntervals;
  readonly project: string;
  readonly task: string | null;
  readonly tier: 1 | 2;
  /** The weightiest first; at least one. */
  readonly reasons: readonly SuggestionReason[];
  /** The rule that "always" would save; null if the reasons make no rule. */
  readonly rule: DayRuleItem | null;
}

/** The limits of the two tiers; microseconds, and parts of 1. */
const limits = {
  /** So much of what facts say must agree. */
  factAgreement: 0.75,
  leastFacts: 20_000_000,
  leastFactShare: 0.1,
  /** So much of all votes must agree in tier 2, and speak for that part of the stretch. */
  agreement: 0.6,
  leastShare: 0.3,
  taskAgreement: 0.6,
  /** A fact that only one or two items name may be a glance. */
  leastItems: 3,
  leastTexts: 2,
  /** A stretch between two of one project is of that project, too, if it is no longer. */
  longestBetween: 900_000_000,
} as const;
const mostReasons = 6;
const mostKeys = 20;

export function suggestionsOf(
  day: MergedDay,
  events: readonly DayEvent[],
  context: VoteContext,
): readonly DaySuggestion[] {
  const stretches = stretchesOf(
    day,
    events,
    (event) => namedProject(event, context) ?? context.model.lean(event.facts)?.project,
  );
  return stretches.flatMap((stretch) => suggestFor(stretch, day, events, context) ?? []);
}

/** Unassigned time whose project facts make certain: it teaches words, too. */
export function certainStretches(
  day: MergedDay,
  events: readonly DayEvent[],
  context: Pick<VoteContext, 'finder' | 'projectOf'>,
): readonly TeachingStretch[] {
  return stretchesOf(day, events, (event) => namedProject(event, context)).flatMap((stretch): TeachingStretch[] => {
    const decided = decideByFacts(stretch, factVotes(stretch, events, context), []);
    if (decided === undefined) return [];
    const { project } = decided;
    return [{ project, id: `${stretch.from}`, facts: stretch.items.map(({ event }) => event.facts) }];
  });
}

/** The project that the texts of an item name. */
function namedProject(
  { facts, lane }: DayEvent,
  { finder, projectOf }: Pick<VoteContext, 'finder' | 'projectOf'>,
): string | undefined {
  if (lane === 'task' || lane === 'mob') return undefined;
  const project = finder.of(facts).find((clue) => clue.project !== null)?.project;
  return project == null ? undefined : projectOf(project);
}

function suggestFor(
  stretch: UnassignedStretch,
  day: MergedDay,
  events: readonly DayEvent[],
  context: VoteContext,
): DaySuggestion | undefined {
  const facts = factVotes(stretch, events, context);
  const words = wordVotes(stretch, context);
  const decided = decideByFacts(stretch, facts, words) ?? decideByAll(stretch, facts, words, day);
  if (decided === undefined) return undefined;
  const { project, tier, votes } = decided;
  const own = votes.filter((vote) => vote.project === project);
  const task = runningTask(stretch) ?? taskOf(own);
  const { from, to, time, spans } = stretch;
  const key = `${Math.floor(from / 1_000_000).toString(36)}-${hashOf(`${project} ${task ?? ''}`)}`;
  const base = { key, from, to, time, spans, project, task, tier };
  return { ...base, reasons: reasonsOf(own), rule: ruleFor(own, project, task) };
}

interface SuggestionDecision {
  readonly project: string;
  readonly tier: 1 | 2;
  readonly votes: readonly Vote[];
}

/** Words that speak clearly for another project than the facts leave no fact certain. */
function decideByFacts(
  { time }: UnassignedStretch,
  facts: readonly Vote[],
  words: readonly Vote[],
): SuggestionDecision | undefined {
  const best = bestOf(facts);
  if (best === undefined) return undefined;
  const [project, weight, all] = best;
  if (weight < all * limits.factAgreement) return undefined;
  if (weight < Math.max(limits.leastFacts, time * limits.leastFactShare)) return undefined;
  // A task or a goal beside the stretch says what came before, not what came then.
  const isBeside = facts.some((vote) => vote.project === project && vote.field === null);
  const texts = [...facts.filter(({ field }) => field !== null), ...words].filter((vote) => vote.project === project);
  if (countItems(texts) < (isBeside ? 1 : limits.leastItems)) return undefined;
  const other = bestOf(words);
  if (other !== undefined && other[0] !== project && other[1] > weight) return undefined;
  return { project, tier: 1, votes: facts };
}

function decideByAll(
  stretch: UnassignedStretch,
  facts: readonly Vote[],
  words: readonly Vote[],
  day: MergedDay,
): SuggestionDecision | undefined {
  const texts = [...facts, ...words];
  const beside = neighbourVotes(stretch, day);
  const isBetween =
    stretch.time <= limits.longestBetween && beside.length === 2 && beside[0]?.project === beside[1]?.project;
  // Who was at one project before may do anything now: a neighbour only strengthens what a text says.
  const isSupported = (project: string): boolean =>
    countItems(texts.filter((vote) => vote.project === project)) >= limits.leastTexts;
  const votes = isBetween ? [...texts, ...beside] : [...texts, ...beside.filter(({ project }) => isSupported(project))];
  const best = bestOf(votes);
  if (best === undefined) return undefined;
  const [project, weight, all] = best;
  if (weight < all * limits.agreement || weight < stretch.time * limits.leastShare) return undefined;
  if (!isBetween && !isSupported(project)) return undefined;
  return { project, tier: 2, votes };
}

/** A window and its page are one look at one thing: items that begin in the same second count once. */
function countItems(votes: readonly Vote[]): number {
  return new Set(votes.map(({ at }) => Math.floor(at / 1_000_000))).size;
}

/** The project with the greatest weight, its weight, and that of all votes together. */
function bestOf(votes: readonly Vote[]): readonly [project: string, weight: number, all: number] | undefined {
  const weights = new Map<string, number>();
  let all = 0;
  for (const { project, weight } of votes) {
    weights.set(project, (weights.get(project) ?? 0) + weight);
    all += weight;
  }
  const [best] = [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return best === undefined ? undefined : [best[0], best[1], all];
}

/** A task that runs without a project: which task it is, is known already. */
function runningTask({ items }: UnassignedStretch): string | undefined {
  return items.find(({ event }) => event.lane === 'task')?.event.facts.task;
}

function taskOf(votes: readonly Vote[]): string | null {
  const weights = new Map<string, number>();
  let all = 0;
  for (const { task, weight, kind } of votes) {
    if (kind === 'alias' || kind === 'words' || kind === 'neighbour' || task === null) continue;
    weights.set(task, (weights.get(task) ?? 0) + weight);
    all += weight;
  }
  const [best] = [...weights].sort(([, a], [, b]) => b - a);
  return best !== undefined && best[1] >= all * limits.taskAgreement ? best[0] : null;
}

function reasonsOf(votes: readonly Vote[]): readonly SuggestionReason[] {
  const groups = new Map<string, { readonly vote: Vote; weight: number; readonly keys: Set<string> }>();
  for (const vote of votes) {
    const name = JSON.stringify([vote.kind, vote.channel, vote.kind === 'words' ? '' : vote.text]);
    const group = groups.get(name) ?? { vote, weight: 0, keys: new Set<string>() };
    groups.set(name, group);
    group.weight += vote.weight;
    for (const key of vote.keys) if (group.keys.size < mostKeys) group.keys.add(key);
  }
  return [...groups.values()]
    .sort((a, b) => b.weight - a.weight)
    .slice(0, mostReasons)
    .map(({ vote: { kind, text, channel }, keys }) => ({ kind, text, channel, keys: [...keys] }));
}

/** FNV-1a. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

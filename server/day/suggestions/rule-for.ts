// The rule that "always" saves: the weightiest text that decided, as one condition. Neighbours and tasks that were just stopped make no
// rule, for the next time they are others.

import type { DayRuleItem } from '../../../protocol/day.ts';
import type { Vote } from './votes.ts';

const longestCondition = 256;

export function ruleFor(votes: readonly Vote[], project: string, task: string | null): DayRuleItem | null {
  const weights = new Map<string, { readonly vote: Vote; weight: number }>();
  for (const vote of votes) {
    const { kind, field, text } = vote;
    if (field === null || text === '' || text.length > longestCondition) continue;
    const name = `${kind} ${field} ${text}`;
    const known = weights.get(name) ?? { vote, weight: 0 };
    weights.set(name, known);
    known.weight += vote.weight;
  }
  const [best] = [...weights.values()].sort((a, b) => b.weight - a.weight);
  if (best === undefined || best.vote.field === null) return null;
  const { field, text, kind } = best.vote;
  const condition = field === 'branch' && kind === 'task id' ? { is: text } : { contains: text };
  // A name means a project; only the id of a task means the task.
  const named = kind === 'task id' && task !== null ? { task } : {};
  return { when: { [field]: condition }, project, ...named, source: 'suggestion' };
}

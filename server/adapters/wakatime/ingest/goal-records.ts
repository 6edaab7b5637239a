// Writes reached goals into the account's channel `reached_goals`, from where webhooks send them: each once for its day or week, because
// the key says which.

import type { ReachedGoalItem } from '../../../../protocol/reached-goal.ts';
import { addBounded } from '../../../core/bounded.ts';
import type { Hub } from '../../../core/hub.ts';
import type { GoalListener } from './goal-watch.ts';

/** Goals of which is remembered that they were written; the store knows the others. */
const mostRemembered = 10_000;

/** @param isWanted whether somebody may send the goals of an account on */
export function goalRecords(hub: Hub, isWanted: GoalListener['isWanted']): GoalListener {
  const written = new Set<string>();
  return {
    isWanted,
    async reached(account, goals) {
      const ops = goals.flatMap(({ id, title, since }) => {
        const key = `${id} ${since}`;
        if (written.has(`${account} ${key}`)) return [];
        const item: ReachedGoalItem = { goal: id, title, since };
        return [{ op: 'add', key, value: JSON.stringify(item) } as const];
      });
      if (ops.length === 0) return;
      const channel = await hub.channel(`${account}/reached_goals`);
      await channel.write({ ops, origin: 'goals', at: hub.world.now() });
      for (const { key } of ops) addBounded(written, `${account} ${key}`, mostRemembered);
    },
  };
}

// Notifies a person when a goal of theirs is reached, wherever a browser of theirs wants it: once for each day or week of the goal.

import type { GoalListener } from '../adapters/wakatime/ingest/goal-watch.ts';
import type { Push } from './push.ts';

export function goalAlerts(push: Push): GoalListener {
  return {
    isWanted: (account) => push.isWanted(account, 'goal'),
    async reached(account, goals) {
      for (const { id, title, since } of goals) {
        await push.notifyOnce(account, `goal ${id} ${since}`, {
          kind: 'goal',
          tag: `goal ${id}`,
          path: '/goals',
          desc: title,
        });
      }
    },
  };
}

// The words for the state of the connection to the hub.

import type { ConnectionState } from '../../typescript/index.ts';
import type { TasksPageTexts } from '../languages/tasks.ts';

/** @param pending writes that the hub has not answered */
export function words(
  state: ConnectionState,
  pending: number,
  { text }: TasksPageTexts,
): { readonly state: string; readonly detail: string } {
  const waiting =
    pending === 0 ? '' : text(pending === 1 ? 'tasks.waits-one' : 'tasks.waits-other', { count: pending });
  switch (state.name) {
    case 'live':
      return { state: text('live.live'), detail: waiting };
    case 'offline':
      return { state: text('live.offline'), detail: waiting || text('tasks.stored') };
    case 'revoked':
      return { state: text('tasks.not-admitted'), detail: waiting };
    default:
      return { state: text('live.connecting'), detail: waiting };
  }
}

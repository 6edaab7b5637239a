// Retries writes of programs that never resend a refused one: a full disk or an unreachable database may be back in a moment.

import { errorMessage } from '../../protocol/error-message.ts';
import { LimitReached } from '../core/limits.ts';
import type { World } from '../core/world.ts';
import type { Route } from './types.ts';
import { json } from './types.ts';

const [holdMs, pauseMs] = [25_000, 1_000];

/**
 * Wraps a handler so that a failed write is tried again every second, for at most 25 seconds.
 * @param report called after each attempt, with the reason of its failure, or null
 * @param handle called again if it has thrown
 */
export function retryUntilStored(
  world: World,
  report: (fault: string | null) => void,
  handle: Route['handle'],
): Route['handle'] {
  return async (request) => {
    for (let waited = 0; ; waited += pauseMs) {
      try {
        const answer = await handle(request);
        report(null);
        return answer;
      } catch (error) {
        // Waiting does not help against a limit: its refusal says when to try again.
        if (error instanceof LimitReached) throw error;
        const reason = errorMessage(error);
        world.log.error({ error }, 'a write could not be stored');
        report(reason);
        if (waited >= holdMs || request.aborted()) {
          return json(503, { message: `not stored: ${reason}`, error: `not stored: ${reason}` });
        }
        await new Promise<void>((resolve) => world.after(pauseMs, resolve));
      }
    }
  };
}

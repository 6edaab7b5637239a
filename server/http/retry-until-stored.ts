// Retries writes of programs that never resend a refused one: a full disk or an unreachable database may be back in a moment.

import { errorMessage } from '../../protocol/error-message.ts';
import type { World } from '../core/world.ts';
import type { Route } from './types.ts';
import { json } from './types.ts';

const [holdMs, pauseMs] = [25_000, 1_000];

/**
 * Wraps a handler so that a failed write is tried again every second, for 25 seconds at most.
 * @param kept called after each attempt: with the reason of its failure, or null
 * @param handle is called again after it threw
 */
export function retryUntilStored(
  world: World,
  kept: (fault: string | null) => void,
  handle: Route['handle'],
): Route['handle'] {
  return async (request) => {
    for (let waited = 0; ; waited += pauseMs) {
      try {
        const answer = await handle(request);
        kept(null);
        return answer;
      } catch (error) {
        const reason = errorMessage(error);
        world.log.error({ error }, 'a write could not be stored');
        kept(reason);
        if (waited >= holdMs || request.aborted()) {
          return json(503, { message: `not kept: ${reason}`, error: `not kept: ${reason}` });
        }
        await new Promise<void>((resolve) => world.after(pauseMs, resolve));
      }
    }
  };
}

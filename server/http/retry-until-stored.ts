// Writes of programs that do not send again what was refused: a disk that is full, or a database that is away, may be back in a
// moment, so such a write waits and is made again. What the write is, its route knows.

import { errorMessage } from '../../protocol/error-message.ts';
import type { World } from '../core/world.ts';
import type { Route } from './types.ts';
import { json } from './types.ts';

const [holdMs, pauseMs] = [25_000, 1_000];

/**
 * @param kept told of each write whether it could be kept: why not, or null
 * @param handle may be called again after it failed
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
        world.log.error({ error }, 'a write could not be kept');
        kept(reason);
        if (waited >= holdMs || request.aborted()) {
          return json(503, { message: `not kept: ${reason}`, error: `not kept: ${reason}` });
        }
        await new Promise<void>((resolve) => world.after(pauseMs, resolve));
      }
    }
  };
}

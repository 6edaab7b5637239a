// The one place where exceptions end: they are logged, and become an answer that says nothing of their cause. Refusals, which
// the protocol foresees, are put into the words of each wire here too.

import type { ErrorCode, Refusal } from '../../protocol/errors.ts';
import { errors, refuse } from '../../protocol/errors.ts';
import type { Reply } from '../adapters/adapter.ts';
import { json } from '../adapters/adapter.ts';
import type { Log } from '../core/world.ts';

/** A refusal as Kronos clients read it. */
export function refusalText(refusal: Refusal): string {
  return JSON.stringify({ success: false, error: refusal.error, code: refusal.code });
}

/** A refusal as an HTTP answer. */
export function refusalReply(refusal: Refusal): Reply {
  return json(errors[refusal.code].status, { error: refusal.error, code: refusal.code });
}

export function refusedReply(code: ErrorCode, hint = ''): Reply {
  return refusalReply(refuse(code, '', hint));
}

/** Runs `act`; an exception out of it is logged and answered by `otherwise`. */
export function attempt<T>(log: Log, doing: string, act: () => T, otherwise: () => T): T {
  try {
    return act();
  } catch (error) {
    log.error({ err: error }, `${doing} failed`);
    return otherwise();
  }
}

export async function attemptLater<T>(log: Log, doing: string, act: () => Promise<T>, otherwise: () => T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    log.error({ err: error }, `${doing} failed`);
    return otherwise();
  }
}

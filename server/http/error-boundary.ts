// The one place where exceptions end: they are logged, and become an answer that says nothing of their cause. Refusals, which
// the protocol foresees, become HTTP answers here too.

import type { ErrorCode, Refusal } from '../../protocol/errors.ts';
import { errors, refuse } from '../../protocol/errors.ts';
import type { Log } from '../core/world.ts';
import type { Reply } from './types.ts';
import { json } from './types.ts';

/** A refusal as an HTTP answer. */
export function refusalReply(refusal: Refusal): Reply {
  const { code, error, hint } = refusal;
  return json(errors[code].status, { error, code, hint });
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

export async function attemptAsync<T>(log: Log, doing: string, act: () => Promise<T>, otherwise: () => T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    log.error({ err: error }, `${doing} failed`);
    return otherwise();
  }
}

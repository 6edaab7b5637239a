// Catches exceptions, in this one place: they are logged and answered without their cause. Also turns refusals into HTTP replies.

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

/** Runs `act`. Logs an exception of it, and returns what `otherwise` returns. */
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

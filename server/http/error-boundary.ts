// Catches exceptions, in this one place: they are logged and answered without their cause. Also turns refusals into HTTP replies.

import type { ErrorCode, Refusal } from '../../protocol/errors.ts';
import { errors, refusalFields, refuse } from '../../protocol/errors.ts';
import type { Log } from '../core/world.ts';
import type { Reply } from './types.ts';
import { json } from './types.ts';

/** A refusal as an HTTP answer. One that may be accepted later says after how many seconds. */
export function refusalReply(refusal: Refusal): Reply {
  return json(errors[refusal.code].status, refusalFields(refusal), retryHeaders(refusal));
}

/** `Retry-After` in whole seconds, for a refusal that may be accepted later. */
export function retryHeaders({ retryMs }: Refusal): Readonly<Record<string, string>> {
  return retryMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryMs / 1_000))) };
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

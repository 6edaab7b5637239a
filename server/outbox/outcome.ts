// The outcome of a message that was sent: the receiver accepted it, refused it for good, or may take it later. Pure functions.

import { pauseAfter } from '../core/lease.ts';
import type { PostOutcome } from './post.ts';

const [firstPauseMs, longestPauseMs, longestRetryAfterMs] = [5_000, 3_600_000, 24 * 3_600_000];

export { longestPauseMs };

/** It may have arrived or not, and is sent again. */
export interface SendAgain {
  readonly again: string;
  readonly afterMs: number;
}

export type SentOutcome = 'accepted' | { readonly refused: string } | SendAgain;

/** The clock and the pauses that a try depends on. */
export interface TryContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long to wait before the next try, at least. */
  readonly pauseMs: number;
}

/** @param tries that failed before this one */
export function tryContext(now: number, tries: number, random: () => number): TryContext {
  return { now, pauseMs: pauseAfter(tries, [firstPauseMs, longestPauseMs], random) };
}

/** The outcome of a whole request by its answer. */
export function outcomeOfAnswer(answer: PostOutcome, { now, pauseMs }: TryContext): SentOutcome {
  if (!answer.ok) return { again: answer.error, afterMs: pauseMs };
  const detail = answer.text.trim() === '' ? '' : `: ${answer.text.trim().slice(0, 200)}`;
  return outcomeOfStatus(answer.status, detail, pauseBeforeNext(answer, { now, pauseMs }));
}

/** Milliseconds until the next try, as the receiver asked for it. */
export function pauseBeforeNext(answer: PostOutcome, { now, pauseMs }: TryContext): number {
  return answer.ok ? Math.max(pauseMs, retryAfterMs(answer.retryAfter, now)) : pauseMs;
}

/** @param detail the text of the receiver's answer after ": ", or '' */
export function outcomeOfStatus(status: number, detail: string, afterMs: number): SentOutcome {
  if (status >= 200 && status < 300) return 'accepted';
  if (status >= 300 && status < 400)
    return { again: `${status}: redirects are not followed; name the new address`, afterMs };
  const isTemporary = status >= 500 || [401, 403, 404, 408, 410, 425, 429].includes(status);
  return isTemporary ? { again: `${status}${detail}`, afterMs } : { refused: `${status}${detail}` };
}

/** `Retry-After` in milliseconds from now: seconds, or a date. 0 without one. */
function retryAfterMs(header: string, now: number): number {
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), longestRetryAfterMs);
}

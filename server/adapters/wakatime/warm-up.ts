// Warms up a hub that has just started. Editors and dashboards first request the last days and the last year, so the hub reads and
// sums these once in advance, and the first answers are nearly as fast as later ones.

import type { Authorizer } from './auth/authorize.ts';
import { addDays } from './model/calendar.ts';
import { parseQuery, timeRangeOf } from './stats/query.ts';
import { buildSummaries } from './stats/summaries.ts';

/** A limit on the work after a start. */
const mostAccounts = 8;
const daysInAll = 365;
/** Days summed at once: few enough that other requests do not wait long. */
const daysAtOnce = 30;

/** Runs in the background until the hub stops. Never rejects. */
export async function warmUp(authorizer: Authorizer): Promise<void> {
  let goesOn = true;
  const stop = authorizer.hub.atDrain(() => {
    goesOn = false;
  });
  for (const account of authorizer.accounts.slice(0, mostAccounts)) {
    try {
      // Wait until the index is rebuilt: before that, each read would go to the channel itself and its work would be lost.
      await authorizer.whenOpened(account);
      for (let back = 0; back < daysInAll && goesOn; back += daysAtOnce) await lookAt(authorizer, account, back);
    } catch (error) {
      authorizer.hub.world.log.warn({ account, error }, 'wakatime: could not read the last year of an account');
    }
    if (!goesOn) break;
  }
  stop();
}

/** @param back the last of these days, counted back from today */
async function lookAt(authorizer: Authorizer, account: string, back: number): Promise<void> {
  const info = await authorizer.personInfo(account);
  const result = parseQuery(info, new URLSearchParams(), authorizer.hub.world.now());
  if (!result.ok) return;
  const last = addDays(result.value.now.today, -back);
  const span = { first: addDays(last, 1 - daysAtOnce), last };
  const beats = await authorizer.beats(account, timeRangeOf(result.value, span));
  await buildSummaries({ ...result.value, person: { ...info, beats } }, span);
}

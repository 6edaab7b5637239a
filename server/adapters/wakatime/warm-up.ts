// What a hub that has just started is asked first, by editors and dashboards that were there before: the last days, the last year.
// They are read and added up once before anybody asks, so that the first answers are nearly as quick as the others. Nothing of it
// is kept but what any question leaves behind.

import type { Admission } from './auth/authorize.ts';
import { addDays } from './model/calendar.ts';
import { ask, reachOf } from './stats/query.ts';
import { summariesText } from './stats/summaries.ts';

/** Few enough that a start is not busy with them for long. */
const mostAccounts = 8;
const daysInAll = 365;
/** Few enough that nobody waits while they are added up. */
const daysAtOnce = 30;

/** In the background: never rejects. Ends with the hub. */
export async function warmUp(admission: Admission): Promise<void> {
  let goesOn = true;
  const stop = admission.hub.atDrain(() => {
    goesOn = false;
  });
  for (const account of admission.accounts.slice(0, mostAccounts)) {
    try {
      // What is made anew is looked at once it is there: to read months from the channel meanwhile would be for nobody.
      await admission.opened(account);
      for (let back = 0; back < daysInAll && goesOn; back += daysAtOnce) await lookAt(admission, account, back);
    } catch (error) {
      admission.hub.world.log.warn({ account, error }, 'wakatime: could not read the last year of an account');
    }
    if (!goesOn) break;
  }
  stop();
}

/** @param back how many days ago the last of these days is */
async function lookAt(admission: Admission, account: string, back: number): Promise<void> {
  const someone = await admission.someone(account);
  const asked = ask(someone, new URLSearchParams(), admission.hub.world.now());
  if (!asked.ok) return;
  const last = addDays(asked.value.now.today, -back);
  const span = { first: addDays(last, 1 - daysAtOnce), last };
  const beats = await admission.beats(account, reachOf(asked.value, span));
  summariesText({ ...asked.value, person: { ...someone, beats } }, span);
}

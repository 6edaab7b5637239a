// The verbs on calendars (rules A8): whoever reads the account lists them; whoever may also write subscribes and removes.

import type { CalendarRequest, CalendarView } from '../../protocol/calendars.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
import { type Identity, mayReadAccount } from '../core/access.ts';
import { managesTokens } from './token-verbs.ts';

/** The part of the calendars of accounts that the wire uses. compose.ts provides it. */
export interface WireCalendars {
  list(account: string): Promise<readonly CalendarView[]>;
  subscribe(
    account: string,
    request: CalendarRequest,
  ): Promise<{ readonly ok: true; readonly calendar: CalendarView } | Refusal>;
  remove(account: string, id: string): Promise<{ readonly ok: true } | Refusal>;
}

export async function administerCalendars(
  calendars: WireCalendars | undefined,
  who: Identity,
  request: Requests['calendars' | 'calendar' | 'remove-calendar'],
): Promise<{ readonly ok: true; readonly fields: object } | Refusal> {
  if (request.type === 'calendars' ? !mayReadAccount(who) : !managesTokens(who)) {
    const needed = request.type === 'calendars' ? 'with the scope read' : 'that may read and write';
    return refuse('forbidden', '', `this needs a token ${needed}`);
  }
  if (calendars === undefined) return refuse('not_found', 'calendar', 'this hub has no calendars');
  if (request.type === 'calendars') return { ok: true, fields: { calendars: await calendars.list(who.account) } };
  if (request.type === 'calendar') {
    const { name, url } = request;
    const made = await calendars.subscribe(who.account, { name, url });
    return made.ok ? { ok: true, fields: { calendar: made.calendar } } : made;
  }
  const removed = await calendars.remove(who.account, request.calendar);
  return removed.ok ? { ok: true, fields: { calendar: request.calendar } } : removed;
}

// The HTTP of submitted weeks: list them, submit one, and, for administrators, return one with a reason.

import { isSubmittedWeek, isWeekEdit, WeekEdit, WeeksView } from '../../protocol/day-weeks.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import { type Identity, isAdmin } from '../core/access.ts';
import { admittedRoutes } from '../http/admitted-routes.ts';
import { refusalReply } from '../http/error-boundary.ts';
import { bodyOf } from '../http/json-body.ts';
import { json, type Reply, type Request, type Route, type RouteDoc } from '../http/types.ts';
import type { DayRouteDeps } from './routes.ts';
import { datesOfWeek } from './weeks/calendar-week.ts';
import { returnWeek, submitWeek } from './weeks/submit-week.ts';
import { weeksChannel } from './weeks/submitted-weeks.ts';

const noStore = { 'cache-control': 'no-store' };
const tag = 'Reports';

const docs = {
  list: {
    tag,
    scope: 'read',
    summary: 'Lists the weeks that were submitted or returned',
    description: 'The same as the channel `submitted_weeks`, whose history has every step.',
    query: { account: 'Another account, for administrators.' },
    responses: { 200: { description: 'The latest first.', schema: WeeksView } },
  },
  edit: {
    tag,
    scope: 'read write',
    summary: 'Submits a week, or returns one with a reason',
    description:
      'The time of a submitted week does not change any more, whatever rules or evidence do, and edits of entries and notes in it are refused ' +
      '(`protected`). To return one needs the scope `admin`.',
    body: { schema: WeekEdit, example: { do: 'submit', week: '2026-W48' } },
    responses: {
      200: { description: '`seq` of the channel `submitted_weeks`.' },
      403: { description: 'Only administrators return weeks.' },
      404: { description: 'The week is not submitted.' },
      409: { description: 'The week was submitted before.' },
    },
  },
} as const satisfies Record<string, RouteDoc>;

export function weekRoutes(deps: DayRouteDeps): readonly Route[] {
  const route = admittedRoutes(deps);
  return [
    route('GET', '/-/weeks', docs.list, (identity, request) => listWeeks(deps, identity, request)),
    route('POST', '/-/weeks', docs.edit, (identity, request) => editWeek(deps, identity, request)),
  ];
}

function accountFor({ accounts }: DayRouteDeps, identity: Identity, name: string | null | undefined): string | Refusal {
  if (name === null || name === undefined || name === identity.account) return identity.account;
  if (!isAdmin(identity)) return refuse('forbidden', '', 'another account needs the scope admin');
  return accounts.isAccount(name) ? name : refuse('not_found', 'account', 'list them: GET /-/people');
}

async function listWeeks(deps: DayRouteDeps, identity: Identity, request: Request): Promise<Reply> {
  const account = accountFor(deps, identity, new URLSearchParams(request.query).get('account'));
  if (typeof account !== 'string') return refusalReply(account);
  const { items } = await (await deps.days.hub.cachedChannel(`${account}/${weeksChannel}`)).settled();
  const weeks = [...items.values()].flatMap(({ key: week, value, at }) => {
    const item: unknown = JSON.parse(value);
    const dates = datesOfWeek(week);
    const [from, to] = [dates?.[0], dates?.at(-1)];
    if (!isSubmittedWeek(item) || from === undefined || to === undefined) return [];
    return [{ week, from, to, at, ...item }];
  });
  weeks.sort((one, other) => (one.from < other.from ? 1 : -1));
  return json(200, { weeks } satisfies WeeksView, noStore);
}

async function editWeek(deps: DayRouteDeps, identity: Identity, request: Request): Promise<Reply> {
  const body = bodyOf(request);
  if (!isWeekEdit(body))
    return refusalReply(
      refuse(
        'payload',
        '',
        'send {"do": "submit", "week": "2026-W48"} or {"do": "return", "week": "…", "account"?: "…", "reason": "…"}',
      ),
    );
  const { hub } = deps.days;
  const by = identity.account;
  if (body.do === 'submit') {
    const done = await submitWeek(hub, deps.days.of(by).days, body.week, by);
    return done.ok ? json(200, { seq: done.seq }, noStore) : refusalReply(done);
  }
  if (!isAdmin(identity)) return refusalReply(refuse('forbidden', '', 'only an administrator returns a week'));
  const account = accountFor(deps, identity, body.account);
  if (typeof account !== 'string') return refusalReply(account);
  const done = await returnWeek(hub, account, body.week, { by, reason: body.reason });
  return done.ok ? json(200, { seq: done.seq }, noStore) : refusalReply(done);
}

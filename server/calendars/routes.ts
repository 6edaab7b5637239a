// The HTTP of calendars: subscribe to one, import a file, list them with their state, read one again, remove one.

import { CalendarRequest, CalendarView, isCalendarRequest } from '../../protocol/calendars.ts';
import { compile } from '../../protocol/check.ts';
import { refuse } from '../../protocol/errors.ts';
import { Name } from '../../protocol/names.ts';
import { admittedRoutes } from '../http/admitted-routes.ts';
import type { AuthenticationDeps } from '../http/authenticate.ts';
import { refusalReply } from '../http/error-boundary.ts';
import { bodyOf } from '../http/json-body.ts';
import { json, type Reply, type Request, type Route, type RouteDoc } from '../http/types.ts';
import { largestCalendar } from './calendar-reader.ts';
import type { Calendars } from './calendars.ts';

export interface CalendarRouteDeps extends AuthenticationDeps {
  readonly calendars: Calendars;
}

const tag = 'Calendars';
const gone = { 404: { description: 'No such calendar.' } } as const;
const done: Reply = { status: 204, headers: {}, body: '' };
const noStore = { 'cache-control': 'no-store' };
const params = { id: 'The id of the calendar.' };

const docs = {
  list: {
    tag,
    scope: 'read',
    summary: 'Lists the calendars of the account, with what was read and what went wrong',
    responses: { 200: { description: '`calendars` is a list of these.', schema: CalendarView } },
  },
  subscribe: {
    tag,
    scope: 'read write',
    summary: 'Subscribes to a calendar: its events are the meetings of the merged day',
    description:
      'It is read at once and then every half hour. Its address is encrypted at rest and never shown. Addresses of private networks are ' +
      'refused, unless the administrator allows them; up to three redirects are followed.',
    body: {
      schema: CalendarRequest,
      example: { name: 'work', url: 'https://example.org/calendar.ics' },
    },
    responses: { 201: { description: '`calendar` is this.', schema: CalendarView } },
  },
  importFile: {
    tag,
    scope: 'read write',
    summary: 'Imports a calendar file: its events are the meetings of the merged day',
    description:
      'At most 10 MiB. A file of the same name replaces the one before. Occurrences of recurring events are computed for a year ahead.',
    query: {
      name: 'What the calendar is called. The name in the file unless given.',
      file: 'The name of the file, for the list of calendars.',
    },
    body: { type: 'text/calendar', description: 'The file, in UTF-8.' },
    responses: {
      200: { description: '`calendar` is this.', schema: CalendarView },
      400: { description: 'The file cannot be read; `hint` says why.' },
    },
  },
  refresh: {
    tag,
    scope: 'read write',
    summary: 'Reads a subscribed calendar now',
    params,
    responses: { 204: { description: 'It is being read.' }, ...gone },
  },
  remove: {
    tag,
    scope: 'read write',
    summary: 'Removes a calendar and its meetings',
    params,
    responses: { 204: { description: 'Removed.' }, ...gone },
  },
} as const satisfies Record<string, RouteDoc>;

export function calendarRoutes(deps: CalendarRouteDeps): readonly Route[] {
  const { calendars } = deps;
  const route = admittedRoutes(deps);
  const idOf = (request: Request) => request.params.get('id') ?? '';
  return [
    route('GET', '/-/calendars', docs.list, async ({ account }) =>
      json(200, { calendars: await calendars.list(account) }, noStore),
    ),
    route('POST', '/-/calendars', docs.subscribe, async ({ account }, request) => {
      const body = bodyOf(request);
      if (!isCalendarRequest(body))
        return refusalReply(refuse('payload', '', 'send {"name": "…", "url": "https://…"}'));
      const made = await calendars.subscribe(account, body);
      return made.ok ? json(201, { calendar: made.calendar }, noStore) : refusalReply(made);
    }),
    {
      ...route('POST', '/-/calendars/file', docs.importFile, async ({ account }, { body, query }) => {
        const parameters = new URLSearchParams(query);
        const [name, file] = ['name', 'file'].map((one) => nameIn(parameters.get(one)));
        const text = textOf(body);
        if (name === undefined || file === undefined)
          return refusalReply(refuse('property', 'name', 'at most 64 characters, none of them a control character'));
        if (text === undefined) return refusalReply(refuse('property', 'file', 'it is not UTF-8 text'));
        const made = await calendars.importFile(account, { name, file, text });
        return made.ok ? json(200, { calendar: made.calendar }, noStore) : refusalReply(made);
      }),
      limit: largestCalendar,
    },
    route('POST', '/-/calendars/:id/refresh', docs.refresh, async ({ account }, request) => {
      const read = await calendars.refresh(account, idOf(request));
      return read.ok ? done : refusalReply(read);
    }),
    route('DELETE', '/-/calendars/:id', docs.remove, async ({ account }, request) => {
      const removed = await calendars.remove(account, idOf(request));
      return removed.ok ? done : refusalReply(removed);
    }),
  ];
}

const checkName = compile(Name);

/** '' without a name; undefined if the name is not valid. */
function nameIn(text: string | null): string | undefined {
  const name = text?.trim() ?? '';
  return name === '' || checkName(name) ? name : undefined;
}

function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

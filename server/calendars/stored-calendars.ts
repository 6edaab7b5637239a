// The calendars of an account as items of its channel `calendars`, which only the hub writes: `calendar/<id>` says where the events come from,
// without secrets; `state/<id>` what was read last, and what went wrong. The events are in the channel `meetings`, under `<id>/<hash>`.

import { type Static, Type } from '@sinclair/typebox';
import { type CalendarView, SkippedEventsView } from '../../protocol/calendars.ts';
import { compile } from '../../protocol/check.ts';

export const calendarsChannel = 'calendars';
export const meetingsChannel = 'meetings';

const Millis = Type.Number({ description: 'milliseconds since 1970' });

const StoredCalendar = Type.Object({
  id: Type.String(),
  name: Type.String(),
  source: Type.Union([Type.Literal('address'), Type.Literal('file')]),
  from: Type.String(),
  /** The address, encrypted; '' for a file. */
  sealed: Type.String(),
  created: Millis,
});
export type StoredCalendar = Static<typeof StoredCalendar>;

const CalendarState = Type.Object({
  read: Type.Union([Millis, Type.Null()]),
  next: Type.Union([Millis, Type.Null()]),
  failing: Type.Union([Type.Object({ since: Millis, tries: Type.Integer(), error: Type.String() }), Type.Null()]),
  events: Type.Integer(),
  meetings: Type.Integer(),
  skipped: SkippedEventsView,
  problems: Type.Array(Type.String()),
  /** The server's validators of the file that was read last, so that it need not send the file again. */
  etag: Type.String(),
  modified: Type.String(),
  /** When occurrences were last computed: as time goes on, there are more of them. */
  expanded: Millis,
  /** Who reads it at the moment, and until when nobody else does. */
  lease: Type.Union([Type.Object({ by: Type.String(), until: Millis }), Type.Null()]),
});
export type CalendarState = Static<typeof CalendarState>;

const checks = { calendar: compile(StoredCalendar), state: compile(CalendarState) };
const isCalendar = (value: unknown): value is StoredCalendar => checks.calendar(value);
const isState = (value: unknown): value is CalendarState => checks.state(value);

export const calendarKey = (id: string) => `calendar/${id}`;
export const stateKey = (id: string) => `state/${id}`;
export const meetingKey = (id: string, key: string) => `${id}/${key}`;

export const emptyState: CalendarState = {
  read: null,
  next: null,
  failing: null,
  events: 0,
  meetings: 0,
  skipped: { all_day: 0, cancelled: 0, free: 0, empty: 0, long: 0, unusable: 0 },
  problems: [],
  etag: '',
  modified: '',
  expanded: 0,
  lease: null,
};

type Items = ReadonlyMap<string, { readonly key: string; readonly value: string }>;

export function calendarsIn(items: Items): readonly StoredCalendar[] {
  return [...items.values()].flatMap(({ key, value }): StoredCalendar[] => {
    const calendar: unknown = key.startsWith('calendar/') ? JSON.parse(value) : undefined;
    return isCalendar(calendar) ? [calendar] : [];
  });
}

export function stateIn(items: Items, id: string): CalendarState {
  const state: unknown = JSON.parse(items.get(stateKey(id))?.value ?? 'null');
  return isState(state) ? state : emptyState;
}

export function viewOf({ id, name, source, from, created }: StoredCalendar, state: CalendarState): CalendarView {
  const { read, next, failing, events, meetings, skipped, problems } = state;
  return { id, name, source, from, created, read, next, failing, events, meetings, skipped, problems };
}

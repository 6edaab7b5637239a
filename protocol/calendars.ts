// Calendars of an account, whose events are the meetings of its merged day: what a person asks for, what they are shown, and the items of the channel
// `meetings`.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from './check.ts';
import { Name } from './names.ts';

const Millis = Type.Number({ description: 'milliseconds since 1970' });
const Count = Type.Integer({ minimum: 0 });

/** A subscription as a person asks for it. */
export const CalendarRequest = Type.Object(
  {
    name: Name,
    url: Type.String({ maxLength: 2_000, description: 'https://… or webcal://…, of an iCalendar file' }),
  },
  { additionalProperties: false },
);
export type CalendarRequest = Static<typeof CalendarRequest>;
const checkRequest = compile(CalendarRequest);
export const isCalendarRequest = (value: unknown): value is CalendarRequest => checkRequest(value);

export const SkippedEventsView = Type.Object(
  {
    all_day: Count,
    cancelled: Count,
    free: Type.Integer({ minimum: 0, description: 'the calendar shows the time as free' }),
    empty: Type.Integer({ minimum: 0, description: 'without a length' }),
    long: Type.Integer({ minimum: 0, description: 'longer than a day' }),
    unusable: Type.Integer({ minimum: 0, description: 'not understood; `problems` say why' }),
  },
  { description: 'events that are no meetings' },
);

/** A calendar as people see it. */
export const CalendarView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  source: Type.Union([Type.Literal('address'), Type.Literal('file')]),
  from: Type.String({ description: 'the origin of the address, whose path may be a secret; or the name of the file' }),
  created: Millis,
  read: Type.Union([Millis, Type.Null()], { description: 'when its events were last what they are here' }),
  next: Type.Union([Millis, Type.Null()], { description: 'when it is read again; null for a file' }),
  failing: Type.Union([Type.Object({ since: Millis, tries: Type.Integer(), error: Type.String() }), Type.Null()], {
    description: 'why it could not be read; the events that it had stay',
  }),
  events: Type.Integer({ minimum: 0, description: 'in the calendar' }),
  meetings: Type.Integer({ minimum: 0, description: 'that these are, each occurrence of its own' }),
  skipped: SkippedEventsView,
  problems: Type.Array(Type.String()),
});
export type CalendarView = Static<typeof CalendarView>;

/** An item of the channel `meetings`, whose span is its `time` and `end`. Only the hub writes them. */
export const MeetingItem = Type.Object({
  calendar: Type.String({ description: 'the name of the calendar' }),
  uid: Type.String({ description: 'of the event in the calendar; all occurrences of one event have the same' }),
  title: Type.String({ description: 'empty for a private event' }),
  place: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.String())),
});
export type MeetingItem = Static<typeof MeetingItem>;
const checkMeeting = compile(MeetingItem);
export const isMeetingItem = (value: unknown): value is MeetingItem => checkMeeting(value);

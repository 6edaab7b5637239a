// Reading a calendar file: which events are meetings, when each occurrence is, and what is said of the rest.

import { describe, expect, test } from '@jest/globals';
import { type CalendarContents, mostMeetings, readCalendar } from '../../../server/calendars/read-calendar.ts';

const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)];

function read(lines: readonly string[], more: { zone?: string; from?: number; to?: number } = {}): CalendarContents {
  const text = ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR'].join('\r\n');
  const span = { from: (more.from ?? from) * 1_000, to: (more.to ?? to) * 1_000 };
  const outcome = readCalendar({ text, zone: more.zone ?? 'UTC', ...span, without: [] });
  if (!outcome.ok) throw new Error(outcome.error);
  return outcome.value;
}

const event = (...lines: readonly string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'];
/** The meetings as UTC: `10-19 07:00-08:00 Title`. */
const shown = ({ meetings }: CalendarContents) =>
  meetings.map(({ from: begin, to: end, title }) => {
    const [one, other] = [begin, end].map((moment) => new Date(moment / 1_000).toISOString());
    return `${one?.slice(5, 16).replace('T', ' ')}-${other?.slice(11, 16)} ${title}`;
  });

const weekly = (zone: string, first: string) =>
  event(
    'UID:w',
    `DTSTART;TZID=${zone}:${first}T090000`,
    `DTEND;TZID=${zone}:${first}T100000`,
    'RRULE:FREQ=WEEKLY;COUNT=2',
    'SUMMARY:W',
  );

describe('an occurrence keeps the time that clocks show while they change', () => {
  test.each([
    ['Europe/Berlin', '20261019', ['10-19 07:00-08:00 W', '10-26 08:00-09:00 W']],
    ['America/New_York', '20261030', ['10-30 13:00-14:00 W', '11-06 14:00-15:00 W']],
    ['Australia/Lord_Howe', '20260928', ['09-27 22:30-23:30 W', '10-04 22:00-23:00 W']],
    ['Asia/Kolkata', '20261019', ['10-19 03:30-04:30 W', '10-26 03:30-04:30 W']],
  ])('in %s', (zone, first, expected) => {
    expect(shown(read(weekly(zone, first)))).toEqual(expected);
  });

  test('and its length by a stopwatch: a night is 8 hours long', () => {
    const night = event(
      'UID:n',
      'DTSTART;TZID=Europe/Berlin:20261023T230000',
      'DTEND;TZID=Europe/Berlin:20261024T070000',
      'RRULE:FREQ=DAILY;COUNT=2',
      'SUMMARY:N',
    );
    expect(shown(read(night))).toEqual(['10-23 21:00-05:00 N', '10-24 21:00-05:00 N']);
  });

  test('a time that clocks skip counts by the offset before, one that they show twice is the first', () => {
    const at = (uid: string, time: string) =>
      event(`UID:${uid}`, `DTSTART;TZID=Europe/Berlin:${time}`, 'DURATION:PT30M', `SUMMARY:${uid}`);
    const both = read([...at('skipped', '20260329T023000'), ...at('twice', '20261025T023000')]);
    expect(shown(both)).toEqual(['03-29 01:30-02:00 skipped', '10-25 00:30-01:00 twice']);
  });
});

describe('a recurring event', () => {
  const daily = [
    'UID:d',
    'DTSTART;TZID=Europe/Berlin:20261026T090000',
    'DTEND;TZID=Europe/Berlin:20261026T093000',
    'SUMMARY:Daily',
  ];
  const changed = (id: string, ...lines: readonly string[]) => event('UID:d', `RECURRENCE-ID${id}`, ...lines);

  test('has an occurrence for each date of its rule and of RDATE, and none for EXDATE', () => {
    const calendar = read(
      event(
        ...daily,
        'RRULE:FREQ=DAILY;COUNT=4',
        'RDATE;TZID=Europe/Berlin:20261101T150000',
        'EXDATE;TZID=Europe/Berlin:20261027T090000',
        'EXDATE:20261028T080000Z',
      ),
    );
    expect(shown(calendar)).toEqual(['10-26 08:00-08:30 Daily', '10-29 08:00-08:30 Daily', '11-01 14:00-14:30 Daily']);
  });

  test('ends with its last occurrence before an UNTIL in UTC', () => {
    expect(shown(read(event(...daily, 'RRULE:FREQ=DAILY;UNTIL=20261027T080000Z')))).toHaveLength(2);
    expect(shown(read(event(...daily, 'RRULE:FREQ=DAILY;UNTIL=20261027T075959Z')))).toHaveLength(1);
  });

  test('has the changes of single occurrences, in whatever zone they name them, and not the cancelled ones', () => {
    const calendar = read([
      ...event(...daily, 'RRULE:FREQ=DAILY;COUNT=4'),
      ...changed(';TZID=Europe/Berlin:20261027T090000', 'DTSTART:20261027T150000Z', 'DURATION:PT1H', 'SUMMARY:Moved'),
      ...changed(':20261028T080000Z', 'DTSTART:20261028T090000Z', 'DURATION:PT1H', 'SUMMARY:Later'),
      ...changed(':20261029T080000Z', 'DTSTART:20261029T080000Z', 'STATUS:CANCELLED', 'SUMMARY:Off'),
    ]);
    expect(shown(calendar)).toEqual(['10-26 08:00-08:30 Daily', '10-27 15:00-16:00 Moved', '10-28 09:00-10:00 Later']);
    expect(new Set(calendar.meetings.map(({ key }) => key)).size).toBe(3);
    expect(calendar.skipped.cancelled).toBe(0);
  });

  test('is moved from one occurrence on by THISANDFUTURE', () => {
    const calendar = read([
      ...event(...daily, 'RRULE:FREQ=DAILY;COUNT=4'),
      ...changed(
        ';RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261028T090000',
        'DTSTART;TZID=Europe/Berlin:20261028T110000',
        'DURATION:PT1H',
        'SUMMARY:New time',
      ),
    ]);
    expect(shown(calendar)).toEqual([
      '10-26 08:00-08:30 Daily',
      '10-27 08:00-08:30 Daily',
      '10-28 10:00-11:00 New time',
      '10-29 10:00-11:00 New time',
    ]);
  });

  test('whose rule the file does not have is there in its changed occurrences', () => {
    const calendar = read(changed(':20261028T080000Z', 'DTSTART:20261028T090000Z', 'DURATION:PT1H', 'SUMMARY:Alone'));
    expect(shown(calendar)).toEqual(['10-28 09:00-10:00 Alone']);
  });

  test('keeps the key of an occurrence when its title, its time or its rule changes', () => {
    const one = read(event(...daily, 'RRULE:FREQ=DAILY;COUNT=2'));
    const other = read([
      ...event(...daily.map((line) => line.replace('Daily', 'Stand-up')), 'RRULE:FREQ=DAILY;COUNT=3'),
      ...changed(':20261027T080000Z', 'DTSTART:20261027T150000Z', 'DURATION:PT1H', 'SUMMARY:Moved'),
    ]);
    expect(other.meetings.map(({ key }) => key).slice(0, 2)).toEqual(one.meetings.map(({ key }) => key));
  });

  test('has only the occurrences of the span, and its newest ones if there are too many', () => {
    const [begin, end] = [Date.UTC(2026, 9, 27, 8, 10), Date.UTC(2026, 9, 29, 8)];
    expect(shown(read(event(...daily, 'RRULE:FREQ=DAILY'), { from: begin, to: end }))).toEqual([
      '10-27 08:00-08:30 Daily',
      '10-28 08:00-08:30 Daily',
    ]);
    const many = Array.from({ length: 60 }, (_, index) =>
      event(...daily.map((line) => line.replace('UID:d', `UID:${index}`)), 'RRULE:FREQ=DAILY;COUNT=400'),
    ).flat();
    const calendar = read(many, { to: Date.UTC(2028, 0, 1) });
    expect([calendar.meetings.length, calendar.problems]).toEqual([
      mostMeetings,
      [`24000 meetings: the newest ${mostMeetings} are taken`],
    ]);
    expect(calendar.from).toBe(calendar.meetings[0]?.from);
  });
});

describe('times', () => {
  const plain = (...lines: readonly string[]) => event('UID:p', ...lines, 'DURATION:PT1H', 'SUMMARY:P');

  test('without a zone are those of the file’s zone, or of the person', () => {
    const floating = plain('DTSTART:20260701T090000');
    expect(shown(read(floating, { zone: 'America/New_York' }))).toEqual(['07-01 13:00-14:00 P']);
    expect(shown(read(['X-WR-TIMEZONE:Europe/Berlin', ...floating]))).toEqual(['07-01 07:00-08:00 P']);
  });

  test('in a zone that only the file knows are as it says', () => {
    const zone = [
      'BEGIN:VTIMEZONE',
      'TZID:Customized Time Zone',
      'BEGIN:STANDARD',
      'DTSTART:16010101T030000',
      'TZOFFSETFROM:+0400',
      'TZOFFSETTO:+0300',
      'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
      'END:STANDARD',
      'BEGIN:DAYLIGHT',
      'DTSTART:16010101T020000',
      'TZOFFSETFROM:+0300',
      'TZOFFSETTO:+0400',
      'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU',
      'END:DAYLIGHT',
      'END:VTIMEZONE',
    ];
    const meeting = (date: string) => plain(`DTSTART;TZID=Customized Time Zone:${date}T090000`);
    expect(shown(read([...zone, ...meeting('20260701')]))).toEqual(['07-01 05:00-06:00 P']);
    expect(shown(read([...zone, ...meeting('20261201')]))).toEqual(['12-01 06:00-07:00 P']);
  });

  test('in a zone that nobody knows are those of the person, and the zone is named', () => {
    const calendar = read(plain('DTSTART;TZID=Nowhere:20260701T090000'), { zone: 'Europe/Berlin' });
    expect(shown(calendar)).toEqual(['07-01 07:00-08:00 P']);
    expect(calendar.problems).toEqual([
      'the time zone Nowhere is unknown: its times are taken as those of Europe/Berlin',
    ]);
  });

  test('in a zone with a prefix before its name are those of the zone', () => {
    const calendar = read(plain('DTSTART;TZID=/citadel.org/20260101_1/Europe/Berlin:20260701T090000'));
    expect(shown(calendar)).toEqual(['07-01 07:00-08:00 P']);
  });
});

describe('no meeting is', () => {
  const at = 'DTSTART:20260701T090000Z';
  test.each([
    ['all_day', ['DTSTART;VALUE=DATE:20260701', 'DTEND;VALUE=DATE:20260702']],
    ['cancelled', [at, 'DURATION:PT1H', 'STATUS:CANCELLED']],
    ['free', [at, 'DURATION:PT1H', 'TRANSP:TRANSPARENT']],
    ['empty', [at]],
    ['long', [at, 'DTEND:20260703T090000Z']],
    ['unusable', [at, 'DURATION:PT1H', 'RRULE:FREQ=SECONDLY']],
    ['unusable', ['DTSTART:tomorrow']],
    ['unusable', ['SUMMARY:without a time']],
  ])('an event that is %s', (reason, lines) => {
    const calendar = read(event('UID:x', ...lines));
    expect(calendar).toMatchObject({ events: 1, meetings: [], skipped: { [reason]: 1 } });
    expect(calendar.problems).toHaveLength(reason === 'unusable' ? 1 : 0);
  });
});

describe('a file', () => {
  const fine = event('UID:fine', 'DTSTART:20260701T090000Z', 'DURATION:PT1H', 'SUMMARY:Fine');

  test('loses one event by a fault in it, which is named by its line', () => {
    const calendar = read([...event('UID:bad', 'DTSTART:20260701T090000Z', 'a line of no form'), ...fine]);
    expect(shown(calendar)).toEqual(['07-01 09:00-10:00 Fine']);
    expect(calendar.problems).toEqual([expect.stringMatching(/^the event on line 3: .*a line of no form/)]);
    const cut = read([...fine, 'BEGIN:VEVENT', 'UID:cut']);
    expect(shown(cut)).toEqual(['07-01 09:00-10:00 Fine']);
    expect([cut.events, cut.problems]).toEqual([2, ['the event on line 9: it has no END']]);
  });

  test('has long lines folded, names, places and categories escaped, and private events without their title', () => {
    const calendar = read([
      'X-WR-CALNAME:Work\\, mostly',
      ...event(
        'UID:f',
        'DTSTART:20260701T090000Z',
        'DURATION:PT1H',
        'SUMMARY:Über den',
        '  Plan\\, kurz',
        'LOCATION:Room 1\\nfirst floor',
        'CATEGORIES:team,planning',
      ),
      ...event('UID:p', 'DTSTART:20260702T090000Z', 'DURATION:PT1H', 'SUMMARY:Doctor', 'CLASS:PRIVATE'),
    ]);
    expect(calendar.name).toBe('Work, mostly');
    expect(calendar.meetings).toMatchObject([
      { title: 'Über den Plan, kurz', place: 'Room 1 first floor', tags: ['team', 'planning'] },
      { title: '', place: '', tags: [] },
    ]);
  });

  test('with two events of one UID has the later revision', () => {
    const revision = (sequence: number, title: string) =>
      event('UID:r', `SEQUENCE:${sequence}`, 'DTSTART:20260701T090000Z', 'DURATION:PT1H', `SUMMARY:${title}`);
    expect(shown(read([...revision(10, 'new'), ...revision(9, 'old')]))).toEqual(['07-01 09:00-10:00 new']);
  });

  test('that is no calendar is refused', () => {
    const outcome = readCalendar({ text: '<html></html>', zone: 'UTC', from: 0, to: 1, without: [] });
    expect(outcome).toEqual({ ok: false, error: expect.stringContaining('BEGIN:VCALENDAR') });
  });
});

// Calendars that Debian's python3-icalendar writes, with the moments that python3-dateutil and Python's own zone database compute for them: the
// hub reads the same.

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { readCalendar } from '../../../server/calendars/read-calendar.ts';

const python = '/usr/bin/python3';
const isInstalled = spawnSync(python, ['-c', 'import icalendar, dateutil, pytz, zoneinfo']).status === 0;
if (!isInstalled) console.warn('SKIPPED: python3-icalendar and python3-dateutil are not installed');

/** Prints JSON: the calendar file, and of each meeting its title, begin and end in seconds since 1970. */
const script = `
import json, random, sys
import pytz
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo
from dateutil.rrule import rrulestr
from icalendar import Calendar, Event, vRecur

def build(seed):
    chance = random.Random(seed)
    calendar = Calendar()
    calendar.add('prodid', '-//test//')
    calendar.add('version', '2.0')
    expected = []
    zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Sao_Paulo', 'UTC']
    rules = ['FREQ=DAILY;COUNT=40', 'FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=60', 'FREQ=MONTHLY;BYMONTHDAY=31;COUNT=12',
             'FREQ=MONTHLY;BYDAY=-1SU;COUNT=14', 'FREQ=WEEKLY;INTERVAL=2;COUNT=30', 'FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=3',
             'FREQ=DAILY;INTERVAL=3;COUNT=50', 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=12']
    for number in range(12):
        zone = ZoneInfo(chance.choice(zones))
        start = datetime(2026, chance.randint(1, 12), chance.randint(1, 28), chance.randint(4, 22), chance.choice([0, 15, 30]))
        length = timedelta(minutes=chance.choice([15, 30, 60, 90, 480]))
        title = 'Größe "%d"; a, b' % number
        event = Event()
        event.add('uid', 'u%d@test' % number)
        event.add('summary', title)
        # This version of the library writes the names of pytz's zones alone.
        named = pytz.timezone(zone.key)
        rule = None
        if number % 3 != 0:
            rule = chance.choice(rules)
            # The first occurrence is one of the rule's, as RFC 5545 wants.
            start = rrulestr(rule, dtstart=start)[0]
            event.add('rrule', vRecur.from_ical(rule))
        event.add('dtstart', named.localize(start))
        event.add('dtend', named.localize(start + length))
        exact = (start + length).replace(tzinfo=zone).timestamp() - start.replace(tzinfo=zone).timestamp()
        begins = [start] if rule is None else list(rrulestr(rule, dtstart=start))
        moved = []
        if rule is not None:
            gone = [begins[at] for at in sorted(chance.sample(range(1, len(begins)), min(2, len(begins) - 1)))]
            for one in gone[:1]:
                event.add('exdate', named.localize(one))
                begins.remove(one)
            for one in gone[1:]:
                change = Event()
                change.add('uid', 'u%d@test' % number)
                change.add('summary', title + ' moved')
                change.add('recurrence-id', named.localize(one))
                later = (one + timedelta(hours=1)).replace(tzinfo=zone).astimezone(timezone.utc)
                change.add('dtstart', later)
                change.add('dtend', later + timedelta(minutes=20))
                begins.remove(one)
                moved.append((change, later))
        calendar.add_component(event)
        for change, later in moved:
            calendar.add_component(change)
            expected.append([title + ' moved', later.timestamp(), later.timestamp() + 1200])
        for one in begins:
            at = one.replace(tzinfo=zone).timestamp()
            expected.append([title, at, at + exact])
    holiday = Event()
    holiday.add('uid', 'holiday')
    holiday.add('summary', 'all day')
    holiday.add('dtstart', date(2026, 5, 1))
    calendar.add_component(holiday)
    return {'text': calendar.to_ical().decode('utf-8'), 'expected': sorted(expected)}

print(json.dumps([build(seed) for seed in range(int(sys.argv[1]))]))
`;

interface Built {
  readonly text: string;
  readonly expected: readonly (readonly [string, number, number])[];
}

(isInstalled ? describe : describe.skip)('calendars of python3-icalendar', () => {
  test('have the same meetings at the same moments, in six zones, across changes of clocks', () => {
    const { stdout } = spawnSync(python, ['-c', script, '40'], { encoding: 'utf8', maxBuffer: 100_000_000 });
    const all: readonly Built[] = JSON.parse(stdout);
    expect(all).toHaveLength(40);
    for (const { text, expected } of all) {
      const span = { from: Date.UTC(2025, 0, 1) * 1_000, to: Date.UTC(2040, 0, 1) * 1_000 };
      const read = readCalendar({ text, zone: 'UTC', ...span, without: [] });
      if (!read.ok) throw new Error(read.error);
      const { meetings, skipped, problems } = read.value;
      const found = meetings.map(({ title, from, to }) => [title, from / 1e6, to / 1e6] as const);
      expect([...found].sort(byTitleAndTime)).toEqual([...expected].sort(byTitleAndTime));
      expect([skipped.all_day, problems]).toEqual([1, []]);
    }
  });
});

function byTitleAndTime(a: readonly [string, number, number], b: readonly [string, number, number]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1];
}

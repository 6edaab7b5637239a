// The calendar of an account, read by python3-icalendar of Debian: it knows all events, their moments and their texts, and writes them again
// as it read them.

import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';

const python = '/usr/bin/python3';
const hasModule = spawnSync(python, ['-c', 'import icalendar']).status === 0;

const program = `
import json, sys, icalendar
calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
again = icalendar.Calendar.from_ical(calendar.to_ical())
def events(of):
    return [{
        "uid": str(event["UID"]),
        "from": int(event.decoded("DTSTART").timestamp()),
        "to": int(event.decoded("DTEND").timestamp()),
        "summary": str(event["SUMMARY"]),
        "tags": [str(tag) for tag in event["CATEGORIES"].cats] if "CATEGORIES" in event else [],
    } for event in of.walk("VEVENT")]
assert events(calendar) == events(again)
print(json.dumps({"name": str(calendar["X-WR-CALNAME"]), "events": events(calendar), "errors": [e for x in calendar.walk() for e in x.errors]}))
`;

if (!hasModule) test.skip('the calendar of python3-icalendar: apt-get install python3-icalendar', () => undefined);
else {
  describe('a calendar link', () => {
    let hub: DayHub;
    beforeAll(async () => {
      hub = await DayHub.start();
    });
    afterAll(async () => {
      await hub.close();
    });

    test('is read by python3-icalendar, with every text and moment', async () => {
      const text = 'a very long text, with; commas\\ and\nlines: 时间 ώρα שעה ساعة '.repeat(3).trim();
      await hub.write({
        type: 'create',
        channel: 'entries',
        key: 'e1',
        item: { project: 'paper', text, tags: ['draft; late', '校对'] },
        time: hub.us('09:00'),
        end: hub.us('10:15'),
      });
      await hub.write({
        type: 'create',
        channel: 'entries',
        key: 'e2',
        item: { project: 'horai' },
        time: hub.us('10:15'),
        end: hub.us('10:30'),
      });
      hub.moveTo('12:00');
      const made = await hub.post('/-/feeds', { name: 'Ann’s hours; all' });
      const { url } = JSON.parse(JSON.stringify(made));
      const ics = await (await fetch(url)).text();
      const read = JSON.parse(execFileSync(python, ['-c', program], { input: ics, encoding: 'utf8' }));
      expect(read.errors).toEqual([]);
      expect(read.name).toBe('Ann’s hours; all');
      expect(read.events).toMatchObject([
        { from: hub.s('09:00'), to: hub.s('10:15'), summary: `paper: ${text}`, tags: ['draft; late', '校对'] },
        { from: hub.s('10:15'), to: hub.s('10:30'), summary: 'horai', tags: [] },
      ]);
    });
  });
}

// `kronos calendar` against a hub and a calendar server, both on real ports.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../../server/compose.ts';
import { CalendarServer } from '../../../harness/calendar-server.ts';
import { TestCli } from '../../../harness/cli-context.ts';
import { startComposed } from '../../../harness/compose.ts';
import { eventually } from '../../../harness/eventually.ts';
import { Leftovers } from '../../../harness/process.ts';

const leftovers = new Leftovers();
let hub: RunningHub;
let server: CalendarServer;
let cli: TestCli;

beforeEach(async () => {
  server = await CalendarServer.start();
  hub = await startComposed({ outboxAllow: ['127.0.0.1'] });
  cli = new TestCli();
  cli.folder = leftovers.folder();
  await cli.run(`login ${new URL(hub.url).host}`);
});
afterEach(async () => {
  await hub.stop();
  await server.close();
  await leftovers.clear();
});

const file = [
  'BEGIN:VCALENDAR',
  'BEGIN:VEVENT',
  'UID:a',
  'DTSTART:20260101T090000Z',
  'DURATION:PT1H',
  'END:VEVENT',
  'BEGIN:VEVENT',
  'UID:b',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\r\n');

test('subscribes to a calendar, lists it with what is wrong, and removes it by its number or name', async () => {
  expect(await cli.run('calendar')).toEqual({
    code: 0,
    out: 'no calendars: kronos calendar add <address>\n',
    err: '',
  });
  server.answer = file;
  expect(await cli.run(`calendar add ${server.url}/secret.ics my work`)).toEqual({
    code: 0,
    out: 'subscribed to my work; "kronos calendar" shows what was read\n',
    err: '',
  });
  const listed = await eventually(async () => {
    const { out } = await cli.run('calendar');
    return out.includes('not yet') ? undefined : out;
  }, 'the calendar is read');
  expect(listed.split('\n')).toEqual([
    expect.stringMatching(/^#\s+NAME\s+FROM\s+MEETINGS\s+READ$/),
    expect.stringMatching(new RegExp(`^1\\s+my work\\s+${server.url}\\s+1\\s+\\d{4}-`)),
    'my work: the event on line 7: it has no DTSTART',
    '',
  ]);
  expect(listed).not.toContain('secret');
  expect(JSON.parse((await cli.run('calendar --json')).out)).toMatchObject([{ name: 'my work', meetings: 1 }]);
  await cli.run(`calendar add ${server.url}/other.ics`);
  expect(await cli.run('calendar remove 127.0.0.1')).toMatchObject({ code: 0 });
  expect(await cli.run('calendar remove 1')).toMatchObject({ out: 'removed my work and its meetings\n' });
  expect(await cli.run('calendar remove 1')).toEqual({ code: 3, out: '', err: 'no calendar is 1\n' });
});

test('says why a calendar cannot be read, is refused, or is not asked for', async () => {
  server.answer = 404;
  await cli.run(`calendar add ${server.url}/gone.ics work`);
  const listed = await eventually(async () => {
    const { out } = await cli.run('calendar');
    return out.includes('cannot be read') ? out : undefined;
  }, 'the calendar fails');
  expect(listed).toMatch(/work cannot be read since \d.*: its server answers 404/);
  expect(await cli.run('calendar add https://10.0.0.1/a.ics')).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(/^invalid url: an address of the public internet/),
  });
  await cli.run(`calendar add ${server.url}/other.ics work`);
  expect(await cli.run('calendar remove work')).toMatchObject({ code: 3, err: 'several are work: name its number\n' });
  expect(await cli.run('calendar add')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Usage: kronos calendar'),
  });
  await cli.run('logout');
  expect(await cli.run('calendar')).toMatchObject({ code: 1, err: expect.stringContaining('kronos login') });
});

// `horai import ics`, as a process, into a running hub.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { HubProcess, Leftovers } from '../../harness/process.ts';

jest.setTimeout(60_000);

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const event = (uid: string, ...lines: readonly string[]) => ['BEGIN:VEVENT', `UID:${uid}`, ...lines, 'END:VEVENT'];
const calendar = [
  'BEGIN:VCALENDAR',
  'X-WR-CALNAME:Team',
  ...event('a', 'DTSTART:20260601T090000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3'),
  ...event('b', 'DTSTART;VALUE=DATE:20260601'),
  ...event('c', 'no property'),
  'END:VCALENDAR',
].join('\r\n');

test('brings a calendar in and says what became of its events; the same again changes nothing', async () => {
  const folder = leftovers.folder();
  const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
  const env = { HORAI_DATA: join(folder, 'data'), HORAI_OWNER_TOKEN: key };
  const file = join(folder, 'team.ics');
  writeFileSync(file, calendar);
  const run = (...args: string[]) => new HubProcess(leftovers, env, ['import', 'ics', ...args]).ended;
  const url = await new HubProcess(leftovers, env).up();
  const calendars = () =>
    fetch(`${url}-/calendars`, { headers: { authorization: `Bearer ${key}` } }).then(
      // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
      (answer): Promise<any> => answer.json(),
    );
  for (const _ of ['once', 'twice']) {
    const { code, out } = await run(file);
    expect([code, out.split('\n')]).toEqual([
      0,
      [
        'Team: 3 events read; 3 meetings. No meetings: 1 last all day, 1 could not be read.',
        expect.stringMatching(/^the event on line 13: .*no property/),
        '',
      ],
    ]);
    expect(await calendars()).toMatchObject({ calendars: [{ name: 'Team', from: 'team.ics', meetings: 3 }] });
  }
  expect(await run(file, '--name', 'work')).toMatchObject({ code: 0, out: expect.stringMatching(/^work: 3 events/) });
  expect((await calendars()).calendars).toHaveLength(2);
  writeFileSync(file, 'BEGIN:VCARD');
  expect(await run(file)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('BEGIN:VCALENDAR') });
  expect(await run(join(folder, 'nothing'))).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') });
});

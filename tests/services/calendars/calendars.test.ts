// Calendars of a whole hub, with a calendar server on a real port: their events are meetings of the merged day, and follow the calendar.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CalendarServer } from '../../harness/calendar-server.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';

let hub: DayHub;
let server: CalendarServer;

beforeEach(async () => {
  server = await CalendarServer.start();
  hub = await DayHub.start({ outboxAllow: ['127.0.0.1'] });
});

afterEach(async () => {
  await hub.close();
  await server.close();
});

const minute = 60_000_000;
const calendar = (...events: readonly string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...events, 'END:VCALENDAR', ''].join('\r\n');
/** A meeting of 2026-11-28, by UTC. */
const meeting = (uid: string, from: string, to: string, ...more: readonly string[]) =>
  [
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `SUMMARY:Meeting ${uid}`,
    ...[`DTSTART:${from}`, `DTEND:${to}`].map((line) => `${line.replace(/:(\d\d):(\d\d)$/, ':20261128T$1$200')}Z`),
    ...more,
    'END:VEVENT',
  ].join('\r\n');

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
const calendars = async (): Promise<readonly any[]> => (await hub.get('/-/calendars')).calendars;
// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
const meetings = async (): Promise<readonly any[]> =>
  (await hub.write({ type: 'read-all', channel: 'meetings' })).items;
const titles = async () => (await meetings()).map(({ item }) => item.title).sort();

async function subscribe(path = '/work.ics?key=path-secret'): Promise<{ readonly id: string }> {
  const { calendar: made } = await hub.write({ type: 'calendar', name: 'work', url: `${server.url}${path}` });
  return made;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
const settled = (fits: (calendar: any) => boolean, why: string) =>
  eventually(
    async () => {
      const [one] = await calendars();
      return one !== undefined && fits(one) ? one : undefined;
    },
    why,
    { instead: calendars },
  );
const isRead = ({ read, failing }: { read: number | null; failing: unknown }) => read !== null && failing === null;

/** Moves the clock until the calendar is due, and waits until it was looked at. */
async function passToNext(): Promise<void> {
  const [{ next }] = await calendars();
  const seen = server.requests.length;
  hub.world.pass(Math.max(1, next - hub.world.now()) + 60_000);
  await hub.write({ type: 'ping' });
  await settled((now) => server.requests.length > seen && now.next > hub.world.now(), 'the calendar is read again');
}

const status = async (method: string, path: string, body?: string) =>
  (await fetch(new URL(path, hub.node.hub.url), { method, ...(body === undefined ? {} : { body }) })).status;

describe('a subscribed calendar', () => {
  test('[A8.1] [A8.2] is read at once, and its events are the meetings of the day, with their reason', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'), meeting('b', '10:00', '10:30'));
    hub.moveTo('12:00');
    await hub.write({ type: 'ping' });
    const made = await subscribe();
    expect(made).toMatchObject({ name: 'work', source: 'address', from: server.url, read: null, failing: null });
    expect(await settled(isRead, 'it is read')).toMatchObject({ events: 2, meetings: 2, problems: [] });
    const day = await hub.day();
    expect([day.total, day.human]).toEqual([90 * minute, 90 * minute]);
    expect(day.segments).toMatchObject([
      {
        from: hub.us('09:00'),
        to: hub.us('10:30'),
        lane: 'meeting',
        source: 'calendar/work',
        category: 'meeting',
        evidence: [{ channel: 'meetings' }],
      },
    ]);
    const keys = day.segments.flatMap(({ evidence }) => evidence.flatMap((one) => one.keys));
    const stored = await meetings();
    expect(keys.map((key) => stored.find((item) => item.key === key)?.item)).toEqual([
      { calendar: 'work', uid: 'a', title: 'Meeting a' },
      { calendar: 'work', uid: 'b', title: 'Meeting b' },
    ]);
    expect(await hub.write({ type: 'calendars' })).toMatchObject({ calendars: [{ name: 'work', meetings: 2 }] });
  });

  test('[A8.3] is followed: an event is changed by its UID, a removed one disappears, and an unchanged one is not written', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'), meeting('b', '10:00', '10:30'));
    await subscribe();
    await settled(isRead, 'it is read');
    const before = await meetings();
    server.answer = calendar(meeting('c', '10:40', '10:50'), meeting('a', '09:15', '10:00', 'LOCATION:Room 1'));
    await passToNext();
    expect(await titles()).toEqual(['Meeting a', 'Meeting c']);
    const [changed] = (await meetings()).filter(({ item }) => item.uid === 'a');
    expect(changed).toMatchObject({ time: hub.us('09:15'), item: { place: 'Room 1' } });
    expect(before.map(({ key }) => key)).toContain(changed.key);
    const { seq } = await hub.write({ type: 'read-all', channel: 'meetings' });
    await passToNext();
    expect(server.requests.at(-1)?.headers['if-none-match']).toMatch(/^"/);
    server.answer = `${server.answer}\r\n`;
    await passToNext();
    expect((await hub.write({ type: 'read-all', channel: 'meetings' })).seq).toBe(seq);
    // Every past value stays: the meeting that was moved, as it was.
    const { changes } = await hub.write({ type: 'history', channel: 'meetings', key: changed.key });
    expect(changes).toMatchObject([{ type: 'update' }, { type: 'create', time: hub.us('09:00') }]);
  });

  test('[A8.4] that cannot be read keeps its meetings, says why, is tried later and later, and comes back', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'));
    await subscribe();
    await settled(isRead, 'it is read');
    server.answer = 503;
    await passToNext();
    const [{ failing }] = await calendars();
    expect(failing).toMatchObject({ tries: 1, error: 'its server answers 503' });
    await passToNext();
    server.answer = '<html>sign in</html>';
    await passToNext();
    const [again] = await calendars();
    expect(again.failing).toMatchObject({ tries: 3, since: failing.since, error: expect.stringMatching(/iCalendar/) });
    expect(await titles()).toEqual(['Meeting a']);
    server.answer = calendar(meeting('b', '09:00', '10:00'));
    await passToNext();
    expect(await titles()).toEqual(['Meeting b']);
    expect((await calendars())[0]).toMatchObject({ failing: null });
  });

  test('that shows nothing older any more keeps the meetings of more than a month ago', async () => {
    const old = meeting('old', '09:00', '10:00').replaceAll('20261128', '20260901');
    server.answer = calendar(old, meeting('a', '09:00', '10:00'));
    await subscribe();
    await settled(isRead, 'it is read');
    server.answer = calendar(meeting('b', '09:00', '10:00'));
    await passToNext();
    expect(await titles()).toEqual(['Meeting b', 'Meeting old']);
    // One that still shows older events has removed it.
    server.answer = calendar(
      meeting('older', '09:00', '10:00').replaceAll('20261128', '20260801'),
      meeting('b', '09:00', '10:00'),
    );
    await passToNext();
    expect(await titles()).toEqual(['Meeting b', 'Meeting older']);
  });

  test('[A8.5] is time only from its begin on, and reaches to now while it goes on', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'));
    await subscribe();
    await settled(isRead, 'it is read');
    expect((await hub.day()).total).toBe(0);
    hub.moveTo('09:20');
    await hub.write({ type: 'ping' });
    expect((await hub.day()).total).toBe(20 * minute);
    hub.moveTo('11:00');
    await hub.write({ type: 'ping' });
    expect((await hub.day()).total).toBe(60 * minute);
  });

  test('[A8.6] is removed with its meetings, and others stay', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'));
    const { id } = await subscribe();
    await settled(isRead, 'it is read');
    expect(await status('POST', '/-/calendars/file?name=trip', calendar(meeting('t', '15:00', '16:00')))).toBe(200);
    expect(await titles()).toEqual(['Meeting a', 'Meeting t']);
    expect(await hub.write({ type: 'remove-calendar', calendar: id })).toMatchObject({ calendar: id });
    expect(await titles()).toEqual(['Meeting t']);
    expect(await hub.refusal({ type: 'remove-calendar', calendar: id })).toMatchObject({ code: 'not_found' });
    expect(await status('DELETE', `/-/calendars/${id}`)).toBe(404);
  });

  test('is read by the hub that comes after, which knows its address; it tells what forbids that', async () => {
    await hub.close();
    const folder = await mkdtemp(join(tmpdir(), 'horai-calendars-'));
    const onDisk = { store: 'sqlite', data: folder } as const;
    hub = await DayHub.start({ ...onDisk, outboxAllow: ['127.0.0.1'] });
    server.answer = calendar(meeting('a', '09:00', '10:00'));
    await subscribe();
    const { next } = await settled(isRead, 'it is read');
    await hub.close();
    server.answer = calendar(meeting('b', '09:00', '10:00'));
    hub = await DayHub.start({ ...onDisk, outboxAllow: ['127.0.0.1'] });
    hub.world.pass(next - hub.world.now());
    await hub.write({ type: 'ping' });
    await eventually(async () => (await titles())[0] === 'Meeting b', 'it is read again');
    await settled((now) => now.next > hub.world.now(), 'it is stored');
    await hub.close();
    hub = await DayHub.start(onDisk);
    hub.world.pass(next + 86_400_000 - hub.world.now());
    await hub.write({ type: 'ping' });
    const { failing } = await settled((now) => now.failing !== null, 'it fails');
    expect(failing.error).toMatch(/HORAI_OUTBOX_ALLOW|https/);
    expect(await titles()).toEqual(['Meeting b']);
    await rm(folder, { recursive: true });
  });

  test('is read now when somebody asks for it', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'));
    const { id } = await subscribe();
    await settled(isRead, 'it is read');
    server.answer = calendar(meeting('b', '09:00', '10:00'));
    expect(await status('POST', `/-/calendars/${id}/refresh`)).toBe(204);
    await eventually(async () => (await titles())[0] === 'Meeting b', 'it is read again');
    expect(await status('POST', '/-/calendars/unknown/refresh')).toBe(404);
  });
});

describe('an address', () => {
  test.each([
    ['http://example.org/a.ics', 'https'],
    ['https://10.0.0.1/a.ics', 'public internet'],
    ['https://[::1]/a.ics', 'public internet'],
    ['https://169.254.169.254/latest', 'public internet'],
    ['file:///etc/passwd', 'https'],
    ['not an address', 'https'],
    ['https://user:password@example.org/', 'user name'],
  ])('such as %s is refused', async (url, hint) => {
    const refusal = await hub.refusal({ type: 'calendar', name: 'work', url });
    expect(refusal).toMatchObject({ code: 'property', error: 'invalid url', hint: expect.stringContaining(hint) });
    expect(await calendars()).toEqual([]);
  });

  test('that leads on to a private one is not followed there; one that leads to an allowed one is', async () => {
    server.answer = { location: 'https://192.168.1.1/a.ics' };
    await subscribe();
    const { failing } = await settled((now) => now.failing !== null, 'it fails');
    expect(failing.error).toMatch(/^it is redirected, and this takes an address of the public internet/);
    server.answer = { location: '/again' };
    await passToNext();
    expect((await calendars())[0].failing.error).toBe('it is redirected again and again');
    expect(server.requests.slice(1).map(({ path }) => path)).toEqual([
      '/work.ics?key=path-secret',
      '/again',
      '/again',
      '/again',
    ]);
  });

  test('is nowhere in what the hub shows', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'));
    await subscribe();
    await settled(isRead, 'it is read');
    const shown = [
      await calendars(),
      await hub.write({ type: 'read-all', channel: 'calendars' }),
      await hub.write({ type: 'calendars' }),
    ];
    expect(JSON.stringify(shown)).not.toContain('path-secret');
  });
});

describe('a hostile calendar', () => {
  const endless = (uid: string) => meeting(uid, '09:00', '10:00', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30');

  test('with a rule that never ends loses that event, and delays nobody meanwhile', async () => {
    server.answer = calendar(endless('evil'), meeting('a', '09:00', '10:00'));
    await subscribe();
    await eventually(() => server.requests.length > 0, 'the file is fetched');
    const file = calendar(meeting('t', '15:00', '16:00'));
    // The thread of the calendar computes for ever now; the hub answers.
    expect((await hub.get('/-/day/2026-11-28')).total).toBe(0);
    await eventually(async () => {
      hub.world.pass(5_000);
      await hub.write({ type: 'ping' });
      return isRead((await calendars())[0]);
    }, 'the event is left out');
    expect((await calendars())[0]).toMatchObject({
      meetings: 1,
      skipped: { unusable: 1 },
      problems: ['the event on line 3: its recurrence takes too long to compute'],
    });
    expect(await status('POST', '/-/calendars/file', file)).toBe(200);
  });

  test('that is larger than 10 MiB is not read', async () => {
    server.answer = Buffer.alloc(10 * 2 ** 20 + 1, ' ');
    await subscribe();
    const { failing } = await settled((now) => now.failing !== null, 'it fails');
    expect(failing.error).toBe('it is larger than 10 MiB');
    expect(await status('POST', '/-/calendars/file', ' '.repeat(10 * 2 ** 20 + 1))).toBe(413);
  });

  test('that is no UTF-8 is not read', async () => {
    server.answer = Buffer.from([0x42, 0xff, 0xfe, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42]);
    await subscribe();
    expect((await settled((now) => now.failing !== null, 'it fails')).failing.error).toMatch(/^it is not UTF-8 text/);
  });

  test('is one of at most twenty', async () => {
    for (let count = 0; count < 20; count += 1) await subscribe();
    expect(await hub.refusal({ type: 'calendar', name: 'work', url: server.url })).toMatchObject({ code: 'too_many' });
  });
});

describe('a calendar file', () => {
  const file = (name: string, text: string) =>
    fetch(new URL(`/-/calendars/file?${new URLSearchParams({ name, file: 'work.ics' })}`, hub.node.hub.url), {
      method: 'POST',
      body: text,
    }).then(async (answer) => ({ status: answer.status, body: JSON.parse(await answer.text()) }));

  test('[A8.7] replaces the one of its name: a second import changes nothing, and what it lacks disappears', async () => {
    const first = await file(
      '',
      calendar('X-WR-CALNAME:Team', meeting('a', '09:00', '10:00'), meeting('b', '10:00', '11:00')),
    );
    expect(first.body).toMatchObject({
      calendar: { name: 'Team', source: 'file', from: 'work.ics', meetings: 2, next: null },
    });
    const { seq } = await hub.write({ type: 'read-all', channel: 'meetings' });
    const again = await file('Team', calendar(meeting('b', '10:00', '11:00'), meeting('a', '09:00', '10:00')));
    expect(again.body.calendar.id).toBe(first.body.calendar.id);
    expect((await hub.write({ type: 'read-all', channel: 'meetings' })).seq).toBe(seq);
    await file('Team', calendar(meeting('b', '10:00', '11:00')));
    await file('Other', calendar(meeting('a', '12:00', '13:00')));
    expect((await meetings()).map(({ item }) => [item.calendar, item.uid])).toEqual([
      ['Team', 'b'],
      ['Other', 'a'],
    ]);
    expect(await calendars()).toHaveLength(2);
  });

  test('that is none is refused with the reason, and leaves no calendar', async () => {
    const refused = await file('x', 'BEGIN:VCARD\r\nEND:VCARD\r\n');
    expect(refused).toMatchObject({ status: 400, body: { hint: expect.stringContaining('BEGIN:VCALENDAR') } });
    expect((await file('x\u0007', calendar())).status).toBe(400);
    expect(await calendars()).toEqual([]);
  });
});

describe('the channels of calendars', () => {
  test.each(['calendars', 'meetings'])('[A8.8] are written by the hub alone: %s', async (channel) => {
    expect(await hub.refusal({ type: 'create', channel, item: {} })).toMatchObject({ code: 'forbidden' });
  });

  test('a token that may not read meetings gets a day without them, which says so', async () => {
    server.answer = calendar(meeting('a', '09:00', '10:00'));
    await subscribe();
    await settled(isRead, 'it is read');
    hub.moveTo('12:00');
    await hub.write({ type: 'ping' });
    const { secret } = await hub.write({ type: 'token', name: 'tasks', scopes: ['read:tasks'] });
    const day = await hub.get('/-/day/2026-11-28', 200, { authorization: `Bearer ${secret}` });
    expect(day).toMatchObject({ total: 0, without: ['meetings'] });
    const list = await fetch(new URL('/-/calendars', hub.node.hub.url), {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(list.status).toBe(403);
  });
});

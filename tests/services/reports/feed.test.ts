// Links to the time of an account as a calendar: what they show, how they end, and the form of RFC 5545.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toIcs } from '../../../server/reports/ics.ts';
import { DayHub } from '../../harness/day-hub.ts';

let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.start();
  await hub.write({
    type: 'create',
    channel: 'tasks',
    key: 't1',
    item: { id: 1, desc: 'mend, @shop', tags: ['call'], start: [hub.ms('09:00')], stop: [hub.ms('09:30')] },
  });
  await hub.write({
    type: 'create',
    channel: 'entries',
    key: 'e1',
    item: { project: 'shop', text: 'secret talk' },
    time: hub.us('09:30'),
    end: hub.us('09:40'),
  });
  hub.moveTo('12:00');
});

afterEach(async () => {
  await hub.close();
});

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
const make = async (body: object, headers = {}): Promise<any> => hub.post('/-/feeds', body, headers);

async function read(
  url: string,
): Promise<{ readonly status: number; readonly type: string | null; readonly lines: readonly string[] }> {
  const answer = await fetch(url);
  const text = await answer.text();
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    lines: text.replaceAll('\r\n ', '').split('\r\n'),
  };
}

const named = (lines: readonly string[], name: string) =>
  lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1));

describe('a calendar link', () => {
  test('shows each stretch with its task, text and tags', async () => {
    const { url } = await make({ name: 'my hours' });
    const { status, type, lines } = await read(url);
    expect([status, type]).toEqual([200, 'text/calendar; charset=utf-8']);
    expect(named(lines, 'SUMMARY')).toEqual(['shop: mend\\, @shop', 'shop: secret talk']);
    expect(named(lines, 'DTSTART')).toEqual(['20261128T090000Z', '20261128T093000Z']);
    expect(named(lines, 'DTEND')).toEqual(['20261128T093000Z', '20261128T094000Z']);
    expect(named(lines, 'CATEGORIES')).toEqual(['call']);
    expect(named(lines, 'X-WR-CALNAME')).toEqual(['my hours']);
  });

  test('without titles shows projects alone, and not where one task ends and the next begins', async () => {
    const { url } = await make({ titles: false });
    const { lines } = await read(url);
    expect(named(lines, 'SUMMARY')).toEqual(['shop']);
    expect(named(lines, 'DTEND')).toEqual(['20261128T094000Z']);
    expect(lines.join()).not.toMatch(/mend|secret|call/);
  });

  test('leaves out stretches that are shorter than it says, and days before its own', async () => {
    const long = await read((await make({ shortest: 20 })).url);
    expect(named(long.lines, 'SUMMARY')).toEqual(['shop: mend\\, @shop']);
    const { url } = await make({ days: 1 });
    hub.moveTo('12:00', 1);
    expect(named((await read(url)).lines, 'SUMMARY')).toEqual([]);
  });

  test('gives an event the same UID while it grows, and other accounts other ones', async () => {
    const { url } = await make({});
    const before = named((await read(url)).lines, 'UID');
    expect(new Set(before).size).toBe(2);
    await hub.post('/-/entries', { do: 'move', key: 'e1', from: hub.us('09:30'), to: hub.us('09:55') });
    const after = await read(url);
    expect(named(after.lines, 'UID')).toEqual(before);
    expect(named(after.lines, 'DTEND')[1]).toBe('20261128T095500Z');
    const stretch = { from: hub.us('09:00'), to: hub.us('09:30'), project: null, task: null, tags: [], text: '' };
    const ics = (account: string) => toIcs({ account, name: 'n', hasTitles: true }, [stretch]);
    expect(named(ics('ann').split('\r\n'), 'UID')).not.toEqual(named(ics('ben').split('\r\n'), 'UID'));
  });

  test('is listed, and ends when it is deleted', async () => {
    const { id, url } = await make({ name: 'my hours' });
    expect((await hub.get('/-/feeds')).feeds).toMatchObject([{ id, url, name: 'my hours', days: 31 }]);
    const deleted = await fetch(new URL(`/-/feeds/${id}`, url), { method: 'DELETE' });
    expect(deleted.status).toBe(204);
    expect((await read(url)).status).toBe(404);
    expect((await hub.get('/-/feeds')).feeds).toEqual([]);
  });

  test('ends with the token that made it', async () => {
    const { token, secret } = await hub.write({ type: 'token', name: 'agenda', scopes: ['read', 'write'] });
    const { url } = await make({}, { authorization: `Bearer ${secret}` });
    expect((await read(url)).status).toBe(200);
    await hub.write({ type: 'revoke', token: token.id });
    expect((await read(url)).status).toBe(404);
  });

  test('is made by tokens that may read and write the account alone, and cannot be guessed or written over the wire', async () => {
    const { secret } = await hub.write({ type: 'token', name: 'r', scopes: ['read'] });
    const refused = await fetch(new URL('/-/feeds', hub.node.hub.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(refused.status).toBe(403);
    const item = { kind: 'feed', name: 'x', days: 31, titles: true, shortest: 0, maker: '' };
    expect(await hub.refusal({ type: 'create', channel: 'shares', key: 'mine', item })).toMatchObject({
      code: 'forbidden',
    });
    expect((await read(new URL('/-/feed/owner/mine.ics', hub.node.hub.url).href)).status).toBe(404);
    expect((await read(new URL('/-/feed/nobody/x.ics', hub.node.hub.url).href)).status).toBe(404);
  });
});

describe('the text of a calendar', () => {
  const stretch = (project: string) => ({ from: 0, to: 60_000_000, project, task: null, tags: [], text: '' });

  test('has lines of at most 75 octets, which cut no character in two', () => {
    const project = '时间'.repeat(40) + '👩‍👩‍👧'.repeat(20);
    const ics = toIcs({ account: 'ann', name: 'n', hasTitles: true }, [stretch(project)]);
    const lines = ics.split('\r\n');
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
    expect(ics).not.toContain('\ufffd');
    expect(named(ics.replaceAll('\r\n ', '').split('\r\n'), 'SUMMARY')).toEqual([project]);
  });

  test('lets no text add a line', () => {
    const ics = toIcs({ account: 'ann', name: 'n\r\nX-A:1', hasTitles: true }, [
      stretch('a\nEND:VEVENT\r\u0000b;c,d\\'),
    ]);
    expect(named(ics.split('\r\n'), 'SUMMARY')).toEqual(['a\\nEND:VEVENT\\n b\\;c\\,d\\\\']);
    expect(named(ics.split('\r\n'), 'END')).toEqual(['VEVENT', 'VCALENDAR']);
    expect(ics).not.toMatch(/^X-A/m);
  });
});

// Arrivals while pages are open: a window, a task that is started in a terminal, a turn in a mob room. It appears in two browsers
// without a reload. What came while one of them had no network is there afterwards, once.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { MergedDayView } from '../../protocol/day-answer.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

const minuteMs = 60_000;

async function send(method: string, url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  await answer.text();
  expect([url, answer.ok]).toEqual([url, true]);
}

/** A request of the wire, as `kronos` sends it. */
async function ask(url: string, request: object): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const answered = new Promise<string>((resolve) => {
    socket.once('message', (data) => resolve(String(data)));
  });
  socket.send(JSON.stringify({ ref: 'terminal', ...request }));
  expect(JSON.parse(await answered)).toMatchObject({ success: true });
  socket.close();
}

/** Events of the last half hour, so that they are of one day. */
const moment = (minutesAgo: number): number => Date.now() - minutesAgo * minuteMs;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const sendWindow = (url: string, minutesAgo: number, minutes: number) =>
  send('POST', `${url}api/0/buckets/w/events`, [
    {
      timestamp: new Date(moment(minutesAgo)).toISOString(),
      duration: minutes * 60,
      data: { app: 'code', title: 'a.ts' },
    },
  ]);

/** The names of the lanes of the timeline, and the times of the projects in microseconds. */
async function shownBy({ page }: Visitor): Promise<string> {
  const lanes = await page.locator('.lane-name').allTextContents();
  const times = await page
    .locator('.bar data')
    .evaluateAll((all: { value: string }[]) => all.map(({ value }) => value));
  return JSON.stringify([lanes, times]);
}

(hasChromium ? describe : describe.skip)('what arrives', () => {
  test('is in two browsers without a reload: a window, a task, a turn of a mob; and, after an outage, all of it once', async () => {
    const { url } = await browsers.startHub();
    await send('POST', `${url}api/0/buckets/w`, {
      client: 'aw-watcher-window',
      type: 'currentwindow',
      hostname: 'desk',
    });
    await ask(url, { type: 'create', channel: 'settings', key: 'mob_names', item: ['ann'] });
    await ask(url, { type: 'create', channel: 'settings', key: 'day', item: { zone: 'UTC' } });
    await sendWindow(url, 30, 5);
    const date = dayOf(moment(30));
    const [one, other] = [await browsers.visit(`${url}day/${date}`), await browsers.visit(`${url}day/${date}`)];
    const both = [one, other];
    for (const visitor of both) await visitor.sees('.lane-name', 'Window');

    const started = Math.floor(moment(24) / 1_000);
    await ask(url, {
      type: 'create',
      channel: 'tasks',
      key: 't1',
      item: { id: 1, desc: 'water @garden', active: 0, intervals: `${started}+120`, worktime: 120 },
    });
    for (const visitor of both) await visitor.sees('.lane-name', 'Task');

    const turn = { room: 'garden', name: 'ann', typist: 'ann', goal: '' };
    const span = { time: moment(21) * 1_000, end: moment(19) * 1_000 };
    await ask(url, { type: 'create', channel: 'mob_turns', key: 'garden/1', item: turn, ...span });
    for (const visitor of both) await visitor.sees('.lane-name', 'Mob turn');

    // The hub goes on while one browser has no network.
    one.outage = true;
    await one.page.context().setOffline(true);
    await one.sees('.link[data-state=offline]');
    await sendWindow(url, 15, 6);
    await other.page.locator('.bar data').first().waitFor();
    await one.page.context().setOffline(false);
    await one.sees('.link[data-state=live]');
    const day: MergedDayView = JSON.parse(await fetch(`${url}-/day/${date}`).then((answer) => answer.text()));
    const wanted = day.projects.map(({ time }) => String(time));
    for (const visitor of both) {
      await eventually(
        async () => JSON.stringify(JSON.parse(await shownBy(visitor))[1]) === JSON.stringify(wanted),
        'the page to show what the hub has',
        { instead: () => wanted },
      );
    }
    expect(await shownBy(one)).toBe(await shownBy(other));
  });
});

// `horai demo`: a hub of its own with believable people, which leaves nothing behind.

import { existsSync } from 'node:fs';
import { afterEach, expect, jest, test } from '@jest/globals';
import type { DayTotalsView } from '../../protocol/day-answer.ts';
import { eventually } from '../harness/eventually.ts';
import { HubProcess, Leftovers } from '../harness/process.ts';

jest.setTimeout(120_000);

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

test('shows days of three people at the printed links, lets new events arrive, and removes its folder', async () => {
  // The settings of a real hub of this machine do not apply to the demo.
  const demo = new HubProcess(leftovers, { HORAI_STORE: 'postgres' }, ['demo', '--days', '5']);
  await demo.up();
  const text = await eventually(() => demo.out.includes('Ctrl-C ends the demo') && demo.out, 'the links', {
    instead: () => demo.out,
    deadlineMs: 90_000,
  });
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\//.exec(text) ?? [];
  const [, folder = ''] = /^Data: (\S+)\.$/m.exec(text) ?? [];
  expect(text.match(/\/sign-in#/g)).toHaveLength(2);
  expect(existsSync(folder)).toBe(true);

  const get = async (path: string) => JSON.parse(await fetch(url + path).then((answer) => answer.text()));
  const today: { readonly date: string } = await get('-/day/today');
  const from = new Date(Date.parse(today.date) - 4 * 86_400_000).toISOString().slice(0, 10);
  const { days }: DayTotalsView = await get(`-/days?from=${from}&to=${today.date}`);
  expect(days.filter(({ total }) => total > 3_600_000_000).length).toBeGreaterThan(1);

  const last = async (): Promise<number> => {
    const day: { readonly last: number | null } = await get('-/day/today');
    return day.last ?? 0;
  };
  const before = await last();
  await eventually(async () => (await last()) > before, 'more time to arrive', { instead: () => before });

  expect(await demo.stop()).toMatchObject({ code: 0 });
  expect(existsSync(folder)).toBe(false);
});

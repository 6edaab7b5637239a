// Turns of mob rooms in the days of the people who were there.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { turnsOf } from '../../../server/day/mob-turns.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';

let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.start();
});

afterEach(async () => {
  await hub.close();
});

const minute = 60_000_000;
const put = (room: string, body: object) =>
  fetch(new URL(`/${room}`, hub.node.hub.url), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('turns of a mob room', () => {
  test('are copied when they end, into the account that declared a name of the room, breaks excluded', async () => {
    await hub.write({ type: 'create', channel: 'settings', key: 'mob_names', item: ['ann'] });
    await put('garden', { timer: 10, user: 'ann' });
    hub.moveTo('08:10');
    await put('garden', { timer: 10, user: 'bob' });
    hub.moveTo('08:15');
    await put('garden', { breaktimer: 5, user: 'bob' });
    hub.moveTo('08:30');
    await eventually(async () => (await hub.day()).total === 15 * minute, 'two turns are copied');
    const day = await hub.day();
    expect(day.projects).toMatchObject([{ project: 'garden', time: 15 * minute }]);
    expect(day.segments.map(({ lane, source }) => [lane, source])).toEqual([['mob', 'mob/garden']]);
    const items = (await hub.write({ type: 'read-all', channel: 'mob_turns' })).items;
    expect(items.map(({ item }: { item: object }) => item)).toMatchObject([
      { room: 'garden', name: 'ann', typist: 'ann' },
      { room: 'garden', name: 'ann', typist: 'bob' },
    ]);
  });

  test('do not belong to people whose name the room does not show', async () => {
    await hub.write({ type: 'create', channel: 'settings', key: 'mob_names', item: ['carol'] });
    await put('garden', { timer: 10, user: 'ann' });
    hub.moveTo('09:00');
    await put('garden', { timer: 5, user: 'carol' });
    hub.moveTo('09:10');
    await eventually(
      async () => (await hub.day()).total === 5 * minute,
      'the turn of the second sitting alone is copied',
    );
  });

  test('are copied later for a person who declares a name later', async () => {
    await put('garden', { timer: 10, user: 'ann' });
    hub.moveTo('08:20');
    await hub.write({ type: 'create', channel: 'settings', key: 'mob_names', item: ['ann'] });
    await eventually(async () => (await hub.day()).total === 10 * minute, 'the turn is copied');
  });

  test('end with the next request, and with a stop', () => {
    const item = (key: string, at: number, value: object) => ({ key, at: at * 60_000, value: JSON.stringify(value) });
    const turns = turnsOf([
      item('a', 0, { timer: 10, user: 'ann', type: 'TIMER' }),
      item('b', 4, { timer: 10, user: 'bob', type: 'TIMER' }),
      item('c', 6, { timer: 0, user: 'bob', type: 'TIMER' }),
      item('d', 7, { timer: 5, user: 'bob', type: 'BREAKTIMER' }),
    ]);
    expect(turns.map(({ key, from, to }) => [key, from / 60_000, to / 60_000])).toEqual([
      ['a', 0, 4],
      ['b', 4, 6],
    ]);
  });
});

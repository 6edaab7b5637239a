// The day view of the terminal GUI as values: the lanes of a day, the cursor over them, and what each key changes.

import { describe, expect, test } from '@jest/globals';
import { emptyDatabase, type KronosDatabase } from '../../../../clients/kronos/data/database.ts';
import { editSlots, slotsIn } from '../../../../clients/kronos/data/time-slots.ts';
import { cellsOf } from '../../../../clients/kronos/day/bars.ts';
import { localDay } from '../../../../clients/kronos/day/local-day.ts';
import { dayKeyBindings, findDayCommand } from '../../../../clients/kronos/gui/day-keys.ts';
import {
  afterEdit,
  type DayEffect,
  type DayState,
  dayLanes,
  fitRows,
  handleDayCommand,
  openDay,
  parsePrompt,
  promptText,
  selectedIn,
  shownHours,
} from '../../../../clients/kronos/gui/day-screen.ts';
import { formatIntervals, sumOf } from '../../../../protocol/intervals.ts';
import { plainOf } from '../../../../protocol/plain.ts';
import { at, zoneOf } from '../../../harness/zones.ts';

const zone = zoneOf('Europe/Paris');
const now = at('2018-03-01T21:00', 'Europe/Paris');
const context = { zone, now };
const clock = (wall: string) => at(`2018-03-01T${wall}`, 'Europe/Paris');
const span = (from: string, to: string) => ({ from: clock(from), to: clock(to) });
const date = '2018-03-01';

function database(active = 0): KronosDatabase {
  const task = (id: number, ...spans: readonly { from: number; to: number }[]) =>
    plainOf(`t${id}`, {
      id,
      desc: `task ${id}`,
      tags: [],
      active: 0,
      worktime: sumOf(spans),
      intervals: formatIntervals(spans),
    });
  return {
    ...emptyDatabase,
    tasks: [{ ...task(1, span('09:00', '10:00'), span('11:00', '12:00')), active }, task(2, span('10:15', '10:45'))],
    entries: [{ key: 'e', ...span('14:00', '14:30'), text: 'review', project: 'paper' }],
  };
}

const spanOfDay = { from: clock('00:00'), to: clock('00:00') + 86_400 };
const slotsOf = (state: KronosDatabase) => slotsIn(state, spanOfDay, now);
const dayOf = (state: KronosDatabase) => localDay(state, date, { zone, zoneName: 'Europe/Paris', now });
const lanesOf = (state: KronosDatabase) => dayLanes(slotsOf(state), dayOf(state));
const times = (state: KronosDatabase) =>
  slotsOf(state).map(({ from, to }) =>
    [from, to].map((moment) => new Date((moment + 3_600) * 1_000).toISOString().slice(11, 16)).join('-'),
  );

const openAt = (from: string | undefined, lane = 0): DayState => ({
  ...openDay(date),
  lane,
  from: from === undefined ? undefined : clock(from),
});
const press = (key: string, state: DayState, data = database()) => {
  const command = findDayCommand(key);
  if (command === undefined) throw new Error(`no command for ${key}`);
  return handleDayCommand(state, command, lanesOf(data), context, () => 'new');
};

/** Applies what a key or a prompt changes. */
function applied(change: Extract<DayEffect, { do: 'change' }>['change'] | undefined, data = database()): string[] {
  const changed = change?.(data);
  if (changed === undefined || !changed.ok) return [changed?.error ?? 'nothing'];
  return times({ ...data, ...editSlots(data, changed.edit) });
}
const changedBy = (key: string, state: DayState, data = database()) => {
  const { effect } = press(key, state, data);
  return applied(effect?.do === 'change' ? effect.change : undefined, data);
};

describe('the lanes', () => {
  test('are the tasks and the entries of this device with the numbers of kronos time, and the lanes of the hub', () => {
    const data = database();
    const ofHub = dayOf(data);
    const lane = {
      lane: 'editor',
      source: 'editor',
      time: 60,
      intervals: [[clock('09:00') * 1e6, clock('09:30') * 1e6]],
    };
    const day = { ...ofHub, lanes: [...ofHub.lanes, lane] as never };
    expect(
      dayLanes(slotsOf(data), day).map(({ label, stretches }) => [
        label,
        ...stretches.map(({ from, slot }) => [slot?.number, from]),
      ]),
    ).toEqual([
      ['tasks', [1, clock('09:00')], [2, clock('10:15')], [3, clock('11:00')]],
      ['entries', [4, clock('14:00')]],
      ['editor', [undefined, clock('09:00')]],
    ]);
  });

  test('of an empty day are one, whose hours are those in which people work', () => {
    const lanes = lanesOf(emptyDatabase);
    expect(lanes).toEqual([{ label: 'tasks', stretches: [], isFaint: false }]);
    expect(shownHours(lanes, dayOf(emptyDatabase), context)).toEqual([clock('08:00') * 1e6, clock('18:00') * 1e6]);
    expect(shownHours(lanesOf(database()), dayOf(database()), context)).toEqual([
      clock('09:00') * 1e6,
      clock('15:00') * 1e6,
    ]);
  });

  test('leave four rows to the list, and a short interval is one cell at least', () => {
    expect(fitRows(7, 2)).toEqual({ lanes: 2, list: 5 });
    expect(fitRows(7, 20)).toEqual({ lanes: 3, list: 4 });
    expect(fitRows(2, 20)).toEqual({ lanes: 1, list: 1 });
    expect(cellsOf({ from: 50, to: 51 }, [0, 100], 10)).toEqual([5, 6]);
    expect(cellsOf({ from: -9, to: 25 }, [0, 100], 10)).toEqual([0, 3]);
    expect(cellsOf({ from: 99, to: 120 }, [0, 100], 10)).toEqual([9, 10]);
  });
});

describe('the cursor', () => {
  const fromOf = (state: DayState) => selectedIn(state, lanesOf(database())).stretch?.from;

  test('is on the last interval first, moves in a lane, and not beyond its ends', () => {
    expect(fromOf(openAt(undefined))).toBe(clock('11:00'));
    expect(fromOf(press('k', openAt(undefined)).state)).toBe(clock('10:15'));
    expect(fromOf(press('ArrowUp', openAt('09:00')).state)).toBe(clock('09:00'));
    expect(fromOf(press('j', openAt('09:00')).state)).toBe(clock('10:15'));
    expect(fromOf(press('ArrowDown', openAt('11:00')).state)).toBe(clock('11:00'));
  });

  test('goes to the next lane and back to about the same time, and to other days', () => {
    const { state } = press('Tab', openAt('09:00'));
    expect([state.lane, fromOf(state)]).toEqual([1, clock('14:00')]);
    expect(press('BackTab', state).state.lane).toBe(0);
    expect(press('Tab', state).state.lane).toBe(0);
    expect(press('h', openAt('09:00')).state.date).toBe('2018-02-28');
    expect(press('ArrowRight', openAt('09:00')).state.date).toBe('2018-03-02');
    expect(press('t', { ...openAt('09:00'), date: '2018-01-01' }).state.date).toBe(date);
  });

  test('stays on the task of an interval that was moved or put back', () => {
    const moved = { ...openAt('11:30'), owner: 't1' };
    expect(fromOf(moved)).toBe(clock('11:00'));
    expect(fromOf({ ...openAt('09:30'), owner: 't1' })).toBe(clock('09:00'));
    expect(press('j', openAt('09:00')).state).toMatchObject({ from: clock('10:15'), owner: 't2' });
  });

  test('stays near an interval that is gone', () => {
    expect(fromOf(openAt('10:00'))).toBe(clock('10:15'));
    expect(fromOf(openAt('20:00'))).toBe(clock('11:00'));
    expect(selectedIn(openAt('20:00', 9), lanesOf(database())).lane).toBe(1);
  });
});

describe('a key changes the interval under the cursor', () => {
  test.each([
    ['-', '09:00', ['09:00-09:55', '10:15-10:45', '11:00-12:00', '14:00-14:30']],
    ['+', '09:00', ['09:00-10:05', '10:15-10:45', '11:00-12:00', '14:00-14:30']],
    ['<', '09:00', ['08:55-09:55', '10:15-10:45', '11:00-12:00', '14:00-14:30']],
    ['>', '09:00', ['09:05-10:05', '10:15-10:45', '11:00-12:00', '14:00-14:30']],
    ['J', '09:00', ['09:00-12:00', '10:15-10:45', '14:00-14:30']],
    ['Backspace', '10:15', ['09:00-10:00', '11:00-12:00', '14:00-14:30']],
  ])('%s at %s', (key, from, expected) => {
    expect(changedBy(key, openAt(from))).toEqual(expected);
  });

  test('of an entry too', () => {
    expect(changedBy('-', openAt(undefined, 1))).toContain('14:00-14:25');
    expect(changedBy('Delete', openAt(undefined, 1))).toHaveLength(3);
  });

  test('is refused where it makes no sense, with the reason', () => {
    expect(press('J', openAt('11:00')).state.message).toBe('no later interval of this task to join with');
    expect(press('-', openAt(undefined), emptyDatabase).state.message).toMatch(/^there is no interval: press a/);
    expect(changedBy('+', openAt(undefined), database(clock('20:00')))[0]).toMatch(/^it is still running/);
  });

  test('is not made if the interval was changed elsewhere meanwhile', () => {
    const { effect } = press('-', openAt('09:00'));
    const changed = effect?.do === 'change' ? effect.change(emptyDatabase) : undefined;
    expect(changed).toMatchObject({ ok: false, error: expect.stringContaining('changed elsewhere') });
  });

  test('what only the hub has is not changed', () => {
    const data = database();
    const lane = {
      lane: 'editor',
      source: 'editor',
      time: 60,
      intervals: [[clock('09:00') * 1e6, clock('09:30') * 1e6]],
    };
    const lanes = dayLanes(slotsOf(data), { ...dayOf(data), lanes: [lane] as never });
    const { state, effect } = handleDayCommand(openAt('09:00', 2), 'shorten', lanes, context, () => 'new');
    expect([effect, state.message]).toEqual([undefined, expect.stringMatching(/^this is not of this device/)]);
  });
});

describe('a prompt', () => {
  const [first] = slotsOf(database());
  const editable = first === undefined ? undefined : { slot: first, title: 'task:1 task 1' };
  const typed = (prompt: Parameters<typeof parsePrompt>[0], text: string) => {
    const about = prompt === 'add time' ? undefined : editable;
    const parsed = parsePrompt(prompt, text, about, { date, context, createId: () => 'new' });
    return typeof parsed === 'string' ? parsed : applied(parsed.change);
  };

  test('starts with what is there, or with the middle', () => {
    expect(promptText('edit time', editable, date, context)).toBe('9:00-10:00  task:1 task 1');
    expect(promptText('split', editable, date, context)).toBe('9:30');
    expect(promptText('move', editable, date, context)).toBe('');
  });

  test.each([
    ['move', '8:00', '08:00-09:00'],
    ['move', '8:00-8:30', '08:00-08:30'],
    ['move', '+10min', '09:10-10:10'],
    ['split', '9:20', '09:00-09:20'],
    ['edit time', '9:00-9:45  task:1 task 1', '09:00-09:45'],
    ['edit time', '9:00-9:45 task:2', '09:00-09:45'],
    ['edit time', '9:00-9:45 reading @paper', '09:00-09:45'],
  ] as const)('%s to %s', (prompt, text, expected) => {
    expect(typed(prompt, text)).toContain(expected);
  });

  test('adds, and an empty line of an edit deletes', () => {
    expect(typed('add time', '16:00-17:00 task:2')).toContain('16:00-17:00');
    expect(typed('add time', '18:00 30min review @paper')).toContain('18:00-18:30');
    expect(typed('edit time', ' ')).toEqual(['10:15-10:45', '11:00-12:00', '14:00-14:30']);
  });

  test.each([
    ['move', 'noon', /none of 9:00/],
    ['split', 'x', /not a time such as 9:30/],
    ['edit time', '9:00-8:59x task:1', /not a span/],
    ['edit time', '9:00-10:00', /what was the time spent on/],
  ] as const)('%s refuses %s', (prompt, text, error) => {
    expect(typed(prompt, text)).toMatch(error);
  });

  test('add refuses what is no span, and nothing', () => {
    expect(typed('add time', 'review')).toMatch(/no span such as 9:00-10:15/);
    expect(typed('add time', '')).toMatch(/type a span/);
  });
});

test('after a change the cursor is on what it made', () => {
  const [first] = slotsOf(database());
  if (first === undefined) throw new Error('no slot');
  const moved = { ...first, from: clock('08:00') };
  expect(afterEdit(openAt('09:00'), { removed: [first], added: [moved] }).from).toBe(clock('08:00'));
  expect(afterEdit(openAt('09:00'), { removed: [first], added: [] }).from).toBe(clock('09:00'));
});

test('keys close the list of keys, open prompts, undo and go back; each key has one command', () => {
  expect(press('?', openAt('09:00')).state.view).toBe('keys');
  expect(press('?', { ...openAt('09:00'), view: 'keys' })).toMatchObject({ state: openAt('09:00') });
  expect(press('Escape', { ...openAt('09:00'), view: 'keys' })).toMatchObject({ state: openAt('09:00') });
  expect(press('z', openAt('09:00')).effect).toEqual({ do: 'undo' });
  expect(press('q', openAt('09:00')).effect).toEqual({ do: 'close' });
  expect(press('a', openAt('09:00')).effect).toMatchObject({ do: 'open', prompt: 'add time' });
  for (const [key, prompt] of [
    ['e', 'edit time'],
    ['Enter', 'edit time'],
    ['m', 'move'],
    ['s', 'split'],
  ] as const) {
    expect(press(key, openAt('09:00')).effect).toMatchObject({ do: 'open', prompt, slot: { from: clock('09:00') } });
  }
  const keys = dayKeyBindings.flatMap((binding) => binding.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

// Which questions there are, as functions of absence, running tasks and answers; and a seeded simulation of the idle guard over days with
// several devices, beside an oracle that looks at every minute.

import { describe, expect, test } from '@jest/globals';
import { Chance } from '../../../server/commands/demo/chance.ts';
import type { DayEvent } from '../../../server/day/engine/evidence.ts';
import {
  awayStretches,
  type GivenAnswer,
  type QuestionFacts,
  taskQuestions,
} from '../../../server/day/questions/ask.ts';
import { pauseTask } from '../../../server/day/questions/stop-task.ts';
import { absence, clock, input, midnight, minute } from '../../harness/day.ts';

const idle = 5 * minute;
const away = (events: readonly DayEvent[], now: string) => awayStretches(events, idle, clock(now));
const span = (from: string, to: string) => [clock(from), clock(to)];

describe('nobody is there', () => {
  test('while every device that says something reports absence for longer than the limit', () => {
    expect(away([input('9:00', '9:30'), absence('9:30', '9:50')], '9:50')).toEqual([span('9:30', '9:50')]);
    expect(away([input('9:00', '9:30'), absence('9:30', '9:35')], '9:35')).toEqual([]);
    const other = input('9:20', '9:40', 'desktop');
    expect(away([input('9:00', '9:30'), absence('9:30', '9:50'), other], '9:50')).toEqual([span('9:40', '9:50')]);
  });

  test('while a device that reported absence sleeps, until it says something else', () => {
    const events = [input('9:00', '9:30'), absence('9:30', '9:32')];
    expect(away(events, '9:40')).toEqual([span('9:30', '9:40')]);
    expect(away([...events, input('11:00', '11:10')], '11:10')).toEqual([span('9:30', '11:00')]);
  });

  test('not where a device stops after input, nor where no device reports absence at all', () => {
    expect(away([input('9:00', '9:30')], '12:00')).toEqual([]);
    expect(away([], '12:00')).toEqual([]);
  });

  test('what a device says about the future counts for nothing', () => {
    expect(away([absence('9:00', '9:10'), input('15:00', '16:00')], '9:10')).toEqual([span('9:00', '9:10')]);
  });
});

const started = clock('9:00');
const task = { key: 't1', desc: 'mend', started };
const endOfDay = (moment: number) =>
  midnight + (Math.floor((moment - midnight) / (1_440 * minute)) + 1) * 1_440 * minute;

function ask(more: Partial<QuestionFacts>) {
  const facts = { tasks: [task], away: [], answers: [], idle, now: clock('12:00'), endOfDay, isOn: () => true };
  return taskQuestions({ ...facts, ...more });
}

const answered = (from: number, to: number, answer: 'keep' | 'stop' = 'keep'): GivenAnswer => ({
  key: 'k',
  from,
  to,
  item: { kind: 'idle', answer, task: 't1', started },
});

describe('a running task', () => {
  const stretch = [clock('9:30'), clock('9:50')] as const;

  test('is asked about for each absence within its run, and for no other', () => {
    expect(ask({ away: [stretch] })).toMatchObject([
      { kind: 'idle', task: 't1', from: clock('9:30'), to: clock('9:50'), answers: ['stop', 'keep', 'split'] },
    ]);
    expect(ask({ away: [[clock('11:50'), clock('12:00')]] })).toMatchObject([{ to: null }]);
    expect(ask({ away: [[clock('8:00'), clock('9:04')]] })).toEqual([]);
    expect(ask({ away: [[clock('8:00'), clock('9:10')]] })).toMatchObject([{ from: started }]);
    expect(ask({ away: [stretch], tasks: [] })).toEqual([]);
  });

  test('is not asked about again after an answer, also when the absence goes on or late evidence moves it', () => {
    const answers = [answered(clock('9:30'), clock('9:40'))];
    expect(ask({ away: [stretch], answers })).toEqual([]);
    expect(ask({ away: [[clock('9:33'), clock('9:50')]], answers })).toEqual([]);
    expect(ask({ away: [stretch, [clock('11:00'), clock('11:20')]], answers })).toHaveLength(1);
    expect(ask({ away: [stretch], answers, tasks: [{ ...task, started: clock('9:01') }] })).toHaveLength(1);
  });

  test('is asked about at the end of its day, once, and not beside a question about the same absence', () => {
    const now = clock('24:00') + 60 * minute;
    expect(ask({ now })).toMatchObject([{ kind: 'left_running', from: clock('24:00'), answers: ['stop', 'keep'] }]);
    expect(ask({ now, away: [[clock('18:00'), now]] })).toMatchObject([{ kind: 'idle', to: null }]);
    expect(ask({ now, answers: [answered(clock('18:00'), now)] })).toEqual([]);
    expect(ask({ now: clock('23:00') })).toEqual([]);
  });

  test('is not asked about what is switched off', () => {
    expect(ask({ away: [stretch], isOn: (kind) => kind !== 'idle' })).toEqual([]);
    expect(ask({ now: clock('25:00'), isOn: (kind) => kind !== 'left_running' })).toEqual([]);
  });
});

test('stopping and splitting change a task in the form of its generation', () => {
  const at = (time: string) => clock(time) / 1_000_000;
  const plain = { id: 1, desc: 'mend', active: at('9:00'), last_active: 0, worktime: 60 };
  expect(pauseTask('t1', plain, clock('9:30'), undefined)).toMatchObject({
    active: 0,
    last_active: at('9:30'),
    worktime: 1_860,
  });
  expect(pauseTask('t1', plain, clock('9:30'), clock('10:00'))).toMatchObject({ active: at('10:00'), worktime: 1_860 });
  const old = { id: 1, desc: 'mend', active: true, start: [at('9:00') * 1_000], stop: [] };
  expect(pauseTask('t1', old, clock('9:30'), undefined)).toMatchObject({ active: false, stop: [at('9:30') * 1_000] });
  expect(pauseTask('t1', old, clock('9:30'), clock('10:00'))).toMatchObject({
    active: true,
    start: [at('9:00') * 1_000, at('10:00') * 1_000],
    stop: [at('9:30') * 1_000],
  });
});

/** The report of a device in each minute: input, absence, or nothing because it sleeps or its AFK source does not run. */
type DeviceMinute = 'input' | 'absent' | 'silent';

interface SimulatedDevice {
  readonly name: string;
  readonly minutes: readonly DeviceMinute[];
  /** Minutes by which its reports arrive late. */
  readonly delay: number;
}

const length = 600;

function simulateDevice(chance: Chance, name: string): SimulatedDevice {
  const minutes: DeviceMinute[] = [];
  let state: DeviceMinute = chance.happens(0.3) ? 'silent' : 'input';
  while (minutes.length < length) {
    const count = chance.between(1, 60);
    for (let index = 0; index < count && minutes.length < length; index += 1) minutes.push(state);
    state = chance.one(['input', 'absent', 'absent', 'silent'] as const);
  }
  return { name, minutes, delay: chance.happens(0.3) ? chance.between(1, 10) : 0 };
}

/** Events as they have arrived by a minute; some come twice, and a jumped clock leaves one in the future. */
function arrivedBy(chance: Chance, devices: readonly SimulatedDevice[], now: number): DayEvent[] {
  return devices.flatMap(({ name, minutes, delay }) => {
    const events: DayEvent[] = [];
    let begin = 0;
    const known = Math.max(0, now - delay);
    for (let at = 1; at <= known; at += 1) {
      if (at < known && minutes[at] === minutes[begin]) continue;
      const make = minutes[begin] === 'input' ? input : absence;
      if (minutes[begin] !== 'silent') {
        const one = { ...make('0:00', '0:01', name), from: started + begin * minute, to: started + at * minute };
        events.push(one, ...(chance.happens(0.1) ? [one] : []));
      }
      begin = at;
    }
    const ahead = { ...input('0:00', '0:01', name), from: started + 2_000 * minute, to: started + 2_001 * minute };
    return chance.happens(0.05) ? [...events, ahead] : events;
  });
}

/** The minutes in which nobody is there: some device's last word is absence, and none reports input. */
function awayMinutes(devices: readonly SimulatedDevice[], now: number): readonly boolean[] {
  return Array.from({ length: now }, (_, at) => {
    const words = devices.map(({ minutes }) => {
      const soFar = minutes.slice(0, at + 1);
      const last = soFar.findLast((word) => word !== 'silent');
      return soFar[at] === 'silent' && last === 'input' ? 'silent' : (last ?? 'silent');
    });
    return words.includes('absent') && !words.includes('input');
  });
}

/** Runs of away minutes that are longer than the limit. */
function expectedStretches(devices: readonly SimulatedDevice[], now: number): (readonly [number, number])[] {
  const runs: (readonly [number, number])[] = [];
  let begin = -1;
  for (const [at, isAway] of [...awayMinutes(devices, now), false].entries()) {
    if (isAway && begin === -1) begin = at;
    if (isAway || begin === -1) continue;
    if (at - begin > 5) runs.push([started + begin * minute, started + at * minute]);
    begin = -1;
  }
  return runs;
}

test.each(
  Array.from({ length: 20 }, (_, index) => [index + 1]),
)('seed %i: over devices that start late, sleep, report late and twice, no absence is asked about twice, and none is lost', (seed) => {
  const chance = new Chance(seed);
  const devices = Array.from({ length: chance.between(1, 3) }, (_, index) => simulateDevice(chance, `d${index}`));
  const answers: GivenAnswer[] = [];
  for (let now = 1; now <= length + 15; now += 1) {
    const shown = Math.min(now, length);
    const moment = started + now * minute;
    const stretches = awayStretches(arrivedBy(chance, devices, shown), idle, moment);
    const open = ask({ away: stretches, answers, now: moment });
    expect(new Set(open.map(({ key }) => key)).size).toBe(open.length);
    for (const { from, to, key } of open) {
      const isRepeated = answers.some((given) => given.from < (to ?? moment) && given.to > from);
      expect([seed, key, isRepeated]).toEqual([seed, key, false]);
      // Somebody answers some minutes later, or never.
      if (!chance.happens(0.2)) continue;
      answers.push({ key, from, to: to ?? moment, item: { kind: 'idle', answer: 'keep', task: 't1', started } });
    }
  }
  const end = started + length * minute;
  const late = devices.map((device) => ({ ...device, delay: 0 }));
  const all = awayStretches(arrivedBy(chance, late, length), idle, end);
  expect(all).toEqual(expectedStretches(devices, length));
  const left = ask({ away: all, answers, now: end });
  for (const [from, to] of all) {
    const isAsked = left.some((one) => one.from === from);
    const isAnswered = answers.some((given) => given.from < to && given.to > from);
    expect([seed, from, isAsked || isAnswered]).toEqual([seed, from, true]);
  }
});

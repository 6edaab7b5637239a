// The rules of the merged day by example; that they hold everywhere is simulation/day.test.ts'.

import { describe, expect, test } from '@jest/globals';
import type { DayClassifier } from '../../../server/day/engine/evidence.ts';
import { attributionByFacts } from '../../../server/day/engine/evidence.ts';
import { absence, beats, clock, computed, event, input, minute, minutesOf } from '../../harness/day.ts';

describe('presence', () => {
  test('[Y2] [Y3] the morning of the fixture has exactly one hundred minutes, and so have its projects', () => {
    const day = computed(
      [
        event('window', '9:00', '11:00', { facts: { app: 'code' } }),
        absence('10:00', '10:20'),
        event('task', '9:00', '10:30', { facts: { task: 't1', project: 'shop' } }),
        event('mob', '10:30', '11:00', { kind: 'mob/garden', facts: { room: 'garden' } }),
      ],
      [...beats('9:05', '9:55', 2), ...beats('10:25', '10:50', 2)],
    );
    expect(day.total / minute).toBe(100);
    expect(minutesOf(day)).toEqual([
      ['shop', 70],
      [null, 30],
    ]);
    expect(day.breaks).toEqual([{ from: clock('10:00'), to: clock('10:20') }]);
    expect([day.first, day.last]).toEqual([clock('9:00'), clock('11:00')]);
  });

  test('[Y2] absence of one device takes nothing from another', () => {
    const day = computed([
      absence('9:00', '10:00', 'laptop'),
      event('window', '9:00', '10:00'),
      event('window', '9:15', '9:45', { device: 'tower' }),
    ]);
    expect(day.total / minute).toBe(30);
  });

  test('[Y2] overlaps of input and absence count as input', () => {
    expect(computed([absence('9:00', '10:00'), input('9:30', '9:40')]).total / minute).toBe(10);
  });

  test('[Y2] before the AFK source of a device runs, its windows are its presence', () => {
    const day = computed([event('window', '8:00', '10:00'), input('9:00', '9:10'), absence('9:10', '10:00')]);
    expect(day.total / minute).toBe(70);
  });

  test('[Y3] an absence of at most `idle` does not interrupt a task, a longer one does', () => {
    const task = event('task', '9:00', '10:00', { facts: { task: 't1' } });
    expect(computed([task, absence('9:10', '9:15')]).total / minute).toBe(60);
    expect(computed([task, absence('9:10', '9:16')]).total / minute).toBe(54);
    expect(computed([task, absence('9:10', '9:16'), input('9:00', '9:20', 'tower')]).total / minute).toBe(60);
  });

  test('[Y3] time that an entry removes is removed last, except by a later entry', () => {
    const removal = event('manual', '9:00', '10:00', { removes: true, stated: 1 });
    const window = event('window', '9:00', '10:00');
    expect(computed([window, removal]).total).toBe(0);
    const later = event('manual', '9:30', '9:40', { stated: 2, facts: { project: 'paper' } });
    expect(minutesOf(computed([window, removal, later]))).toEqual([['paper', 10]]);
  });

  test('[Y4] a bridge continues the segment before it, and fills no removed time', () => {
    const events = [event('meeting', '9:00', '9:30', { facts: { project: 'team' } }), event('window', '9:35', '10:00')];
    const day = computed(events, [], { bridge: 5 * minute });
    expect(day.segments.map(({ bridged, project }) => [bridged, project])).toEqual([
      [false, 'team'],
      [true, 'team'],
      [false, null],
    ]);
    expect(day.total / minute).toBe(60);
    const removal = event('manual', '9:31', '9:32', { removes: true, stated: 1 });
    expect(computed([...events, removal], [], { bridge: 5 * minute }).total / minute).toBe(55);
  });

  test('[Y1] a mark is evidence and never time', () => {
    const day = computed([event('window', '9:00', '9:00'), event('window', '9:01', '9:01')]);
    expect([day.total, day.segments, day.lanes]).toEqual([0, [], []]);
  });
});

describe('winners', () => {
  test('[Y5] manual, task, mob, meeting, editor, web by rule, window by rule win in this order', () => {
    const classifier: DayClassifier = {
      readsClock: false,
      classify: ({ lane, facts }) =>
        lane === 'web' || lane === 'window'
          ? { ...attributionByFacts(lane, facts), project: `${lane} rule`, rule: lane, specificity: 1 }
          : attributionByFacts(lane, facts),
    };
    const lanes = ['window', 'web', 'editor', 'meeting', 'mob', 'task', 'manual'] as const;
    const events = lanes.map((lane, index) =>
      event(lane, `${9 + index}:00`, '17:00', lane === 'editor' ? { kind: 'editor' } : {}),
    );
    const day = computed(events, [], { classifier });
    expect(day.segments.map(({ lane }) => lane)).toEqual([...lanes]);
    expect(day.segments.at(-1)?.evidence.map(({ lane }) => lane)).toHaveLength(lanes.length);
  });

  test('[Y5] of two devices the one with the latest input wins', () => {
    const day = computed([
      event('window', '9:00', '10:00', { device: 'anvil', facts: { app: 'a' } }),
      event('window', '9:20', '9:40', { device: 'tower', facts: { app: 'b' } }),
      event('window', '9:30', '10:00', { device: 'anvil', facts: { app: 'c' } }),
    ]);
    expect(
      day.segments.map(({ source, from, to }) => [source, (from - clock('9:00')) / minute, (to - from) / minute]),
    ).toEqual([
      ['anvil/window', 0, 20],
      ['tower/window', 20, 10],
      ['anvil/window', 30, 30],
    ]);
  });

  test('[Y10] a browser without a host is assigned to the device of its windows, and the answer lists the guess', () => {
    const day = computed([
      event('window', '9:00', '9:30', { device: 'anvil', facts: { app: 'Firefox' } }),
      event('window', '9:00', '10:00', { device: 'tower', facts: { app: 'firefox.exe' } }),
      event('web', '9:10', '9:50', { device: '', kind: 'web', channel: 'aw/aw-watcher-web-firefox' }),
    ]);
    expect(day.guesses).toEqual([{ channel: 'aw/aw-watcher-web-firefox', device: 'tower', overlap: 40 * minute }]);
    expect(day.lanes.map(({ source }) => source)).toContain('tower/web');
  });
});

describe('agents', () => {
  const session = { by: 'agent', session: 'claude-code/1' } as const;
  const agent = (from: string, to: string, name = 'claude-code/1') =>
    event('agent', from, to, { device: 'laptop', session: name, facts: { project: 'horai' } });
  const presence = [input('10:00', '10:20'), absence('10:20', '11:40'), input('11:40', '12:00')];

  test('[Y7] an agent from ten to twelve and forty minutes of input: human 40, agent 120, attended 40', () => {
    const day = computed(presence, beats('10:00', '12:00', 5, session));
    const figures = [day.human, day.agent, day.agent_wall, day.attended, day.unattended];
    expect(figures.map((time) => time / minute)).toEqual([40, 120, 120, 40, 80]);
    expect(day.projects.find(({ project }) => project === 'horai')).toMatchObject({
      time: 0,
      agent: 120 * minute,
      attended: 40 * minute,
    });
  });

  test('[Y7] three agents at once are three times their time and once their wall time', () => {
    const all = ['claude-code/1', 'claude-code/2', 'codex/1'].map((name) => agent('10:00', '12:00', name));
    const day = computed([...presence, ...all]);
    expect([day.human, day.agent, day.agent_wall].map((time) => time / minute)).toEqual([40, 360, 120]);
  });

  test('[Y7] heartbeats that an editor calls AI coding are human while its device reports input', () => {
    const labelled = beats('10:00', '10:10', 1, { by: 'labelled', session: 'Vim' });
    const during = computed(presence, labelled);
    expect([during.agent, during.lanes.find(({ lane }) => lane === 'editor')?.time]).toEqual([0, 10 * minute]);
    const away = computed([absence('10:00', '11:00')], labelled);
    expect([away.human, away.agent / minute]).toEqual([0, 10]);
  });

  test('[Y7] an agent history that arrives late changes no figure of the person', () => {
    const human = beats('10:00', '10:30', 3);
    const before = computed(presence, human);
    const after = computed([...presence, agent('9:00', '18:00')], [...human, ...beats('9:00', '18:00', 1, session)]);
    const own = ({ total, segments, tasks, first, last }: typeof before) => ({ total, segments, tasks, first, last });
    expect(own(after)).toEqual(own(before));
  });
});

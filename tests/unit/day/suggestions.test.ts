// Suggestions for unassigned time, their reasons, and the time for which there are none.

import { describe, expect, test } from '@jest/globals';
import { percentages, scoreMonth } from '../../../scripts/prove/suggestions.ts';
import type { DayEvent } from '../../../server/day/engine/evidence.ts';
import { ClueFinder, type KnownProject, type KnownTask } from '../../../server/day/suggestions/clues.ts';
import { certainStretches, suggestionsOf } from '../../../server/day/suggestions/suggest.ts';
import { assignedStretches, countWords, WordModel } from '../../../server/day/suggestions/words.ts';
import { clock, computed, event, minute } from '../../harness/day.ts';

const tasks: readonly KnownTask[] = [
  { key: 'k12', id: 12, desc: 'mend the watering @garden', project: 'garden' },
  { key: 'k7', id: 7, desc: 'round halves', project: 'ledger' },
];
const projects: readonly KnownProject[] = [
  { name: 'garden', aliases: ['greenhouse'], registered: true },
  { name: 'ledger', aliases: ['the books'], registered: true },
];

function suggest(events: readonly DayEvent[]) {
  const day = computed(events);
  const context = { finder: new ClueFinder({ tasks, projects }), projectOf: (name: string) => name };
  const taught = [...assignedStretches(day, events), ...certainStretches(day, events, context)];
  return suggestionsOf(day, events, { ...context, model: new WordModel([countWords(taught)], tasks) });
}

/** One window a minute, with a title each. */
function windows(from: string, count: number, title: string): DayEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const begin = clock(from) + index * minute;
    return { ...event('window', '0:00', '0:01', { facts: { app: 'kitty', title } }), from: begin, to: begin + minute };
  });
}

const assigned = (from: string, to: string, project: string): DayEvent =>
  event('editor', from, to, { kind: 'editor', channel: 'wakatime', facts: { project } });

describe('tier 1', () => {
  test.each([
    ['git checkout 12-watering', 'garden', 'k12', 'task id'],
    ['task-7', 'ledger', 'k7', 'task id'],
    ['~/src/garden/beds', 'garden', null, 'alias'],
    ['balance of The Books', 'ledger', null, 'alias'],
  ])('%s is about %s', (title, project, task, kind) => {
    const events = windows('9:00', 10, title);
    const [suggestion, ...more] = suggest(events);
    expect(more).toEqual([]);
    expect(suggestion).toMatchObject({
      from: clock('9:00'),
      to: clock('9:10'),
      time: 10 * minute,
      spans: [[clock('9:00'), clock('9:10')]],
      project,
      task,
      tier: 1,
      reasons: [{ kind, channel: 'window', keys: events.map(({ key }) => key) }],
    });
    expect(suggestion?.key).toBe(suggest(events)[0]?.key);
  });

  test('a number alone names no task, nor does a part of another word name a project', () => {
    expect(suggest(windows('9:00', 10, 'page 12 of 40'))).toEqual([]);
    expect(suggest(windows('9:00', 10, 'gardening is fun'))).toEqual([]);
  });

  test('a task that was just stopped counts if a text agrees, and says so as a reason', () => {
    const task = event('task', '8:00', '9:00', {
      kind: 'tasks',
      channel: 'tasks',
      key: 'k12',
      device: '',
      facts: { task: 'k12', title: 'mend the watering @garden', project: 'garden' },
    });
    const [suggestion] = suggest([task, ...windows('9:00', 10, 'garden')]);
    expect(suggestion).toMatchObject({ project: 'garden', task: 'k12', tier: 1 });
    expect(suggestion?.reasons).toContainEqual(
      expect.objectContaining({ kind: 'task', channel: 'tasks', keys: ['k12'] }),
    );
    expect(suggest([task, ...windows('9:00', 30, 'zsh')])).toEqual([]);
  });

  test('the goal of a room beside the stretch counts if a text agrees', () => {
    const turn = event('mob', '8:50', '9:00', {
      kind: 'mob/kitchen',
      channel: 'mob_turns',
      device: '',
      facts: { room: 'kitchen', project: 'kitchen', title: 'task 12-watering' },
    });
    const [suggestion] = suggest([turn, ...windows('9:00', 6, 'greenhouse plan')]);
    expect(suggestion).toMatchObject({ project: 'garden', task: 'k12', tier: 1 });
    expect(suggestion?.reasons.map(({ kind }) => kind)).toContain('goal');
  });
});

describe('tier 2', () => {
  test('a short stretch between two of one project is suggested for it, a long one is not', () => {
    const around = [assigned('8:00', '9:00', 'garden'), assigned('9:10', '10:00', 'garden')];
    const [suggestion] = suggest([...around, ...windows('9:00', 10, 'zsh')]);
    expect(suggestion).toMatchObject({
      project: 'garden',
      tier: 2,
      reasons: [{ kind: 'neighbour', channel: 'wakatime' }],
    });
    const far = [assigned('8:00', '9:00', 'garden'), assigned('9:40', '10:00', 'garden')];
    expect(suggest([...far, ...windows('9:00', 40, 'zsh')])).toEqual([]);
  });

  test('words that were seen with one project alone speak for it, words of all projects do not', () => {
    const taught = Array.from({ length: 11 }, (_, hour) => {
      const project = hour % 2 === 0 ? 'garden' : 'ledger';
      const title = `${project === 'garden' ? 'drip irrigation' : 'double entry'} documentation`;
      return [
        assigned(`${hour}:00`, `${hour}:40`, project),
        event('window', `${hour}:05`, `${hour}:30`, { facts: { app: 'firefox', title } }),
      ];
    }).flat();
    const [suggestion, ...more] = suggest([
      ...taught,
      ...windows('12:00', 10, 'drip irrigation for beginners'),
      ...windows('14:00', 10, 'documentation'),
    ]);
    expect(more).toEqual([]);
    expect(suggestion).toMatchObject({ project: 'garden', tier: 2, from: clock('12:00') });
    expect(suggestion?.reasons[0]).toMatchObject({ kind: 'words', channel: 'window' });
  });
});

describe('a stretch', () => {
  test('of three minutes and less is left alone', () => {
    expect(suggest(windows('9:00', 3, 'garden'))).toEqual([]);
    expect(suggest(windows('9:00', 4, 'garden'))).toHaveLength(1);
  });

  test('goes on over a gap of five minutes, and ends at a longer one', () => {
    expect(suggest([...windows('9:00', 5, 'garden'), ...windows('9:10', 5, 'garden')])).toMatchObject([
      {
        time: 10 * minute,
        spans: [
          [clock('9:00'), clock('9:05')],
          [clock('9:10'), clock('9:15')],
        ],
      },
    ]);
    expect(suggest([...windows('9:00', 5, 'garden'), ...windows('9:11', 5, 'garden')])).toHaveLength(2);
  });

  test('goes on over a glance at something else, and what is longer is a stretch of its own', () => {
    const glance = [
      ...windows('9:00', 8, 'garden'),
      ...windows('9:08', 1, 'the books'),
      ...windows('9:09', 8, 'garden'),
    ];
    expect(suggest(glance)).toMatchObject([{ project: 'garden', time: 17 * minute }]);
    const change = [...windows('9:00', 8, 'garden'), ...windows('9:08', 8, 'the books')];
    expect(suggest(change)).toMatchObject([
      { project: 'garden', to: clock('9:08') },
      { project: 'ledger', from: clock('9:08') },
    ]);
  });

  test('of texts that contradict each other is not suggested as certain', () => {
    const mixed = Array.from({ length: 10 }, (_, index) =>
      windows(`9:${String(index).padStart(2, '0')}`, 1, index % 2 === 0 ? 'garden' : 'ledger'),
    ).flat();
    expect(suggest(mixed).filter(({ tier }) => tier === 1)).toEqual([]);
  });
});

test('generated days with labels: what is certain is right, and half of the unassigned time has a suggestion', async () => {
  const score = await scoreMonth(1, 8);
  const { tier1, tier2, covered } = percentages(score);
  expect(score.asked[0]).toBeGreaterThan(5);
  expect(tier1).toBeGreaterThanOrEqual(90);
  expect(tier2).toBeGreaterThanOrEqual(75);
  expect(covered).toBeGreaterThanOrEqual(50);
});

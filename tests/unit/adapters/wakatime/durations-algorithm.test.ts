// The attribution of time to heartbeats: the same result for any order, batching and repetition, and the same as a simple computation that
// attributes each second separately.

import { describe, expect, test } from '@jest/globals';
import { HeartbeatColumns, type HeartbeatContext } from '../../../../server/adapters/wakatime/index/columns.ts';
import { dayBounds, listDates } from '../../../../server/adapters/wakatime/model/calendar.ts';
import { derivedUuid, type Heartbeat } from '../../../../server/adapters/wakatime/model/heartbeat.ts';
import { type CreditRule, joinBlocks, tally } from '../../../../server/adapters/wakatime/stats/durations-algorithm.ts';
import { tallyInTurns } from '../../../../server/adapters/wakatime/stats/tally-in-turns.ts';
import { turnsDuring } from '../../../harness/turns.ts';
import { seeded } from '../../../harness/world.ts';

const second = 1_000_000;
const minute = 60 * second;

interface Sample {
  readonly key: string;
  /** Whole seconds. */
  readonly at: number;
  readonly heartbeat: Heartbeat;
}

const none: Heartbeat = { entity: 'a.ts', type: 'file', category: 'coding' };
const sample = (at: number, fields: Partial<Heartbeat> = {}): Sample => {
  const heartbeat = { ...none, ...fields };
  return { key: derivedUuid([at, heartbeat]), at, heartbeat };
};

function beatsOf(samples: readonly Sample[]): HeartbeatColumns {
  const beats = new HeartbeatColumns();
  for (const { key, at, heartbeat } of samples) beats.add(key, at * second, heartbeat);
  return beats;
}

const rule = (fields: Partial<CreditRule> = {}): CreditRule => ({
  timeout: 15 * minute,
  writesOnly: false,
  reach: 15 * minute,
  ...fields,
});

/** Sums in seconds by a context's field, for each span between two bounds. */
function sums(
  beats: HeartbeatColumns,
  by: CreditRule,
  bounds: readonly number[],
  field: (context: HeartbeatContext) => string,
) {
  return tally(beats, by, { bounds: bounds.map((bound) => bound * second) }).map(({ contexts }) => {
    const all = new Map<string, number>();
    for (const [index, code] of contexts.codes.entries()) {
      const context = beats.context(code);
      const sum = contexts.amounts[index] ?? 0;
      all.set(field(context), (all.get(field(context)) ?? 0) + sum / second);
    }
    return Object.fromEntries([...all].sort());
  });
}

const projectOf = ({ project }: HeartbeatContext) => project;

describe('a gap', () => {
  const monday = Date.UTC(2026, 0, 5) / 1_000;
  const at = (seconds: number, project: string, fields: Partial<Heartbeat> = {}) =>
    sample(monday + seconds, { project, ...fields });
  const day = [monday, monday + 86_400];

  test('shorter than the timeout belongs to the earlier heartbeat; a longer one counts nowhere, and the last heartbeat is worth nothing', () => {
    const beats = beatsOf([at(0, 'a'), at(100, 'b'), at(100 + 899, 'a'), at(100 + 899 + 900, 'b'), at(50_000, 'a')]);
    expect(sums(beats, rule(), day, projectOf)).toEqual([{ a: 100, b: 899 }]);
    expect(sums(beats, rule({ timeout: 16 * minute }), day, projectOf)).toEqual([{ a: 1_000, b: 899 }]);
    expect(sums(beats, rule({ timeout: minute }), day, projectOf)).toEqual([{}]);
  });

  test('lies between writes alone with writes_only', () => {
    const written = { is_write: true };
    const beats = beatsOf([
      at(0, 'a', written),
      at(100, 'b'),
      at(300, 'b', written),
      at(1_100, 'a'),
      at(1_250, 'a', written),
    ]);
    expect(sums(beats, rule({ writesOnly: true }), day, projectOf)).toEqual([{ a: 300 }]);
  });

  test('over midnight is cut there, and both parts belong to the earlier heartbeat', () => {
    const beats = beatsOf([at(-300, 'a'), at(200, 'b'), at(260, 'b')]);
    const days = [monday - 86_400, monday, monday + 86_400];
    expect(sums(beats, rule(), days, projectOf)).toEqual([{ a: 300 }, { a: 200, b: 60 }]);
  });

  test('is credited before the filter applies', () => {
    const beats = beatsOf([at(0, 'a'), at(60, 'b'), at(120, 'a')]);
    const [only] = tally(beats, rule(), {
      bounds: day.map((bound) => bound * second),
      fits: (context) => context.project === 'a',
    });
    expect(only?.contexts.amounts).toEqual([60 * second]);
  });

  test('of a heartbeat without a project of its own counts for the inherited one, if that is recent enough', () => {
    const asBefore = { last: ['project' as const] };
    const beats = beatsOf([at(0, 'a'), sample(monday + 60, asBefore), sample(monday + 120, asBefore), at(180, 'b')]);
    expect(sums(beats, rule(), day, projectOf)).toEqual([{ a: 180 }]);
    expect(sums(beats, rule(), [monday + 100, monday + 150], projectOf)).toEqual([{ a: 50 }]);
    expect(sums(beats, rule({ reach: minute }), day, projectOf)).toEqual([{ '': 120, a: 60 }]);
  });

  test('inherits branch and language only within a project', () => {
    const asBefore = { last: ['branch' as const, 'language' as const] };
    const beats = beatsOf([
      at(0, 'a', { branch: 'main', language: 'Go' }),
      sample(monday + 60, { ...asBefore, project: 'a' }),
      sample(monday + 120, { ...asBefore, project: 'b' }),
      at(180, 'b'),
    ]);
    expect(sums(beats, rule(), day, ({ project, branch, language }) => `${project} ${branch} ${language}`)).toEqual([
      { 'a main Go': 120, 'b  ': 60 },
    ]);
  });
});

describe('a block', () => {
  const monday = Date.UTC(2026, 0, 5) / 1_000;
  const asked = (beats: HeartbeatColumns, slice: (context: HeartbeatContext, entity: string) => readonly string[]) =>
    joinBlocks(beats, rule(), { from: monday * second, to: (monday + 86_400) * second, slice, fits: () => true }).map(
      ({ value, begin, end }) => [value, begin / second - monday, (end - begin) / second],
    );

  test('continues while the value is the same in any case, and has no length for a lone heartbeat', () => {
    const beats = beatsOf([
      sample(monday, { project: 'a' }),
      sample(monday + 60, { project: 'A' }),
      sample(monday + 90, { project: 'b' }),
      sample(monday + 100, { project: 'a' }),
      sample(monday + 110, { project: 'a' }),
      sample(monday + 9_000, { project: 'c' }),
    ]);
    expect(asked(beats, ({ project }) => [project])).toEqual([
      ['a', 0, 90],
      ['b', 90, 10],
      ['a', 100, 10],
      ['c', 9_000, 0],
    ]);
    expect(asked(beats, (_, entity) => [entity])).toEqual([
      ['a.ts', 0, 110],
      ['a.ts', 9_000, 0],
    ]);
  });

  test('that began before midnight begins at midnight', () => {
    const beats = beatsOf([sample(monday - 100, { project: 'a' }), sample(monday + 50, { project: 'b' })]);
    expect(asked(beats, ({ project }) => [project])).toEqual([
      ['a', 0, 50],
      ['b', 50, 0],
    ]);
  });

  test('of dependencies counts fully for each of them', () => {
    const beats = beatsOf([sample(monday, { dependencies: ['fs', 'path'] }), sample(monday + 60, {})]);
    expect(asked(beats, ({ dependencies }) => dependencies)).toEqual([
      ['fs', 0, 60],
      ['path', 0, 60],
    ]);
  });
});

describe('years of days', () => {
  const first = Date.UTC(2025, 0, 1) / 1_000;
  const dayBegins = Array.from({ length: 401 }, (_, day) => (first + day * 86_400) * second);
  const samples = Array.from({ length: 6_000 }, (_, index) => {
    const more = index % 7 === 0 ? { last: ['project' as const, 'branch' as const] } : { project: `p${index % 5}` };
    return sample(first + index * 5_760 + (index % 3) * 400, {
      ...more,
      is_write: index % 2 === 0,
      human_line_changes: 3,
    });
  });
  const context = { ...beatsOf([sample(first)]).context(0), project: 'meeting' };
  const externalSpans = [40, 100].map((day) => ({
    begin: (first + day * 86_400 - 600) * second,
    end: (first + day * 86_400 + 900) * second,
    context,
    entity: 'call',
  }));

  test.each([
    ['all', {}],
    ['with entities', { entities: true }],
    ['of one project', { fits: ({ project }: HeartbeatContext) => project === 'p1' }],
  ])('have the same sums when they are computed in turns (%s), and others are served meanwhile', async (_, wish) => {
    const beats = beatsOf(samples);
    const by = rule({ timeout: 120 * minute, externalSpans });
    const expected = tally(beats, by, { bounds: dayBegins, ...wish });
    const { turns, result: found } = await turnsDuring(tallyInTurns(beats, by, { bounds: dayBegins, ...wish }));
    expect(turns).toBeGreaterThan(10);
    const visible = (one: (typeof found)[number]) => ({ ...one, contextOf: null });
    expect(found.map(visible)).toEqual(expected.map(visible));
    expect(found.flatMap(({ contexts }) => contexts.amounts).length).toBeGreaterThan(100);
  });

  test('have the same sums as one span, which is cut by its heartbeats: many in one day hold nobody up', async () => {
    const day = Array.from({ length: 40_000 }, (_, index) =>
      sample(first + index * 2, {
        ...(index % 9 === 0 ? { last: ['project' as const] } : { project: `p${index % 5}` }),
        human_line_changes: index % 3,
        ...(index % 50 === 0 ? { ai_model: `m${index % 2}`, ai_input_tokens: index } : {}),
      }),
    );
    const beats = beatsOf([...day, ...samples.filter(({ at }) => at > first + 86_400)]);
    const by = rule({ timeout: 120 * minute, externalSpans });
    const bounds = [first * second, (first + 400 * 86_400) * second];
    const { turns, result } = await turnsDuring(tallyInTurns(beats, by, { bounds, entities: true }));
    expect(turns).toBeGreaterThanOrEqual(5);
    const sorted = (codes: readonly number[], amounts: readonly number[]) =>
      codes.map((code, at) => [code, amounts[at]]).sort(([a = 0], [b = 0]) => a - b);
    const visible = ({ contexts, entities, lines, usage }: (typeof result)[number]) => ({
      contexts: sorted(contexts.codes, contexts.amounts),
      entities: sorted(entities.codes, entities.amounts),
      lines: lines.contexts.codes.map((code, at) => [code, lines.contexts.counts[at * 4 + 2]]).sort(),
      usage,
    });
    expect(result.map(visible)).toEqual(tally(beats, by, { bounds, entities: true }).map(visible));
  });
});

describe('property: heartbeats at random', () => {
  const zone = 'Europe/Berlin';
  // Clocks go forward in the night to the 29th.
  const days = listDates({ first: '2026-03-27', last: '2026-03-30' });
  const bounds = dayBounds(days, zone).map((bound) => bound / second);
  const [from = 0, to = 0] = [bounds[0], bounds.at(-1)];
  const pick = <T>(random: () => number, all: readonly T[]): T => {
    const one = all[Math.floor(random() * all.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  };

  function generate(random: () => number): Sample[] {
    const times = new Set<number>();
    const count = 1 + Math.floor(random() * 60);
    // In bursts, of which about half are near a midnight.
    while (times.size < count) {
      const near = random() < 0.5 ? pick(random, bounds) : from + Math.floor(random() * (to - from));
      for (let burst = Math.floor(random() * 8); burst >= 0; burst -= 1)
        times.add(near - 2_000 + Math.floor(random() * 4_000));
    }
    return [...times].map((at) => {
      const last = (['project', 'branch', 'language'] as const).filter(() => random() < 0.15);
      const fields: Heartbeat = {
        entity: pick(random, ['a.ts', 'b.ts']),
        type: 'file',
        category: pick(random, ['coding', 'debugging']),
      };
      for (const name of ['project', 'branch', 'language'] as const) {
        if (!last.includes(name) && random() < 0.8) fields[name] = `${name} ${pick(random, ['1', '2', '3'])}`;
      }
      if (last.length > 0) fields.last = last;
      if (random() < 0.4) fields.is_write = true;
      return sample(at, fields);
    });
  }

  /** Attributes each second to the latest heartbeat before it, if the next one follows within the timeout. */
  function plain(samples: readonly Sample[], by: CreditRule, field: (fields: Heartbeat) => string) {
    const inOrder = [...samples].sort((a, b) => a.at - b.at);
    const known: { at: number; fields: Heartbeat }[] = [];
    for (const { at, heartbeat } of inOrder) {
      const before = known.at(-1);
      const near = before !== undefined && at - before.at < by.reach / second ? before.fields : undefined;
      const fields = { ...heartbeat };
      for (const name of heartbeat.last ?? []) {
        const inherited = name === 'project' || near?.project === fields.project ? near?.[name] : undefined;
        if (inherited !== undefined) fields[name] = inherited;
      }
      known.push({ at, fields });
    }
    const counted = known.filter(({ fields }) => !by.writesOnly || fields.is_write === true);
    return days.map((_, day) => {
      const all: Record<string, number> = {};
      for (const [index, { at, fields }] of counted.entries()) {
        const next = counted[index + 1];
        if (next === undefined || (next.at - at) * second >= by.timeout) continue;
        for (let now = at; now < next.at; now += 1) {
          if (now >= (bounds[day] ?? 0) && now < (bounds[day + 1] ?? 0))
            all[field(fields)] = (all[field(fields)] ?? 0) + 1;
        }
      }
      return Object.fromEntries(Object.entries(all).sort());
    });
  }

  const shuffled = <T>(random: () => number, all: readonly T[]): T[] =>
    all
      .map((one) => [random(), one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one);

  test.each(
    Array.from({ length: 150 }, (_, index) => index + 1),
  )('seed %d: any order, any repetition, the plain answer', (seed) => {
    const random = seeded(seed);
    const samples = generate(random);
    const by = rule({
      timeout: pick(random, [1, 5, 15, 60]) * minute,
      reach: pick(random, [2, 15]) * minute,
      writesOnly: random() < 0.3,
    });
    const doubled = shuffled(random, [...samples, ...samples.filter(() => random() < 0.3)]);
    // Some heartbeats are deleted and sent again, others exist only temporarily.
    const visitors = generate(random).filter(({ key }) => !samples.some((one) => one.key === key));
    const beats = beatsOf([...visitors, ...doubled]);
    for (const { key } of shuffled(random, visitors)) beats.remove(key);
    for (const { key, at, heartbeat } of samples.filter(() => random() < 0.2)) {
      beats.remove(key);
      beats.add(key, at * second, heartbeat);
    }
    expect(beats.size).toBe(samples.length);
    for (const name of ['project', 'branch', 'language', 'category'] as const) {
      const expected = plain(samples, by, (fields) => fields[name] ?? '');
      expect(sums(beats, by, bounds, (context) => context[name])).toEqual(expected);
    }
    // The parts of a period add up to the whole period.
    const [whole] = sums(beats, by, [from, to], projectOf);
    const parts: Record<string, number> = {};
    for (const one of sums(beats, by, bounds, projectOf)) {
      for (const [name, sum] of Object.entries(one)) parts[name] = (parts[name] ?? 0) + sum;
    }
    expect(parts).toEqual(whole);
  });

  test.each(
    Array.from({ length: 50 }, (_, index) => 1_000 + index),
  )('seed %d: heartbeats of one moment give the same answers in any order, and stretches add up to the sums', (seed) => {
    const random = seeded(seed);
    const samples = generate(random).map(({ at, heartbeat }) => sample(at - (at % 300), heartbeat));
    const [one, other] = [beatsOf(samples), beatsOf(shuffled(random, samples))];
    expect(sums(other, rule(), bounds, projectOf)).toEqual(sums(one, rule(), bounds, projectOf));
    for (const [day, sum] of sums(one, rule(), bounds, projectOf).entries()) {
      const all = joinBlocks(one, rule(), {
        from: (bounds[day] ?? 0) * second,
        to: (bounds[day + 1] ?? 0) * second,
        slice: ({ project }) => [project],
        fits: () => true,
      });
      const added: Record<string, number> = {};
      for (const { value, begin, end } of all)
        if (end > begin) added[value] = (added[value] ?? 0) + (end - begin) / second;
      expect(added).toEqual(sum);
    }
  });
});

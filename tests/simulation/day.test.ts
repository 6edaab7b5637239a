// Compares the engine with the oracle, and engines that have one planted fault each: the oracle must detect each fault. A test run
// uses a few seeds (`HORAI_DAYS`, `HORAI_DAYS_FROM`); `npm run prove -- day` uses ten thousand.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { computeDay } from '../../server/day/engine/compute-day.ts';
import { differenceInSums, firstDifference, withoutKeys } from './day-comparison.ts';
import { type GeneratedDay, generateDay, rearrange } from './day-generator.ts';
import { type OracleDay, oracleDay } from './day-oracle.ts';

const days = Number(process.env['HORAI_DAYS'] ?? 24);
const start = Number(process.env['HORAI_DAYS_FROM'] ?? 1);
const seeds = Array.from({ length: days }, (_, index) => start + index);
/** The number of seeds whose oracle is cached for the planted faults. */
const maxCached = 24;
const cache = new Map<number, { readonly generated: GeneratedDay; readonly oracle: OracleDay }>();

function oracleOf(seed: number) {
  const cached = cache.get(seed);
  if (cached !== undefined) return cached;
  const generated = generateDay(seed);
  const day = { generated, oracle: oracleDay(generated.evidence, generated.options) };
  if (cache.size < maxCached) cache.set(seed, day);
  return day;
}

function differences(compute: typeof computeDay, among: readonly number[]): string | undefined {
  for (const seed of among) {
    const { generated, oracle } = oracleOf(seed);
    const difference = firstDifference(generated, compute(generated.evidence, generated.options), oracle);
    if (difference !== undefined) return `seed ${seed}: ${difference}`;
  }
  return undefined;
}

describe('the merged day and its oracle', () => {
  test('[Y1] [Y2] [Y3] [Y4] [Y5] [Y7] every second of a seeded day equals the oracle’s', () => {
    expect(differences(computeDay, seeds)).toBeUndefined();
  });

  test('[Y6] projects add up to the total to the microsecond, for moments of any precision', () => {
    for (const seed of seeds) {
      const { evidence, options } = generateDay(seed, 1);
      expect({ seed, wrong: differenceInSums(computeDay(evidence, options)) }).toEqual({ seed, wrong: undefined });
    }
  });

  test('[Y1] order, repetition, splitting and a second import change nothing', () => {
    for (const seed of seeds) {
      const generated = generateDay(seed, 1);
      const { evidence, options } = generated;
      const again = rearrange(generated, seed + 1, 1);
      expect({ seed, ...withoutKeys(computeDay(again, options)) }).toEqual({
        seed,
        ...withoutKeys(computeDay(evidence, options)),
      });
    }
  });
});

/** A description of each fault, its file, the text there, and the text that replaces it. */
const faults: readonly (readonly [what: string, file: string, text: string, broken: string])[] = [
  [
    'the event that starts earlier wins',
    'pieces.ts',
    'a.from - b.from || compareText(b.key, a.key) || compareText(b.channel',
    'b.from - a.from || compareText(b.key, a.key) || compareText(b.channel',
  ],
  [
    'absence that overlaps with input counts as absence',
    'devices.ts',
    'absent: subtractIntervals(spans(false), input)',
    'absent: spans(false)',
  ],
  [
    'evidence is not cut to the input of its device',
    'compute-day.ts',
    'cutPieces(piecesOf(runs), absent, day)',
    'piecesOf(runs)',
  ],
  ['a task counts however long the person is away', 'presence.ts', 'subtractIntervals(tasks, away)', 'tasks'],
  ['a short absence ends the presence of a task', 'presence.ts', 'to - from > idle', 'to > from'],
  ['entries remove nothing', 'presence.ts', '...worked]), removed)', '...worked]), [])'],
  [
    'bridges fill what an entry removed',
    'presence.ts',
    'return gaps.filter((gap) => lengthOf(intersectIntervals([gap], removed)) === 0);',
    'return gaps;',
  ],
  [
    'a heartbeat labelled as AI coding is an agent, whatever the device reports',
    'heartbeats.ts',
    'return containsMoment(input.get(device) ?? [], at);',
    'return false;',
  ],
  [
    'work continues after the last heartbeat',
    'heartbeats.ts',
    'next - at < timeout ? next : at',
    'next - at < timeout ? next : at + timeout',
  ],
  [
    'an agent ends with its latest sign, although an earlier one lasts longer',
    'heartbeats.ts',
    'end = Math.max(end, sign.to);',
    'end = sign.to;',
  ],
  ['windows win without a rule', 'segments.ts', '(rule === null ? byRule.length : 0)', '0'],
  ['the less specific rule wins', 'segments.ts', 'return difference > 0', 'return difference < 0'],
  [
    'the device with the older input wins',
    'segments.ts',
    'one.started > other.started : one.reported',
    'one.started < other.started : other.reported',
  ],
  [
    'the entry that was stated first wins',
    'pieces.ts',
    '(a.stated ?? 0) - (b.stated ?? 0)',
    '(b.stated ?? 0) - (a.stated ?? 0)',
  ],
  [
    'a browser goes to the device that overlaps it least',
    'devices.ts',
    'overlap > best.overlap',
    'overlap < best.overlap || best.device === unknownDevice',
  ],
  [
    'rules about hours are evaluated once a day',
    'segments.ts',
    'const end = Math.min(to, hour?.to ?? to);',
    'const end = to;',
  ],
  ['meetings do not count as presence', 'presence.ts', '...meetings, ', '...meetings.slice(0, 0), '],
];

describe('an engine with a planted fault', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'horai-day-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  test.each(faults)('is noticed by the oracle: %s', async (_what, file, text, broken) => {
    const copy = join(folder, String(faults.findIndex((fault) => fault[3] === broken && fault[1] === file)));
    await cp(fileURLToPath(new URL('../../server/day/engine', import.meta.url)), copy, { recursive: true });
    const source = await readFile(join(copy, file), 'utf8');
    expect(source.split(text)).toHaveLength(2);
    await writeFile(
      join(copy, file),
      source.replace(text, () => broken),
    );
    const faulty: { readonly computeDay: typeof computeDay } = await import(join(copy, 'compute-day.ts'));
    expect(differences(faulty.computeDay, seeds.slice(0, maxCached))).toBeDefined();
  });
});

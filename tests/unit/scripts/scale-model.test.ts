// The model of `npm run scale`: more accounts fill what there is, and each remedy frees what it is for.

import { describe, expect, test } from '@jest/globals';
import { developer, measureChannel, measureNotice, twentyNodes } from '../../../scripts/scale/costs.ts';
import { type Costs, type Outcome, type Site, simulateSite } from '../../../scripts/scale/model.ts';
import { seeded } from '../../harness/world.ts';

const costs: Costs = {
  databaseOpUs: 60,
  databaseBatchUs: 300,
  flushMs: 1,
  logBytes: 2_000,
  writeUs: 70,
  noticeUs: 5,
  deliveryUs: 5,
  socketBytes: 8_192,
  channelBytes: 300_000,
};
const simulate = (accounts: number, site: Partial<Site> = {}, other: Partial<Costs> = {}) =>
  simulateSite(accounts, developer, { ...twentyNodes, ...site }, { ...costs, ...other }, seeded(1));
const shareOf = ({ use }: Outcome, resource: string) => use.find((one) => one.resource === resource)?.share ?? 0;

describe('the model', () => {
  test('acknowledges a lone write after the work of its batch and one flush', () => {
    const { medianMs, p99Ms } = simulate(100, { nodes: 1 });
    expect(medianMs).toBeGreaterThanOrEqual(1.3);
    expect(medianMs).toBeLessThan(2);
    expect(p99Ms).toBeLessThan(3);
  });

  test('says that acknowledgements grow without end where the processor of the database is not enough, and only there', () => {
    const few = simulate(100_000);
    expect(shareOf(few, 'processor of the database')).toBeLessThan(1);
    expect(few.p99Ms).toBeLessThan(1_000);
    const many = simulate(3_000_000);
    expect(shareOf(many, 'processor of the database')).toBeGreaterThan(1);
    expect(many.p99Ms).toBe(Number.POSITIVE_INFINITY);
    expect(simulate(3_000_000, { databases: 10 }).p99Ms).toBeLessThan(1_000);
  });

  test('acknowledges later the more accounts there are', () => {
    const delays = [1_000, 50_000, 200_000, 400_000].map((accounts) => simulate(accounts).medianMs);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
  });

  test('frees the processors of nodes when each receives its own notices only', () => {
    const [all, own] = [simulate(1_000_000), simulate(1_000_000, { areNoticesSplit: true })];
    expect(shareOf(own, 'processor of a node')).toBeLessThan(shareOf(all, 'processor of a node') / 2);
    expect(shareOf(own, 'write-ahead log')).toBe(shareOf(all, 'write-ahead log'));
  });

  test('names the fullest resource first', () => {
    const { use } = simulate(1_000_000, { nodeMemoryBytes: 1 });
    expect(use[0]?.resource).toBe('memory of a node');
    expect(use.map(({ share }) => share)).toEqual(use.map(({ share }) => share).sort((a, b) => b - a));
  });

  test('gives the same for the same seed', () => {
    expect(simulate(50_000)).toEqual(simulate(50_000));
  });

  test('measures what notices and channels cost', () => {
    expect(measureNotice()).toBeGreaterThan(0);
    expect(measureChannel()).toBeGreaterThan(100_000);
  });
});

// Compares totals with a simple computation over the stored heartbeats, for random orders, repetitions, batches, deletions, time zones,
// timeouts, rules and restarts, with two hubs on one store.

import { describe, expect, test } from '@jest/globals';
import { AccountIndexes } from '../../../../server/adapters/wakatime/index/account-index.ts';
import type { HeartbeatContext } from '../../../../server/adapters/wakatime/index/columns.ts';
import { type KeyedHeartbeat, writeHeartbeats } from '../../../../server/adapters/wakatime/index/write-heartbeats.ts';
import { dayBounds, listDates } from '../../../../server/adapters/wakatime/model/calendar.ts';
import { type Heartbeat, parseHeartbeat } from '../../../../server/adapters/wakatime/model/heartbeat.ts';
import type { RuleSet } from '../../../../server/adapters/wakatime/stats/custom-rule-set.ts';
import type { CreditRule } from '../../../../server/adapters/wakatime/stats/durations-algorithm.ts';
import { MemoryStore } from '../../../../server/storage/memory.ts';
import {
  type HeartbeatFields,
  lines,
  openNodes,
  plain,
  plainLines,
  type Sample,
  sums,
} from '../../../harness/wakatime-nodes.ts';
import { seeded } from '../../../harness/world.ts';

const second = 1_000_000;
const minute = 60 * second;
const first = Date.UTC(2026, 2, 26) / 1_000;
const length = 6 * 86_400;
const inheritable = ['project', 'branch', 'language'] as const;

/** A heartbeat as plugins send it, not yet parsed. */
type Raw = Readonly<Record<string, unknown>>;

function generate(random: () => number): { readonly raw: Raw; readonly at: number }[] {
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const times = new Set<number>();
  for (let bursts = 1 + Math.floor(random() * 12); bursts > 0; bursts -= 1) {
    // Half of the bursts are around a midnight of UTC.
    const near = first + (random() < 0.5 ? Math.floor(random() * 6) * 86_400 : Math.floor(random() * length));
    for (let left = Math.floor(random() * 10); left >= 0; left -= 1) {
      times.add(near - 1_500 + Math.floor(random() * 3_000));
    }
  }
  return [...times].map((at) => {
    const raw: Record<string, unknown> = { entity: pick(['a.ts', 'b.ts']), type: 'file', time: at };
    raw['category'] = pick(['coding', 'debugging']);
    for (const name of inheritable) {
      if (random() < 0.2) raw[name] = `<<LAST_${name.toUpperCase()}>>`;
      else if (random() < 0.8) raw[name] = `${name} ${pick(['1', '2', '3'])}`;
    }
    if (random() < 0.4) raw['is_write'] = true;
    if (random() < 0.3) raw['dependencies'] = ['fs', 'path'];
    if (random() < 0.3) raw['ai_line_changes'] = Math.floor(random() * 40) - 10;
    return { raw, at };
  });
}

function parseRaw(raw: Raw): KeyedHeartbeat {
  const parsed = parseHeartbeat(raw, { userAgent: '', machine: '', at: Date.UTC(2026, 5) });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed;
}

const changeProject = ({ project = '' }: { readonly project?: string }): string =>
  project === 'project 1' ? 'project 9' : project;

function rulesOf(readsEntity: boolean): {
  readonly rules: RuleSet;
  readonly ruled: (fields: HeartbeatFields) => HeartbeatFields;
} {
  return {
    rules: {
      readsEntity,
      apply: (context, entity): HeartbeatContext => ({
        ...context,
        project: changeProject(context),
        language: readsEntity && entity === 'b.ts' ? 'B' : context.language,
      }),
    },
    ruled(fields) {
      const { project: _, ...rest } = fields;
      const project = changeProject(fields);
      const language = readsEntity && fields.entity === 'b.ts' ? { language: 'B' } : {};
      return { ...rest, ...(project === '' ? {} : { project }), ...language };
    },
  };
}

describe('heartbeats', () => {
  test.each(
    Array.from({ length: 60 }, (_, index) => index + 1),
  )('seed %d: have the totals of a plain computation', async (seed) => {
    const random = seeded(seed);
    const pick = <T>(all: readonly T[]): T => {
      const one = all[Math.floor(random() * all.length)];
      if (one === undefined) throw new Error('nothing to pick from');
      return one;
    };
    const store = new MemoryStore({ epoch: 'e1' });
    const nodes = openNodes(store, 2);
    const stored = new Map<string, Sample>();
    const all = generate(random);

    const send = async () => {
      const node = pick(nodes);
      // Old and new heartbeats, some of them repeated.
      const batch = Array.from({ length: 1 + Math.floor(random() * 20) }, () => pick(all));
      const parsed = batch.map(({ raw }) => parseRaw(raw));
      await writeHeartbeats(await node.channel(), parsed, { origin: 'x', at: node.world.now() });
      for (const [index, { key, heartbeat }] of parsed.entries())
        stored.set(key, { at: batch[index]?.at ?? 0, heartbeat });
    };
    const remove = async () => {
      if (stored.size === 0) return;
      const node = pick(nodes);
      const keys = [...stored.keys()].filter(() => random() < 0.2);
      const ops = keys.map((key) => ({ op: 'remove', key }) as const);
      await (await node.channel()).write({ ops, origin: 'x', at: 0 });
      for (const key of keys) stored.delete(key);
    };
    const restart = async () => {
      const node = pick(nodes);
      await node.timelines.close();
      node.timelines = new AccountIndexes(node.hub);
    };
    const ask = async () => {
      const node = pick(nodes);
      await (await node.channel()).refresh();
      const day = Math.floor(random() * 5);
      const dates = listDates({
        first: `2026-03-${26 + day}`,
        last: `2026-03-${26 + day + Math.floor(random() * (6 - day))}`,
      });
      const bounds = dayBounds(dates, pick(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Tokyo']));
      const reach = { from: bounds[0] ?? 0, to: bounds.at(-1) ?? 0 };
      const beats = await node.timelines.of('ann', random() < 0.8 ? reach : undefined);
      const { rules, ruled } = rulesOf(random() < 0.5);
      const isRuled = random() < 0.4;
      const by: CreditRule = {
        timeout: pick([1, 5, 15, 60, 1_440]) * minute,
        reach: pick([2, 15, 1_440]) * minute,
        writesOnly: random() < 0.3,
        ...(isRuled ? { rules } : {}),
      };
      const inSeconds = bounds.map((bound) => bound / second);
      for (const name of ['project', 'branch', 'language', 'category'] as const) {
        const field = (fields: HeartbeatFields) => fields[name] ?? '';
        const expected = plain([...stored.values()], by, inSeconds, isRuled ? { field, ruled } : { field });
        expect(sums(beats, by, inSeconds, (context) => context[name])).toEqual(expected);
        const added = plainLines([...stored.values()], by, inSeconds, isRuled ? { field, ruled } : { field });
        expect(lines(beats, by, inSeconds, (context) => context[name])).toEqual(added);
      }
    };
    for (let turn = 0; turn < 40; turn += 1) await pick([send, send, send, remove, restart, ask, ask])();
    await ask();
    await restart();
    await ask();
    const beats = await nodes[0]?.timelines.of('ann');
    expect(beats?.size).toBe(stored.size);
    expect(nodes.flatMap(({ world }) => world.lines.filter(({ level }) => level === 'error'))).toEqual([]);
  });
});

describe('copies of a heartbeat', () => {
  const whole = {
    lines: 120,
    lineno: 3,
    cursorpos: 9,
    user_agent: 'wakatime/1 (linux-1-x) go1 vim/9 vim-wakatime/1',
    machine: 'desk',
    dependencies: ['fs'],
  };
  const identity: Heartbeat = { entity: 'a.ts', type: 'file', category: 'coding', project: 'p' };

  test.each(
    Array.from({ length: 40 }, (_, index) => index + 1),
  )('seed %d: are one, with the fields of all of them, in any order', async (seed) => {
    const random = seeded(seed);
    const store = new MemoryStore({ epoch: 'e1' });
    const nodes = openNodes(store, 2);
    const copies = Array.from({ length: 12 }, () => {
      const fields = Object.fromEntries(Object.entries(whole).filter(() => random() < 0.3));
      return parseRaw({ ...identity, time: first, ...fields });
    });
    // Written concurrently, through both nodes.
    await Promise.all(
      copies.map(async (copy, index) => {
        const channel = await nodes[index % 2]?.channel();
        if (channel !== undefined) await writeHeartbeats(channel, [copy], { origin: 'x', at: 0 });
      }),
    );
    const merged = Object.assign({}, ...copies.map(({ heartbeat }) => heartbeat));
    const [item, ...more] = await store.read('ann/wakatime', {});
    expect(more).toEqual([]);
    expect(JSON.parse(item?.value ?? '')).toEqual(merged);
    const before = await store.head('ann/wakatime');
    const channel = await nodes[0]?.channel();
    if (channel !== undefined) await writeHeartbeats(channel, [...copies].reverse(), { origin: 'x', at: 0 });
    expect(await store.head('ann/wakatime')).toEqual(before);
    // The order of members does not depend on the order of the copies.
    expect(Object.keys(JSON.parse(item?.value ?? ''))).toEqual(
      Object.keys(parseRaw({ ...identity, time: first, ...merged }).heartbeat),
    );
  });

  test('that differ leave the fields of the first one', async () => {
    const store = new MemoryStore({ epoch: 'e1' });
    const [node] = openNodes(store, 1);
    const channel = await node?.channel();
    if (channel === undefined) throw new Error('no node');
    const copy = (fields: object) => parseRaw({ ...identity, time: first, ...fields });
    await writeHeartbeats(channel, [copy({ lines: 1 })], { origin: 'x', at: 0 });
    await writeHeartbeats(channel, [copy({ lines: 2, lineno: 5 }), copy({ lineno: 6, machine: 'desk' })], {
      origin: 'x',
      at: 0,
    });
    const [item] = await store.read('ann/wakatime', {});
    expect(JSON.parse(item?.value ?? '')).toEqual({ ...identity, lines: 1, lineno: 5, machine: 'desk' });
  });
});

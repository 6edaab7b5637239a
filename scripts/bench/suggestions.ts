// Suggestions for a day and for a year of one person, beside the merged days that they are made of; and one round of the idle guard over
// 1,000 accounts with a running task, beside reading their tasks.

import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import { datesBetween } from '../../server/day/engine/day-calendar.ts';
import { MergedDays } from '../../server/day/merged-days.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { realWorld } from '../../server/world.ts';
import { generateLabelledMonth } from '../demo/labelled-month.ts';
import type { BenchRow } from './store.ts';

const account = 'ann';
const firstDate = '2025-03-03';
const everything = (): boolean => true;
const accounts = 1_000;

async function measureMs(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return Math.round((performance.now() - began) * 10) / 10;
}

function hubOn(store: MemoryStore): Hub {
  return new Hub({ store, relay: noopRelay, world: realWorld('silent') });
}

async function benchSuggestions(): Promise<readonly BenchRow[]> {
  const { channels } = generateLabelledMonth({ seed: 1, from: firstDate, days: 372, contradictory: 0.1 });
  const store = new MemoryStore({ epoch: 'bench' });
  for (const [name, items] of channels) {
    const ops = items.map(({ key, value, time, end }) => {
      const span = { ...(time === undefined ? {} : { time }), ...(end === undefined ? {} : { end }) };
      return { op: 'put', key, value: JSON.stringify(value), ...span } as const;
    });
    if (ops.length > 0) await store.append(`${account}/${name}`, { ops, origin: 'bench', at: 0 }, 'last');
  }
  const dates = datesBetween('2025-03-10', '2026-03-09');
  const [date = firstDate] = dates;
  const run = async (asks: boolean, which: readonly string[]): Promise<number> => {
    const days = new MergedDays(hubOn(store));
    const { days: own, suggestions } = days.of(account);
    const time = await measureMs(async () => {
      for (const one of which) {
        if (asks) await suggestions.of(one, everything);
        else await own.day({ date: one, mayRead: everything });
      }
    });
    await days.close();
    return time;
  };
  const row = (name: string, ours: number, control: number): BenchRow => ({ name, ours, control, unit: 'ms' });
  return [
    row(
      'day: suggestions for a day, the first time (control: its merged day)',
      await run(true, [date]),
      await run(false, [date]),
    ),
    row('day: suggestions for 365 days (control: their merged days)', await run(true, dates), await run(false, dates)),
  ];
}

async function benchGuard(): Promise<BenchRow> {
  const store = new MemoryStore({ epoch: 'bench' });
  const now = Date.now();
  const names = Array.from({ length: accounts }, (_, index) => `a${index}`);
  const bucket = { id: 'afk', type: 'afkstatus', client: 'aw-watcher-afk', hostname: 'anvil' };
  const description = JSON.stringify({ ...bucket, created: '', order: 1, data: {}, device: '' });
  const task = JSON.stringify({ id: 1, desc: 'mend', active: Math.floor(now / 1_000) - 7_200, worktime: 0 });
  for (const name of names) {
    const put = (
      channel: string,
      ops: readonly { op: 'put'; key: string; value: string; time?: number; end?: number }[],
    ) => store.append(`${name}/${channel}`, { ops, origin: 'bench', at: 0 }, 'last');
    await put('tasks', [{ op: 'put', key: 't1', value: task }]);
    await put('aw', [{ op: 'put', key: 'bucket/afk', value: description }]);
    const events = Array.from({ length: 100 }, (_, index) => {
      const time = (now - (100 - index) * 60_000) * 1_000;
      const value = JSON.stringify({ status: index % 10 < 7 ? 'not-afk' : 'afk' });
      return { op: 'put', key: String(index), value, time, end: time + 60_000_000 } as const;
    });
    await put('aw/afk', events);
  }
  const days = new MergedDays(hubOn(store));
  const round = async (): Promise<void> => {
    for (const name of names) {
      const { questions } = days.of(name);
      await questions.askAboutTasks(await questions.running());
    }
  };
  const control = await measureMs(async () => {
    for (const name of names) await store.read(`${name}/tasks`, {});
  });
  await round();
  const ours = await measureMs(round);
  await days.close();
  const name =
    'day: one round of the idle guard over 1,000 accounts with a running task (control: reading their tasks)';
  return { name, ours, control, unit: 'ms' };
}

export async function benchAsking(): Promise<readonly BenchRow[]> {
  return [...(await benchSuggestions()), await benchGuard()];
}

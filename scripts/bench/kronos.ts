// The duration of simple `kronos` commands as the shell sees it, including the start of Node. The control is Node with an empty script.
// The fastest run shows the cost itself; the median also contains the other load of this machine.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './store.ts';

const runs = 40;
const tasks = 200;
const bin = fileURLToPath(new URL('../../bin/kronos.cjs', import.meta.url));

export async function benchKronos(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'kronos-bench-'));
  const env = { ...process.env, KRONOS_DATA: folder, XDG_CACHE_HOME: join(folder, 'cache') };
  const time = (args: readonly string[], input = ''): number => {
    const began = performance.now();
    const { status } = spawnSync(process.execPath, args, { env, input });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
    return performance.now() - began;
  };
  try {
    const lines = Array.from({ length: tasks }, (_, at) => `a task with a name, number ${at} +home :${(at % 28) + 1}`);
    time([bin, 'add', '-'], lines.join('\n'));
    const rows: BenchRow[] = [];
    for (const words of [['list'], ['add', 'one', 'more'], ['s', '1']]) {
      const [ours, bare]: [number[], number[]] = [[], []];
      for (let run = 0; run < runs; run += 1) {
        bare.push(time(['-e', '0']));
        ours.push(time([bin, ...words]));
      }
      for (const [what, at] of [
        ['fastest', 0],
        ['median', runs / 2],
      ] as const) {
        const pick = (times: readonly number[]) => Math.round([...times].sort((a, b) => a - b)[at] ?? 0);
        rows.push({
          name: `kronos ${words.join(' ')}, ${tasks} tasks, ${what}`,
          ours: pick(ours),
          control: pick(bare),
          unit: 'ms',
        });
      }
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

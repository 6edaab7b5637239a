// Lets every file-system call of a store fail in turn: of a new folder, of a store's life, of both migrations, of a backup. The tests try a few
// of them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiler, compileShim, failCalls, faultScenarios } from '../../tests/harness/disk/shim.ts';

export interface DiskProof {
  /** Calls that failed, by scenario and kind of fault. */
  readonly calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly refusals: number;
  readonly faults: readonly string[];
}

export async function proveDisk(print: (line: string) => void): Promise<DiskProof> {
  if (compiler === undefined) throw new Error('this needs a C compiler (Debian: gcc) and Linux');
  const top = mkdtempSync(join(tmpdir(), 'horai-disk-'));
  const calls: Record<string, Readonly<Record<string, number>>> = {};
  const faults: string[] = [];
  let refusals = 0;
  try {
    const library = compileShim(top);
    for (const scenario of faultScenarios) {
      const report = await failCalls({ library, top, scenario, most: 0 });
      calls[scenario] = report.calls;
      refusals += report.refusals;
      faults.push(...report.problems.map((problem) => `${scenario}: ${problem}`));
      print(
        `${scenario}: ${JSON.stringify(report.calls)}, ${report.refusals} refusals, ${report.problems.length} problems`,
      );
    }
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
  return { calls, refusals, faults };
}

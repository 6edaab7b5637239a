// Runs `horai …` in this process and returns its output and exit code. process.ts runs it as a process of its own.

import { run } from '../../server/commands/program.ts';
import { realWorld } from '../../server/world.ts';
import type { Ended } from './process.ts';

/** Runs `horai …` on a data folder. Exit code 42 stands for a started hub, 43 for a started edge. */
export async function type(data: string, ...args: readonly string[]): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, {
    sources: { env: { HORAI_DATA: data, HORAI_LOG: 'silent' }, platform: 'linux', home: '/nowhere' },
    version: '1.2.3',
    print: (text) => void out.push(text),
    printError: (text) => void err.push(text),
    world: realWorld,
    serve: () => Promise.resolve(42),
    edge: () => Promise.resolve(43),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

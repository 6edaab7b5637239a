// The command line in this process: what was typed, what it printed and its exit code. As a process it is process.ts'.

import { run } from '../../server/commands/program.ts';
import { realWorld } from '../../server/world.ts';
import type { Ended } from './process.ts';

/** `horai …` on a data folder; with 42 it would have run a hub, with 43 an edge. */
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

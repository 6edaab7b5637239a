// Vim and Neovim: their own sockets on the hub's Kronos port, and both generations of kronos.vim where `CLIENTS_FROM` has them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, checkEqual } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import { owner, type Workbench } from '../workbench.ts';
import { runKronosVims, runPlannedTask } from './kronos-vim.ts';

const vim2018 = { editor: 'vim', generation: 2018 } as const;
const nvim2018 = { editor: 'nvim', generation: 2018 } as const;
const vim2019 = { editor: 'vim', generation: 2019 } as const;
const nvim2019 = { editor: 'nvim', generation: 2019 } as const;

export const editorRows: readonly ClientRow[] = [
  { name: 'vim', source: 'Debian', run: runVim },
  { name: 'neovim', source: 'Debian', run: runNeovim },
  { name: 'kronos.vim 2018', source: 'CLIENTS_FROM', run: (bench) => runKronosVims(bench, [vim2018, nvim2018]) },
  { name: 'kronos.vim 2019', source: 'CLIENTS_FROM', run: (bench) => runKronosVims(bench, [vim2019, nvim2019]) },
  {
    name: 'kronos.vim 2018 and 2019',
    source: 'CLIENTS_FROM',
    run: (bench) => runKronosVims(bench, [vim2018, vim2019, nvim2019]),
  },
  {
    name: 'kronos.vim beside kronos',
    source: 'CLIENTS_FROM',
    run: (bench) => runPlannedTask(bench, [vim2018, nvim2018, vim2019, nvim2019]),
  },
];

async function runVim(bench: Workbench): Promise<RunReport> {
  const vim = bench.tool('vim');
  const features = await bench.succeed(vim, ['--version']);
  check(features.includes('+channel'), 'this Vim has no channels: install Debian’s package vim');
  const did = await useSockets(bench, vim, ['-es', '-u', 'NONE', '-i', 'NONE', '-n']);
  return { version: /IMproved (\S+)/.exec(features)?.[1] ?? '', did };
}

async function runNeovim(bench: Workbench): Promise<RunReport> {
  const nvim = bench.tool('nvim');
  const did = await useSockets(bench, nvim, ['--headless', '-u', 'NONE', '-i', 'NONE', '-n']);
  return { version: /v(\S+)/.exec(await bench.succeed(nvim, ['--version']))?.[1] ?? '', did };
}

/** One editor writes tasks in several packets and reads them back; a second sees the changes of the first. */
async function useSockets(bench: Workbench, editor: string, args: readonly string[]): Promise<string> {
  const hub = await bench.hub();
  const run = async (part: string): Promise<{ readonly descriptions: unknown; readonly errors: unknown }> => {
    const folder = bench.folder();
    const found = join(folder, 'found.json');
    const env = { HUB_PORT: String(hub.kronosPort), HUB_USER: owner, HUB_PART: part, HUB_FOUND: found, HOME: folder };
    await bench.succeed(editor, [...args, '-S', bench.program('editor-socket.vim')], { env });
    return JSON.parse(readFileSync(found, 'utf8'));
  };
  const [first, second] = [await run('write'), await run('read')];
  checkEqual(first.errors, [], 'what the hub refused');
  checkEqual(first.descriptions, ['from the editor é', 'second'], 'the tasks after the writes');
  const stored = (await hub.tasks()).map(({ desc }) => desc);
  checkEqual(stored.sort(), ['from the editor é', 'second'], 'the tasks of the hub');
  checkEqual(second.descriptions, ['from the editor é', 'second'], 'the tasks that a second start reads');
  return 'login, create, update, a message cut in two packets, two in one, read-all; read again by a second start';
}

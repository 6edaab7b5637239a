// Further verbs: history and revert, completion in real shells, the output of setup, the findings of the doctor, and the verbs that connect
// to a real hub.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ProcessRequest } from '../../../../clients/kronos/cli/run-process.ts';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import type { RunningHub } from '../../../../server/compose.ts';
import { MemoryDatabase, TestCli } from '../../../harness/cli-context.ts';
import { startComposed } from '../../../harness/compose.ts';
import { Leftovers } from '../../../harness/process.ts';
import { Socket } from '../../../harness/socket.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

describe('log and revert', () => {
  let keeper: MemoryDatabase;
  let cli: TestCli;
  beforeEach(async () => {
    keeper = new MemoryDatabase();
    cli = new TestCli(keeper);
    for (const line of ['a one +x', 'a two', 'u 1 uno +y', 'do 2']) await cli.run(line);
  });
  const descs = () => keeper.database.tasks.map(({ id, desc }) => [id, desc]);

  test('the log shows the newest change first, with its task', async () => {
    expect((await cli.run('log')).out).toBe(
      [
        'N  WHEN                 ACTION  TASKS',
        '4  2018-03-01T20:21:00  done    two',
        '3  2018-03-01T20:21:00  update  uno',
        '2  2018-03-01T20:21:00  add     two',
        '1  2018-03-01T20:21:00  add     one',
        '',
      ].join('\n'),
    );
    expect((await cli.run('log 1')).out.split('\n')).toHaveLength(3);
    expect(JSON.parse((await cli.run('log 2 --json')).out).map(({ n }: { n: number }) => n)).toEqual([4, 3]);
    expect(await cli.run('log many')).toMatchObject({ code: 2 });
  });

  test('revert walks back, step by step', async () => {
    expect(await cli.run('revert')).toEqual({ code: 0, out: 'change 4 (done: two) reverted\n', err: '' });
    expect(descs()).toEqual([
      [1, 'uno'],
      [2, 'two'],
    ]);
    await cli.run('revert');
    expect(keeper.database.tasks[0]).toMatchObject({ desc: 'one', tags: ['x'] });
    await cli.run('revert');
    await cli.run('revert');
    expect(keeper.database.tasks).toEqual([]);
    expect(await cli.run('revert')).toEqual({ code: 1, out: '', err: 'nothing to revert\n' });
  });

  test('revert undoes any step, also a revert', async () => {
    expect(await cli.run('revert 3')).toMatchObject({ code: 0 });
    expect(keeper.database.tasks).toMatchObject([{ desc: 'one', tags: ['x'] }, { done: cli.now / 1_000 }]);
    expect((await cli.run('log')).out).toContain('3  2018-03-01T20:21:00  update       uno (reverted)');
    expect(await cli.run('revert 5')).toMatchObject({ code: 0 });
    expect(keeper.database.tasks[0]).toMatchObject({ desc: 'uno', tags: ['x', 'y'] });
    expect(await cli.run('revert 99')).toEqual({ code: 3, out: '', err: 'change not found\n' });
    expect(await cli.run('revert x')).toMatchObject({ code: 2 });
  });

  test('revert restores a deleted task with its id, or with the next free id', async () => {
    await cli.run('del 1');
    await cli.run('a other');
    await cli.run('revert 5');
    expect(descs()).toContainEqual([2, 'uno']);
  });

  test('revert refuses a step that later changes have replaced', async () => {
    expect(await cli.run('revert 1')).toEqual({
      code: 1,
      out: '',
      err: 'nothing to revert: later changes have replaced this change\n',
    });
  });
});

describe('completion', () => {
  const bin = fileURLToPath(new URL('../../../../bin/kronos.cjs', import.meta.url));

  /** The output of a real shell that runs the real command. */
  function shell(folder: string, name: string, ...args: readonly string[]): string[] {
    const path = join(folder, 'bin');
    if (!existsSync(path)) {
      mkdirSync(path);
      for (const command of ['kronos', 'k']) {
        writeFileSync(join(path, command), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 });
      }
    }
    const env = {
      ...process.env,
      HOME: folder,
      TERM: 'dumb',
      KRONOS_DATA: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      PATH: `${path}${delimiter}${process.env['PATH']}`,
    };
    return execFileSync(name, args, { env }).toString().trim().split(/\r?\n/);
  }

  /** Bash's completions of a line. */
  function bash(folder: string, line: string, type = 9): string[] {
    const script = `
      eval "$(kronos completion bash)"
      line="$1" words=()
      read -ra COMP_WORDS <<< "$line"
      [[ $line == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMP_LINE="$line" COMP_POINT=\${#line} COMP_TYPE=${type}
      [[ $(complete -p k) == *_kronos* ]] || exit 1
      _kronos
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    return shell(folder, 'bash', '--norc', '-c', script, 'bash', line);
  }

  /** Fish's completions of a line. */
  function fish(folder: string, line: string): string[] {
    return shell(folder, 'fish', '-c', 'kronos completion fish | source; complete -C $argv[1]', line);
  }

  /** The line after TAB in zsh in a terminal. The script is loaded by `eval`, or from a folder of fpath. */
  function zsh(folder: string, line: string, how = 'compinit -u -D; eval "$(kronos completion zsh)"'): string {
    const script = `
      zmodload zsh/zpty
      zpty terminal zsh -f -i
      zpty -w terminal "PS1= RPS1= PROMPT_EOL_MARK= LISTMAX=0; bindkey '^X' quit; quit() { exit }; zle -N quit"
      zpty -w terminal 'autoload -Uz compinit; ${how}; echo read""y'
      zpty -r terminal text '*ready*'
      zpty -w -n terminal "$1"$'\\t\\x18'
      while zpty -r terminal text; do print -rn -- $text; done`;
    return shell(folder, 'zsh', '-f', '-c', script, 'zsh', line).join('\n').replace(/ +$/gm, '');
  }

  const has = (name: string) => spawnSync(name, ['--version']).status === 0;
  const testIn = (name: string) => {
    if (has(name)) return test;
    console.warn(`SKIPPED: completion is not tried in ${name}, for it is not here`);
    return test.skip;
  };

  /** Creates two open tasks and an active one. */
  async function tasksIn(folder: string): Promise<void> {
    const cli = new TestCli(new DatabaseFile(join(folder, 'kronos.json')));
    for (const line of ['a buy milk +home', 'a call Bob: 10:30 +work', 'a feed cat', 's 2']) await cli.run(line);
  }

  test('in bash offers verbs, ids and tags with descriptions', async () => {
    const folder = leftovers.folder();
    await tasksIn(folder);
    expect(bash(folder, 'kronos un')).toEqual(['undone']);
    expect(bash(folder, 'k wo')).toEqual(['worktime']);
    expect(bash(folder, 'kronos st')).toEqual(['start', 'stop']);
    expect(bash(folder, 'kronos st', 63)).toEqual([
      'start  (start working on a task)',
      'stop  (stop working on a task)',
    ]);
    expect(bash(folder, 'kronos stop ')).toEqual(['2']);
    expect(bash(folder, 'k start ', 63)).toEqual(['1  (buy milk)', '3  (feed cat)']);
    expect(bash(folder, 'kronos add x +')).toEqual(['+home', '+work']);
    expect(bash(folder, 'kronos update 2 -')).toEqual(['-work']);
    expect(bash(folder, 'kronos setup a')).toEqual(['activitywatch']);
  });

  testIn('fish')('works in fish', async () => {
    const folder = leftovers.folder();
    await tasksIn(folder);
    expect(fish(folder, 'kronos st')).toEqual(['start\tstart working on a task', 'stop\tstop working on a task']);
    expect(fish(folder, 'k stop ')).toEqual(['2\tcall Bob: 10:30']);
    expect(fish(folder, 'kronos add x +')).toEqual(['+home\t1 task', '+work\t1 task']);
    expect(fish(folder, 'kronos update 2 -')).toEqual(['-work\tremove the tag']);
  });

  testIn('zsh')('works in zsh, from a folder of fpath and by eval', async () => {
    const folder = leftovers.folder();
    await tasksIn(folder);
    expect(zsh(folder, 'kronos un')).toContain('kronos undone ');
    expect(zsh(folder, 'k st')).toMatch(/start +-- start working on a task\s+stop +-- stop working on a task/);
    expect(zsh(folder, 'kronos info ')).toMatch(/1 +-- buy milk\s+2 +-- call Bob: 10:30\s+3 +-- feed cat/);
    expect(zsh(folder, 'kronos update 2 -')).toContain('kronos update 2 -work ');
    const functions = join(folder, 'functions');
    mkdirSync(functions);
    writeFileSync(join(functions, '_kronos'), (await new TestCli().run('completion zsh')).out);
    expect(zsh(folder, 'k un', `fpath=(${functions} $fpath); compinit -u -D`)).toContain('k undone ');
  });

  test('refuses other shells', async () => {
    expect(await new TestCli().run('completion tcsh')).toMatchObject({ code: 2 });
  });
});

describe('setup', () => {
  test.each([
    ['localhost:5600', 'wakatime', ['[settings]', 'api_url = http://localhost:5600/api/v1', 'api_key = secret']],
    ['wss://hub.example.org', 'wakatime', ['api_url = https://hub.example.org/api/v1']],
    ['localhost:5600', 'activitywatch', ['aw-watcher-window &']],
    ['localhost:5601', 'activitywatch', ['port = "5601"']],
    ['hub.example.org', 'activitywatch', ['can neither log in nor speak TLS']],
    ['localhost:5000', 'mob', ['export MOB_TIMER_URL=http://localhost:5600/']],
    ['https://hub.example.org/', 'mob', ['export MOB_TIMER_URL=https://hub.example.org/']],
    ['localhost:5600', 'vim', ['let g:kronos_sync = 1', "let g:kronos_sync_host = '127.0.0.1:5000'"]],
  ])('with %s for %s', async (host, tool, lines) => {
    const keeper = new MemoryDatabase();
    keeper.write(() => ({ sync_host: host, sync_user_id: 'secret' }));
    const { code, out } = await new TestCli(keeper).run(`setup ${tool}`);
    expect(code).toBe(0);
    for (const line of lines) expect(out).toContain(line);
  });

  test('refuses an unknown tool', async () => {
    expect(await new TestCli().run('setup emacs')).toMatchObject({ code: 2 });
    expect(await new TestCli().run('setup toString')).toMatchObject({ code: 2 });
  });
});

describe('with a hub', () => {
  let hub: RunningHub;
  let cli: TestCli;
  beforeEach(async () => {
    hub = await startComposed();
    const folder = leftovers.folder();
    cli = new TestCli(new DatabaseFile(join(folder, 'kronos.json')));
    cli.folder = folder;
    cli.env = { KRONOS_TOKEN: hub.ownerSecret ?? '' };
    cli.clock = Date.now;
    await cli.run(`login ${new URL(hub.url).host}`);
  });
  afterEach(() => hub.stop());

  test('doctor reports no problem', async () => {
    const { code, out } = await cli.run('doctor');
    expect(out.split('\n').map((line) => line.slice(0, 5).trim())).toEqual([...Array(8).fill('ok'), '']);
    expect(code).toBe(0);
    expect(out).not.toContain(hub.ownerSecret);
  });

  test('doctor reports each problem and its fix', async () => {
    cli.clock = () => Date.now() + 10_000;
    const skewed = await cli.run('doctor');
    expect(skewed.code).toBe(1);
    expect(skewed.out).toMatch(/WRONG clock: this clock is \d+ ms ahead of the hub's\n {6}→ synchronize it/);
    cli.database.write(() => ({ sync_user_id: '11111111-1111-4111-8111-111111111111' }));
    expect((await cli.run('doctor')).out).toMatch(/WRONG token: the hub refuses it: .*\n {6}→ create one on the hub/);

    const other = createServer((socket) => {
      // The doctor closes the connection.
      socket.on('error', () => undefined);
      socket.resume().end('no hub\n');
    });
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => {
        const address = other.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    cli.database.write(() => ({ sync_host: `127.0.0.1:${port}` }));
    expect((await cli.run('doctor')).out).toMatch(
      /WRONG hub: .* accepts connections, but is not a hub .*\n {6}→ find the program on port/,
    );
    await new Promise((resolve) => other.close(resolve));
    expect((await cli.run('doctor')).out).toMatch(/WRONG hub: cannot reach .*: .*\n {6}→ start the hub/);
    cli.database.write(() => ({ sync_host: 'no/address' }));
    expect((await cli.run('doctor')).out).toContain('WRONG hub: no/address is not an address');
    writeFileSync(join(cli.folder, 'kronos.json'), '{');
    const { code, out } = await cli.run('doctor --json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([{ ok: true }, { ok: true }, { what: 'database', ok: false }]);
  });

  test('room starts the timer of a mob room', async () => {
    const socket = await Socket.open(hub.url);
    await socket.ask({ type: 'subscribe', channel: 'mob/*' });
    cli.env = { MOB_TIMER_USER: 'ann' };
    expect(await cli.run('room kitchen timer 10')).toEqual({
      code: 0,
      out: `timer of 10 minutes started in ${new URL('kitchen', `http://${cli.database.read().sync_host}`).href}\n`,
      err: '',
    });
    expect(await socket.next()).toMatchObject({
      channel: 'mob/kitchen',
      item: { timer: 10, user: 'ann', type: 'TIMER' },
    });
    await cli.run('room kitchen break 5');
    expect(await socket.next()).toMatchObject({ item: { timer: 5, type: 'BREAKTIMER' } });
    await socket.close();
    for (const line of [
      'room',
      'room kitchen',
      'room kitchen timer',
      'room kitchen timer ten',
      'room a/b timer 1',
      'room k timer 1441',
    ]) {
      expect(await cli.run(line)).toMatchObject({ code: 2 });
    }
    cli.env = { MOB_TIMER_URL: 'http://127.0.0.1:1/' };
    expect(await cli.run('room kitchen timer 1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot reach http://127.0.0.1:1/'),
    });
  });

  test.each(['', ' --json'])('watch%s prints the changes of a channel as they happen', async (option) => {
    const other = new TestCli(cli.database, 'other');
    other.folder = cli.folder;
    let synced: Promise<unknown> = Promise.resolve();
    let printed = 0;
    const two = new Promise<void>((resolve) => {
      cli.onPrint = () => {
        printed += 1;
        if (printed === 1) synced = other.run('a live').then(() => other.run('sync'));
        if (printed === 2) resolve();
      };
    });
    const watching = cli.run(`watch tasks${option}`);
    await two;
    await synced;
    cli.end();
    const { code, out, err } = await watching;
    expect([code, err]).toEqual([0, '']);
    if (option === '') {
      expect(out).toMatch(/^tasks: 0 items\ntasks 1 create \S+ \{.*"desc":"live".*\}\n$/);
      return;
    }
    expect(
      out
        .split('\n')
        .slice(0, 2)
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { type: 'snapshot', items: [] },
      { type: 'create', item: { desc: 'live' } },
    ]);
  });

  test('watch runs a program for each change, and not for what was there before', async () => {
    const other = new TestCli(cli.database, 'other');
    other.folder = cli.folder;
    await other.run('a before');
    await other.run('sync');
    let request: ProcessRequest | undefined;
    const ran = new Promise<void>((resolve) => {
      cli.onRun = (one) => {
        request = one;
        resolve();
        return 3;
      };
    });
    const watching = cli.run('watch tasks -- notify-send kronos');
    await other.run('a live');
    await other.run('sync');
    await ran;
    cli.end();
    expect(await watching).toEqual({ code: 0, out: '', err: 'note: notify-send ended with 3\n' });
    expect(request).toMatchObject({
      words: ['notify-send', 'kronos'],
      env: { KRONOS_CHANNEL: 'tasks', KRONOS_CHANGE: 'create' },
    });
    expect(JSON.parse(request?.input ?? '')).toMatchObject({ item: { desc: 'live' } });
    expect(await cli.run('watch tasks --')).toMatchObject({ code: 2 });
  });

  test('watch ends with 4 when the hub refuses the token', async () => {
    cli.database.write(() => ({ sync_user_id: '11111111-1111-4111-8111-111111111111' }));
    expect(await cli.run('watch tasks')).toMatchObject({
      code: 4,
      err: expect.stringContaining('the hub refuses the token'),
    });
  });
});

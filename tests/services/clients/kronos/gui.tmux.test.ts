// The terminal GUI in a real terminal (tmux): every key, together with commands on the same database and with a hub.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { freePort } from '../../../../scripts/prove/free-port.ts';
import { eventually } from '../../../harness/eventually.ts';
import { HubProcess, Leftovers } from '../../../harness/process.ts';

jest.setTimeout(120_000);

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux) console.warn('SKIPPED: the terminal GUI is not tried in a terminal, there is no tmux');

const command = fileURLToPath(new URL('../../../../bin/kronos.cjs', import.meta.url));
const leftovers = new Leftovers();
let terminal: Terminal | undefined;
let folder = '';

/** A terminal. `sees` polls its screen until it shows the expected text. */
class Terminal {
  #socket: string;

  constructor(folder: string, width: number, height: number) {
    this.#socket = join(folder, 'tmux');
    // Ink draws nothing on CI machines, so their variables are unset.
    const shell = `env -u CI -u CONTINUOUS_INTEGRATION ${environment().join(' ')} ${process.execPath} ${command} 2>${join(folder, 'err')}; echo ended $?; cat`;
    this.#tmux('new-session', '-d', '-x', String(width), '-y', String(height), shell);
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }

  get screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  key(...names: string[]): void {
    this.#tmux('send-keys', ...names);
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', String(width), '-y', String(height));
  }

  async sees(expected: RegExp): Promise<void> {
    const instead = () => this.screen;
    await eventually(() => expected.test(this.screen), `${expected} on the screen`, { instead });
  }

  close(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
  }
}

function environment(): string[] {
  return [
    `HOME=${folder}`,
    `XDG_DATA_HOME=${join(folder, 'data')}`,
    `XDG_CACHE_HOME=${join(folder, 'cache')}`,
    'LC_ALL=C.UTF-8',
  ];
}

function kronos(...args: string[]): { code: number | null; out: string } {
  const env = { PATH: process.env['PATH'] ?? '', ...Object.fromEntries(environment().map((one) => one.split('='))) };
  const { status, stdout } = spawnSync(process.execPath, [command, ...args], { env, encoding: 'utf8' });
  return { code: status, out: stdout };
}

function tasks(): readonly { desc: string; tags: string[]; active: number; done: number; worktime: number }[] {
  return JSON.parse(kronos('list', '--json').out);
}

function open(width = 100, height = 24): Terminal {
  terminal = new Terminal(folder, width, height);
  return terminal;
}

beforeEach(() => {
  folder = leftovers.folder();
  mkdirSync(join(folder, 'data'));
});

afterEach(async () => {
  terminal?.close();
  terminal = undefined;
  await leftovers.clear();
});

(hasTmux ? describe : describe.skip)('the terminal GUI', () => {
  test('has the keys that the protocol documents', async () => {
    const shown = open();
    await shown.sees(/No tasks yet/);
    shown.key('a');
    await shown.sees(/add ›/);
    shown.type('water the plants +home :2d');
    await shown.sees(/“water the plants” · tags home · due .*, in 2d/);
    shown.key('Enter');
    await shown.sees(/› 1 +water the plants +home +in 2d/);
    await shown.sees(/added: water the plants/);

    shown.key('s');
    await shown.sees(/started: water the plants/);
    await shown.sees(/› 1 .* [1-9]\d*[sm]\S* ago .* [1-9]\d*[sm]/);
    shown.key('s');
    await shown.sees(/task already started/);
    shown.key('S');
    await shown.sees(/stopped: water the plants/);
    shown.key('Enter');
    await shown.sees(/started: /);
    shown.key('i');
    // The worktime increases while the screen is open.
    await shown.sees(/Worktime +\d/);
    const [worktime = ''] = /Worktime.*/.exec(shown.screen) ?? [];
    await shown.sees(new RegExp(`Worktime +(?!${worktime.replace(/Worktime +/, '')}\\n)\\d`));
    shown.key('i', 'Enter');
    await shown.sees(/stopped: /);

    shown.key('u');
    await shown.sees(/update › water the plants \+home/);
    shown.type(' :nonsense');
    await shown.sees(/invalid due/);
    shown.key('Escape');
    await shown.sees(/\? all keys/);
    shown.key('u');
    await shown.sees(/update ›/);
    shown.type(' -home +garden');
    shown.key('Enter');
    await shown.sees(/water the plants +garden/);

    shown.key('i');
    await shown.sees(/Worktime +[1-9]\d*[sm]/);
    shown.key('i');
    await shown.sees(/\? all keys/);
    shown.key('W');
    await shown.sees(/worktime of tags ›/);
    shown.type('garden');
    shown.key('Enter');
    await shown.sees(/worktime garden: [1-9]\d*[sm]/);

    shown.key('a');
    await shown.sees(/add ›/);
    shown.type('call Bob +work');
    shown.key('Enter');
    await shown.sees(/› 2 +call Bob/);
    shown.key('C');
    await shown.sees(/context ›/);
    shown.type('work');
    shown.key('Enter');
    await shown.sees(/1 task, 1 hidden +context work/);
    shown.key('C');
    await shown.sees(/context › work/);
    shown.key('BSpace', 'BSpace', 'BSpace', 'BSpace', 'Enter');
    await shown.sees(/2 tasks/);

    shown.key('Up');
    await shown.sees(/› 1 /);
    shown.key('j');
    await shown.sees(/› 2 /);
    shown.key('d');
    await shown.sees(/done: call Bob/);
    await shown.sees(/1 task, 1 hidden/);
    shown.key('H');
    await shown.sees(/- +call Bob/);
    shown.key('j', 'U');
    await shown.sees(/undone: call Bob/);
    shown.key('DC');
    await shown.sees(/deleted: call Bob/);
    shown.key('z');
    await shown.sees(/undone: delete/);
    await shown.sees(/call Bob/);
    shown.key('k', 'BSpace');
    await shown.sees(/deleted: /);
    shown.key('?');
    await shown.sees(/undo the last change/);
    shown.key('Escape');
    await shown.sees(/\? all keys/);
    shown.key('q');
    await shown.sees(/ended 0/);
    expect(shown.screen).not.toContain('kronos  ');
    expect(tasks()).toHaveLength(1);
    // The only output there shows the cursor again.
    expect(readFileSync(join(folder, 'err'), 'utf8')).toBe('\u001b[?25h');
  });

  test('shows at once what commands do to the same tasks, and scrolls where they are many', async () => {
    for (let at = 1; at <= 30; at += 1) kronos('add', `task-${at}`);
    const shown = open(60, 16);
    await shown.sees(/› 1 +task-1 /);
    await shown.sees(/1–\d+ of 30/);
    shown.key(...Array.from({ length: 29 }, () => 'Down'));
    await shown.sees(/› 30 +task-30/);
    kronos('update', '30', 'changed', 'elsewhere');
    await shown.sees(/› 30 +changed elsewhere/);
    shown.resize(70, 40);
    await shown.sees(/ 1 +task-1 [\s\S]*› 30 +changed elsewhere/);
  });

  test('on a small screen the line that is typed stays in sight, and so does the list', async () => {
    kronos('add', `${'a very long description '.repeat(9)}+tag`);
    const shown = open(40, 12);
    await shown.sees(/› 1 +a very long descr/);
    expect(shown.screen.split('\n')[0]).toMatch(/^kronos +1 task +● not synced.*…$/);
    expect(shown.screen).toMatch(/WORKTIME\n/);
    shown.key('a');
    await shown.sees(/add ›/);
    shown.type('some text that is long enough for two lines +tag :1d end');
    await shown.sees(/\n“some text .*…\n.*:1d end *\n\+tag adds a tag.*…\n/);
    shown.key('Escape');
    await shown.sees(/a add/);
    shown.key('u');
    await shown.sees(/description \+tag *\n/);
  });

  test.each([
    [60, 16],
    [200, 60],
  ])('the day view has a key for all that "kronos time" does, at %i × %i', async (width, height) => {
    kronos('add', 'mend', 'the', 'fence');
    kronos('add', 'write', 'the', 'paper');
    for (const words of ['9:00-10:00 task:1', '10:30-11:00 task:2', '12:00-13:00 task:1', '15:00-15:30 lunch']) {
      expect(kronos('track', 'yesterday', ...words.split(' ')).code).toBe(0);
    }
    const shown = open(width, height);
    await shown.sees(/› 1 +mend the fence/);
    shown.key('D');
    await shown.sees(/ 0min .*● not synced[\s\S]*Nothing yet\. Press a[\s\S]*\? all keys {2}q back/);
    shown.key('h');
    // The hours, the bar of the day, a lane each, and the list of the lane with the numbers of `kronos time`.
    await shown.sees(/09:00[\s\S]*\n {2}you +█[\s\S]*\n› tasks +█[\s\S]*▲[\s\S]*\n {2}entries +[░▒▓█]/);
    await shown.sees(/only the tasks of this device: there is no hub/);
    await shown.sees(/› 3 +12:00-13:00 +1h +1 +mend the fence/);
    shown.key('k');
    await shown.sees(/› 2 +10:30-11:00/);
    shown.key('Up');
    await shown.sees(/› 1 +09:00-10:00/);
    shown.key('-');
    await shown.sees(/shortened: 09:00-09:55 task 1: mend the fence/);
    await shown.sees(/› 1 +09:00-09:55 +55min/);
    shown.key('+');
    await shown.sees(/lengthened: 09:00-10:00/);
    shown.key('<');
    await shown.sees(/moved: 08:55-09:55/);
    shown.key('>');
    await shown.sees(/› 1 +09:00-10:00/);
    shown.key('s');
    await shown.sees(/split at › 9:30/);
    shown.key('Enter');
    await shown.sees(/split: 09:00-09:30 .*09:30-10:00|split: 09:00-09:30[\s\S]*…/);
    await shown.sees(/› 1 +09:00-09:30/);
    shown.key('J');
    await shown.sees(/joined: 09:00-10:00/);
    shown.key('z');
    await shown.sees(/undone: time join/);
    await shown.sees(/› 1 +09:00-09:30/);
    shown.key('z');
    await shown.sees(/undone: time split/);
    shown.key('m');
    await shown.sees(/move to ›/);
    shown.type('noon');
    shown.key('Enter');
    await shown.sees(/noon is none of 9:00/);
    shown.key('BSpace', 'BSpace', 'BSpace', 'BSpace');
    shown.type('10:15-11:15');
    shown.key('Enter');
    await shown.sees(/overlaps 10:30-11:00 task 2: write the paper[\s\S]*c cut what is there {2}k keep both/);
    shown.key('Escape');
    await shown.sees(/nothing was changed/);
    shown.key('m');
    await shown.sees(/move to ›/);
    shown.type('10:15-11:15');
    shown.key('Enter');
    await shown.sees(/k keep both/);
    shown.key('k');
    await shown.sees(/moved: 10:15-11:15/);
    await shown.sees(/› 1 +10:15-11:15[^\n]*\n +2 +10:30-11:00/);
    shown.key('z');
    await shown.sees(/undone: time move/);
    shown.key('m');
    await shown.sees(/move to ›/);
    shown.type('10:15-11:15');
    shown.key('Enter');
    await shown.sees(/k keep both/);
    shown.key('c');
    await shown.sees(/moved: 10:15-11:15/);
    await eventually(() => !shown.screen.includes('10:30-11:00'), 'the other interval to be cut');
    shown.key('z');
    await shown.sees(/undone: time move/);
    shown.key('e');
    await shown.sees(/edit › \d+:\d\d-\d+:\d\d {2}task:\d/);
    shown.key('C-u');
    shown.type('9:00-9:45 task:2');
    shown.key('Enter');
    await shown.sees(/9:45[ -]/);
    shown.key('Tab');
    await shown.sees(/› entries +[\s\S]*› 4 +15:00-15:30 +30min +- +lunch/);
    shown.key('BSpace');
    await shown.sees(/deleted: 15:00-15:30 lunch/);
    shown.key('z');
    await shown.sees(/undone: time delete/);
    shown.key('BTab');
    await shown.sees(/› tasks/);
    shown.key('a');
    await shown.sees(/add ›/);
    shown.type('16:00 45min task:2');
    shown.key('Enter');
    await shown.sees(/added: 16:00-16:45 task 2: write the paper/);
    shown.key('?');
    await shown.sees(/j ↓ +next interval/);
    shown.key('?');
    await shown.sees(/\? all keys/);
    shown.key('l');
    await shown.sees(/Nothing yet/);
    shown.key('Left');
    await shown.sees(/16:00-16:45/);
    shown.key('t');
    await shown.sees(/Nothing yet/);
    shown.key('q');
    await shown.sees(/› 1 +mend the fence/);
    expect(kronos('time', 'yesterday').out).toMatch(/16:00-16:45 +45min +2 +write the paper/);
    expect(Math.max(...shown.screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  test('the day view shows the lanes of the hub, and says so where it has only its own', async () => {
    const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const port = String(await freePort());
    const env = { HORAI_DATA: join(folder, 'hub'), HORAI_PORT: port, HORAI_OWNER_TOKEN: token };
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    kronos('login', `127.0.0.1:${port}`, '--token', token);
    kronos('add', 'mend', 'the', 'fence');
    kronos('track', 'yesterday', '9:00-10:00', 'task:1');
    kronos('sync');
    const start = new Date(JSON.parse(kronos('time', 'yesterday', '--json').out)[0].from * 1_000);
    const post = async (path: string, body: object) => {
      const answer = await fetch(new URL(`/api/0/buckets/window${path}`, url), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
    };
    await post('', { client: 'aw-watcher-window', type: 'currentwindow', hostname: 'laptop' });
    await post('/events', [{ timestamp: start.toISOString(), duration: 1_800, data: { app: 'vim', title: 'paper' } }]);
    const shown = open(100, 24);
    await shown.sees(/● live with/);
    shown.key('D');
    shown.key('h');
    await shown.sees(/› tasks[^\n]*\n {2}\S*window/);
    await eventually(() => !/only the tasks of this device/.test(shown.screen), 'the note to disappear');
    shown.key('Tab');
    await shown.sees(/› \S*window[\s\S]*› +09:00-09:30 +30min/);
    shown.key('-');
    await shown.sees(/this is not of this device/);
    shown.key('BTab', '-');
    await shown.sees(/shortened: 09:00-09:55/);
    await hub.stop();
    await shown.sees(/the hub is not reached: its lanes are as they were/);
    shown.key('h');
    await shown.sees(/only the tasks of this device: the hub is not reached/);
    shown.key('q');
    await shown.sees(/› 1 +mend the fence/);
  });

  test('is live with the hub, both ways, and works on while it is away', async () => {
    const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const port = String(await freePort());
    const env = { HORAI_DATA: join(folder, 'hub'), HORAI_PORT: port, HORAI_OWNER_TOKEN: token };
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    expect(kronos('login', `127.0.0.1:${port}`, '--token', token).code).toBe(0);
    const shown = open();
    await shown.sees(/● live with 127\.0\.0\.1/);
    const socket = new WebSocketByHand(url, token);
    await socket.say({ type: 'create', task: { id: 7, desc: 'from Vim', tags: [] } });
    await shown.sees(/› 7 +from Vim/);
    shown.key('s');
    await shown.sees(/started: from Vim/);
    await eventually(
      async () => (await socket.tasks()).some(({ active }) => active > 0),
      'the hub to have started the task',
    );
    await hub.stop();
    await shown.sees(/● offline/);
    shown.key('a');
    await shown.sees(/add ›/);
    shown.type('while it is away');
    shown.key('Enter');
    await shown.sees(/● (?:offline|connecting.*), 1 change waits/);
    await new HubProcess(leftovers, env).up();
    shown.key('R');
    await shown.sees(/● live with [^,]*\n/);
    await eventually(
      async () => (await new WebSocketByHand(url, token).tasks()).length === 2,
      'the hub to have both tasks',
    );
    shown.key('q');
    await shown.sees(/ended 0/);
    expect(tasks()).toHaveLength(2);
  });

  test('shows what the hub asks about a running task, and a digit answers it on all devices', async () => {
    const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const port = String(await freePort());
    const hub = new HubProcess(leftovers, {
      HORAI_DATA: join(folder, 'hub'),
      HORAI_PORT: port,
      HORAI_OWNER_TOKEN: token,
    });
    const url = await hub.up();
    kronos('login', `127.0.0.1:${port}`, '--token', token);
    kronos('add', 'mend the fence');
    kronos('start', '1', 'at:-60min');
    kronos('sync');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const post = async (path: string, body: object) => {
      const answer = await fetch(new URL(`/api/0/buckets/afk${path}`, url), {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
    };
    await post('', { client: 'aw-watcher-afk', type: 'afkstatus', hostname: 'laptop' });
    const timestamp = new Date(Date.now() - 40 * 60_000).toISOString();
    await post('/events', [{ timestamp, duration: 2_400, data: { status: 'afk' } }]);
    const shown = open();
    await shown.sees(
      /\? "mend the fence" ran and nobody was there since \d\d:\d\d: stop there, keep, or split\?\n +1 stop {2}2 keep {2}3 split/,
    );
    shown.key('1');
    await shown.sees(/answered: stop/);
    await eventually(() => !/nobody was there/.test(shown.screen), 'the question to disappear');
    expect(kronos('questions').out).toBe('no questions\n');
    await eventually(() => tasks()[0]?.active === 0, 'the task to be stopped here, too');
    // `at:` is a whole minute.
    const worktime = tasks()[0]?.worktime ?? 0;
    expect([worktime >= 20 * 60, worktime <= 21 * 60]).toEqual([true, true]);
  });

  const lockPath = () => join(folder, 'data', 'kronos', 'sync.lock');
  const holder = () => Number(readFileSync(lockPath(), 'utf8').split('@')[0]);

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('gives the terminal and the lock back at %s', async (signal) => {
    kronos('login', '127.0.0.1:1', '--token', 'none');
    const shown = open();
    await shown.sees(/No tasks yet/);
    await shown.sees(/● offline/);
    process.kill(holder(), signal);
    await shown.sees(/ended 0/);
    expect(shown.screen).not.toContain('No tasks yet');
    expect(existsSync(lockPath())).toBe(false);
  });

  test('releases the lock when its terminal closes', async () => {
    kronos('login', '127.0.0.1:1', '--token', 'none');
    const shown = open();
    await shown.sees(/● offline/);
    const pid = holder();
    shown.close();
    await eventually(() => !isAlive(pid), `process ${pid} to end`);
    expect(existsSync(lockPath())).toBe(false);
  });

  test('takes ctrl-c for the end, and two of them work on one database', async () => {
    const shown = open();
    await shown.sees(/No tasks yet/);
    const other = new Terminal(leftovers.folder(), 40, 12);
    try {
      await other.sees(/No tasks yet/);
      other.key('a');
      await other.sees(/add ›/);
      other.type('from the other one');
      other.key('Enter');
      await shown.sees(/› 1 +from the other one/);
      shown.key('s');
      await shown.sees(/started: /);
      await other.sees(/[1-9]s\n/);
      other.key('C-c');
      await other.sees(/ended 0/);
    } finally {
      other.close();
    }
    shown.key('C-c');
    await shown.sees(/ended 0/);
  });

  test('follows a login elsewhere, and a logout', async () => {
    const [here, there] = [join(folder, 'here'), join(folder, 'there')];
    const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const ports = [String(await freePort()), String(await freePort())] as const;
    const hubs = [here, there].map((data, at) => {
      const port = ports[at] ?? '';
      return new HubProcess(leftovers, { HORAI_DATA: data, HORAI_PORT: port, HORAI_OWNER_TOKEN: token });
    });
    const [, url = ''] = await Promise.all(hubs.map((hub) => hub.up()));
    kronos('add', 'mine');
    kronos('login', `127.0.0.1:${ports[0]}`, '--token', token);
    const shown = open();
    await shown.sees(new RegExp(`live with 127.0.0.1:${ports[0]}`));
    expect(kronos('login', `127.0.0.1:${ports[1]}`, '--token', token)).toEqual({ code: 0, out: 'synchronized\n' });
    await shown.sees(new RegExp(`live with 127.0.0.1:${ports[1]}`));
    const socket = new WebSocketByHand(url, token);
    expect(await socket.tasks()).toHaveLength(1);
    await socket.say({ type: 'create', task: { id: 7, desc: 'from there', tags: [] } });
    await shown.sees(/7 +from there/);
    kronos('logout');
    await shown.sees(/not synced/);
    expect(tasks()).toHaveLength(2);
    shown.key('q');
    await shown.sees(/ended 0/);
    expect(existsSync(join(folder, 'data', 'kronos', 'sync.json'))).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** One connection for one request at a time, as with wscat. */
class WebSocketByHand {
  #url: string;
  #token: string;

  constructor(url: string, token: string) {
    this.#url = url.replace('http', 'ws');
    this.#token = token;
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  async say(request: object): Promise<any> {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(this.#url);
    await new Promise((resolve) => socket.once('open', resolve));
    const answer = new Promise((resolve) => {
      socket.on('message', (data) => {
        const message = JSON.parse(String(data));
        if (message.ref === 1) resolve(message);
      });
    });
    socket.send(JSON.stringify({ ...request, user_id: this.#token, ref: 1 }));
    const message = await answer;
    socket.close();
    return message;
  }

  async tasks(): Promise<readonly { active: number }[]> {
    const { items } = await this.say({ type: 'read-all', channel: 'tasks' });
    return items.map(({ item }: { item: object }) => item);
  }
}

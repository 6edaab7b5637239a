// The page of tasks in real Chromium against a real hub: every key, the mouse, a phone, another device, an outage, a token.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { freePort } from '../../scripts/prove/free-port.ts';
import type { Config } from '../../server/config.ts';
import { hasChromium, type Visitor, type VisitorOptions } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { HubProcess } from '../harness/process.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const browsers = new TestBrowsers();
const { leftovers } = browsers;
afterEach(() => browsers.clear());

const visit = (url: string, options?: VisitorOptions) => browsers.visit(`${url}tasks`, options);
const startHub = (config?: Partial<Config>) => browsers.startHub({ ownerToken: token, ...config });

/** Another device of the owner, which sends one request after another and reads the tasks. */
class Other {
  #socket: WebSocket;
  #onAnswer: ((text: string) => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.ref !== undefined) this.#onAnswer?.(message);
    });
  }

  static async connect(url: string): Promise<Other> {
    const socket = new WebSocket(url.replace('http', 'ws'));
    await new Promise((resolve) => socket.once('open', resolve));
    return new Other(socket);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  ask(request: object): Promise<any> {
    const answer = new Promise((resolve) => {
      this.#onAnswer = resolve;
    });
    this.#socket.send(JSON.stringify({ ...request, user_id: token, ref: 1 }));
    return answer;
  }

  async tasks(): Promise<readonly { id: number; desc: string; tags: string[]; active: number; done: number }[]> {
    const { items } = await this.ask({ type: 'read-all', channel: 'tasks' });
    return items.map(({ item }: { item: object }) => item);
  }

  /** Waits until the hub has these tasks. A page shows its own writes before the hub has them. */
  async sees(met: (tasks: Awaited<ReturnType<Other['tasks']>>) => boolean): Promise<void> {
    let tasks: unknown;
    const check = async () => {
      const now = await this.tasks();
      tasks = now;
      return met(now);
    };
    await eventually(check, `the hub to have tasks with ${met}`, { instead: () => tasks });
  }

  close(): void {
    this.#socket.close();
  }
}

const add = async ({ page }: Visitor, line: string) => {
  await page.fill('#add-line', line);
  await page.keyboard.press('Enter');
};

(hasChromium ? describe : describe.skip)('the page of tasks', () => {
  test('has the keys that the protocol documents', async () => {
    const { url } = await startHub();
    const other = await Other.connect(url);
    const visitor = await visit(url);
    const { page } = visitor;
    const key = (name: string) => page.keyboard.press(name);
    /** Waits until the browser has closed the dialog, which it does asynchronously. */
    const closed = async () => {
      await key('Escape');
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
    };
    await visitor.sees('h2', 'No tasks yet');
    await key('a');
    await page.keyboard.type('water the plants +home :2d');
    await visitor.sees('#add-hint', /water the plants ?home due .*, in 2d/);
    await key('Enter');
    await visitor.sees('.task', /1.*water the plants.*home.*due in 2d/);
    await other.sees(([task]) => task?.desc === 'water the plants' && task.tags[0] === 'home');
    await key('Escape');

    await key('s');
    await visitor.sees('.task[data-state=running] .worked', /[1-9]/);
    await other.sees(([task]) => (task?.active ?? 0) > 0);
    await key('s');
    await visitor.sees('.said', 'task already started');
    await key('S');
    await other.sees(([task]) => task?.active === 0);
    await key('Enter');
    await visitor.sees('.task[data-state=running]');
    await key('i');
    await visitor.sees('dialog[open] .facts', /Worktime ?[1-9]/);
    await closed();
    await key('Enter');
    await visitor.sees('.task[data-state=open]');

    await key('u');
    expect(await page.inputValue('#update-line')).toBe('water the plants +home');
    await page.fill('#update-line', 'water the garden +out');
    await key('Enter');
    await visitor.sees('.task', /water the garden.*out/);
    await other.sees(([task]) => task?.tags.join() === 'out');

    await key('i');
    await visitor.sees('dialog[open] .facts', /Worktime ?[1-9]/);
    await closed();
    await key('W');
    await page.keyboard.type('out');
    await key('Enter');
    await visitor.sees('dialog[open] .total', /[1-9]/);
    await closed();

    await add(visitor, 'call Bob +work');
    await visitor.sees('.task', 'call Bob');
    await key('Escape');
    await key('C');
    await page.keyboard.type('work');
    await key('Enter');
    await visitor.sees('button', 'Filter: work');
    expect(await visitor.count('.task')).toBe(1);
    await add(visitor, 'write the report');
    await visitor.sees('.task', /write the report.*work/);
    await key('Escape');
    await key('C');
    await page.fill('dialog[open] input', '');
    await key('Enter');
    await visitor.sees('.task', 'water the garden');
    expect(await visitor.count('.task')).toBe(3);

    await key('ArrowUp');
    await key('k');
    await key('k');
    await visitor.sees('.task[data-chosen=true]', 'water the garden');
    await key('j');
    await visitor.sees('.task[data-chosen=true]', 'call Bob');
    await key('d');
    await visitor.sees('.said', 'done: call Bob');
    await other.sees((tasks) => tasks.some((task) => task.done > 0 && String(task.id).startsWith('2')));
    expect(await visitor.count('.task')).toBe(2);
    await key('H');
    await visitor.sees('.task[data-state=done]', 'call Bob');
    await page.focus('.task[data-state=done]');
    await key('U');
    await visitor.sees('.task[data-state=open]', 'call Bob');
    await key('Delete');
    await visitor.sees('.said', 'deleted: call Bob');
    await other.sees((tasks) => tasks.length === 2);
    await key('z');
    await visitor.sees('.task', 'call Bob');
    await other.sees((tasks) => tasks.length === 3);
    await key('?');
    await visitor.sees('dialog[open] .keys', 'undo the last change');
    other.close();
  });

  test('shows changes of other devices at once, and works with the mouse', async () => {
    const { url } = await startHub();
    const other = await Other.connect(url);
    const visitor = await visit(url);
    await visitor.sees('.link', 'Live');
    await other.ask({ type: 'create', task: { id: 7, desc: 'from <b>Vim</b>', tags: [] } });
    await visitor.sees('.task', 'from <b>Vim</b>');
    await visitor.press('Start: from <b>Vim</b>');
    await other.sees(([task]) => (task?.active ?? 0) > 0);
    await visitor.press('Done: from <b>Vim</b>');
    await visitor.sees('.hint', 'Nothing to do');
    await other.sees(([task]) => (task?.done ?? 0) > 0);
    await visitor.press('Undo');
    await visitor.sees('.task', 'from <b>Vim</b>');
    await other.sees(([task]) => task?.id === 7 && task.done === 0);
    await other.ask({ type: 'delete', task_id: 7 });
    await visitor.sees('h2', 'No tasks yet');
    other.close();
  });

  test('fits a phone, where a touch of a task shows the rest of its buttons', async () => {
    const { url } = await startHub();
    const visitor = await visit(url, { width: 360 });
    for (const line of ['first', 'words enough to need a second line, and more +several +tags :1d']) {
      await add(visitor, line);
      await visitor.sees('.task', line.slice(0, 5));
    }
    const { page } = visitor;
    expect(await visitor.sticksOut()).toBeLessThanOrEqual(0);
    const change = page.getByRole('button', { name: 'Change: first' });
    expect(await change.isVisible()).toBe(false);
    await page.locator('.task', { hasText: 'first' }).click({ position: { x: 5, y: 5 } });
    await change.waitFor({ state: 'visible' });
    const { height = 0 } = (await change.boundingBox()) ?? {};
    expect(height).toBeGreaterThanOrEqual(44);
  });

  test('keeps edits while the hub is unreachable, also over a reload, and sends them when it is back', async () => {
    const port = await freePort();
    const env = { HORAI_DATA: leftovers.folder(), HORAI_PORT: String(port), HORAI_OWNER_TOKEN: token };
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    const visitor = await visit(url);
    await visitor.sees('.link', 'Live');
    await add(visitor, 'while it is here');
    await visitor.sees('.task', 'while it is here');
    const before = await Other.connect(url);
    await before.sees((tasks) => tasks.length === 1);
    before.close();
    await visitor.sees('.link', /^Live $/);
    visitor.outage = true;
    await hub.stop();
    await visitor.sees('.link', 'Offline');
    await add(visitor, 'while it is away');
    await visitor.sees('.link', '1 change waits');
    await new HubProcess(leftovers, env).up();
    await visitor.page.reload();
    await visitor.sees('.task', 'while it is away');
    const other = await Other.connect(url);
    await other.sees((tasks) => tasks.length === 2);
    other.close();
  });

  test('asks for a sign-in where one is needed, once, and stores no secret', async () => {
    const { url } = await startHub({ hosts: ['hub.example'] });
    const visitor = await visit(url);
    await visitor.sees('h2', 'Sign in');
    await visitor.page.fill('input[type=password]', token);
    await visitor.press('Sign in');
    await visitor.sees('.link', 'Live');
    await visitor.page.reload();
    await visitor.sees('.link', 'Live');
    expect(await visitor.count('input[type=password]')).toBe(0);
    expect(await visitor.stored()).not.toContain(token);
    visitor.forgetRefusals();
  });

  test('asks for a sign-in again when its session ends while it is open, shows nothing, and loses no edit', async () => {
    const { url } = await startHub({ hosts: ['hub.example'] });
    const other = await Other.connect(url);
    const made = await other.ask({ type: 'token', name: 'browser' });
    const visitor = await visit(url);
    await visitor.page.fill('input[type=password]', made.secret);
    await visitor.press('Sign in');
    await visitor.sees('.link', 'Live');
    await add(visitor, 'before');
    await other.sees((tasks) => tasks.length === 1);
    visitor.outage = true;
    await visitor.page.context().setOffline(true);
    await add(visitor, 'meanwhile');
    await visitor.sees('.link', '1 change waits');
    await other.ask({ type: 'revoke', token: made.token.id });
    await visitor.page.context().setOffline(false);
    await visitor.sees('h2', 'Sign in');
    await visitor.sees('.link', 'Not admitted');
    expect(await visitor.page.textContent('main')).not.toContain('before');
    await visitor.page.fill('input[type=password]', token);
    await visitor.press('Sign in');
    await visitor.sees('.link', /^Live $/);
    await other.sees((tasks) => tasks.length === 2);
    other.close();
    visitor.forgetRefusals();
  });

  test('shows two tabs the same, with long words, and each of its fields and buttons has a name', async () => {
    const { url } = await startHub();
    const visitor = await visit(url, { width: 360 });
    await visitor.sees('.link', 'Live');
    const { page } = visitor;
    const tab = await page.context().newPage();
    await tab.goto(`${url}tasks`);
    await tab.locator('.link[data-state=live]').waitFor();
    await add(visitor, `${'W'.repeat(120)} +${'t'.repeat(60)} :1d`);
    await tab.locator('.task', { hasText: 'WWW' }).waitFor();
    expect(await visitor.sticksOut()).toBeLessThanOrEqual(0);
    expect(await page.getByRole('button', { name: /^$/ }).count()).toBe(0);
    expect(await page.getByRole('textbox', { name: /^$/ }).count()).toBe(0);
    expect(await page.getByRole('checkbox', { name: 'Hide done' }).count()).toBe(1);
    await tab.close();
  });
});

// A Kronos client of 2018 as Vim plays it: raw TCP, whole tasks, and a version that is the time of its last change. It knows nothing
// of channels, positions or merges.

import { connect, type Socket } from 'node:net';
import type { Task } from '../../protocol/messages.ts';

// biome-ignore lint/suspicious/noExplicitAny: whatever the hub says, as Vim would take it
type Message = any;

export class PlainClient {
  tasks: Task[] = [];
  version = 0;
  userId: string;
  #device: string;
  #port: number;
  #socket: Socket | undefined;
  #rest = '';
  #settled: (() => void)[] = [];

  constructor(port: number, userId: string, device: string) {
    this.#port = port;
    this.userId = userId;
    this.#device = device;
  }

  /** Logs in, and sends or takes all tasks as the versions say; done when the hub has answered all of it. */
  async online(): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1');
    this.#socket = socket;
    this.#rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#hear(text));
    await new Promise((resolve) => socket.once('connect', resolve));
    this.#say({ type: 'login' });
    await this.fence();
    await this.fence();
  }

  /** Everything that was said before has been answered, and what was told before has been heard. */
  async fence(): Promise<void> {
    const answered = new Promise<void>((resolve) => this.#settled.push(resolve));
    this.#say({ type: 'ping' });
    await answered;
  }

  async offline(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    socket?.end();
    await closed;
  }

  create(task: Task): void {
    this.tasks = [...this.tasks, task];
    this.#changed({ type: 'create', task });
  }

  update(id: number, change: Task): void {
    this.tasks = this.tasks.map((task) => (task.id === id ? { ...task, ...change } : task));
    this.#changed({ type: 'update', task: this.tasks.find((task) => task.id === id) });
  }

  delete(id: number): void {
    this.tasks = this.tasks.filter((task) => task.id !== id);
    this.#changed({ type: 'delete', task_id: id });
  }

  #changed(request: object): void {
    this.version = Math.floor(Date.now() / 1_000) * 1_000;
    this.#say(request);
  }

  #say(request: object): void {
    const said = { ...request, user_id: this.userId, device_id: this.#device, version: this.version };
    this.#socket?.write(JSON.stringify(said));
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(JSON.parse(line));
  }

  #take(message: Message): void {
    switch (message.type) {
      case 'login':
        if (message.version > this.version) this.#say({ type: 'read-all' });
        else if (message.version < this.version) this.#say({ type: 'write-all', tasks: this.tasks });
        return;
      case 'read-all':
        this.tasks = message.tasks;
        break;
      case 'create':
        this.tasks = [...this.tasks, message.task];
        break;
      case 'update': {
        const id = message.task_id ?? message.task.id;
        this.tasks = this.tasks.map((task) => (task.id === id ? message.task : task));
        break;
      }
      case 'delete':
        this.tasks = this.tasks.filter(({ id }) => id !== message.task_id);
        break;
      case 'pong':
        this.#settled.shift()?.();
        return;
      default:
        return;
    }
    this.version = message.version;
  }
}

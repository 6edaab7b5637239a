// A Kronos client of 2018, modelled on the Vim plugin: raw TCP, whole tasks, and a version that is the time of its last change. It has
// no channels, positions or merges.

import { connect, type Socket } from 'node:net';
import type { Task } from '../../protocol/messages.ts';

// biome-ignore lint/suspicious/noExplicitAny: Vim does not check the hub's messages either
type Message = any;

export class PlainClient {
  tasks: Task[] = [];
  version = 0;
  userId: string;
  #device: string;
  #port: number;
  #socket: Socket | undefined;
  #rest = '';
  #fences: (() => void)[] = [];

  constructor(port: number, userId: string, device: string) {
    this.#port = port;
    this.userId = userId;
    this.#device = device;
  }

  /** Logs in and, depending on the versions, sends or receives all tasks. Resolves when the hub has answered all requests. */
  async online(): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1');
    this.#socket = socket;
    this.#rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    await new Promise((resolve) => socket.once('connect', resolve));
    this.#send({ type: 'login' });
    await this.fence();
    await this.fence();
  }

  /** Resolves when it has received the answers to all earlier requests, and all changes that the hub sent before. */
  async fence(): Promise<void> {
    const pong = new Promise<void>((resolve) => this.#fences.push(resolve));
    this.#send({ type: 'ping' });
    await pong;
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
    this.#sendChange({ type: 'create', task });
  }

  update(id: number, change: Task): void {
    this.tasks = this.tasks.map((task) => (task.id === id ? { ...task, ...change } : task));
    this.#sendChange({ type: 'update', task: this.tasks.find((task) => task.id === id) });
  }

  delete(id: number): void {
    this.tasks = this.tasks.filter((task) => task.id !== id);
    this.#sendChange({ type: 'delete', task_id: id });
  }

  #sendChange(request: object): void {
    this.version = Math.floor(Date.now() / 1_000) * 1_000;
    this.#send(request);
  }

  #send(request: object): void {
    const message = { ...request, user_id: this.userId, device_id: this.#device, version: this.version };
    this.#socket?.write(JSON.stringify(message));
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#apply(JSON.parse(line));
  }

  #apply(message: Message): void {
    switch (message.type) {
      case 'login':
        if (message.version > this.version) this.#send({ type: 'read-all' });
        else if (message.version < this.version) this.#send({ type: 'write-all', tasks: this.tasks });
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
        this.#fences.shift()?.();
        return;
      default:
        return;
    }
    this.version = message.version;
  }
}

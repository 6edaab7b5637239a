// A connection as its users see it: one link, the channels that were asked for, and what all of them share. Who this device is lies
// in the storage under `identity`.

import type {
  ChannelEvent,
  Connection,
  ConnectOptions,
  RefusedWrite,
  SdkChannel,
  SdkDayOptions,
  SdkFailure,
  SdkSocketClass,
  Subscription,
  SyncResult,
} from './api.ts';
import { MirroredChannel } from './channel.ts';
import { storedName } from './channel-persistence.ts';
import type { ConnectionState } from './connection.ts';
import { Follow } from './follow.ts';
import { Listeners } from './listeners.ts';
import { MemoryStorage, type Storage } from './storage.ts';
import { failureOf, Transport, type WireMessage } from './transport.ts';

interface Identity {
  readonly device: string;
  readonly token: string;
}

const identityName = 'identity';

/** The environment's own, where it has one. */
declare const WebSocket: SdkSocketClass | undefined;

export class HubConnection implements Connection {
  #options: ConnectOptions;
  #storage: Storage;
  #link: Transport;
  #channels = new Map<string, MirroredChannel>();
  #follows = new Set<Follow>();
  #stateWatchers = new Listeners<ConnectionState>();
  #refusedWatchers = new Listeners<RefusedWrite>();
  #refused: RefusedWrite[] = [];
  #movers = new Listeners();
  #identity: Promise<Identity> | undefined;
  #token: string | undefined;
  #over = false;

  /** @throws TypeError when the URL is none */
  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#storage = options.storage ?? new MemoryStorage();
    this.#link = new Transport({
      url: socketUrl(options.url),
      open: (url) => new (options.webSocket ?? globalSocket())(url),
      now: this.#now,
      after: this.#after,
      random: options.random ?? Math.random,
      login: () => this.#login(),
      accepted: ({ user_id: token }) => void this.#keepToken(token),
      changed: (state) => this.#changed(state),
      told: (message) => this.#told(message),
    });
  }

  get state(): ConnectionState {
    return this.#link.state;
  }

  onState(told: (state: ConnectionState) => void): () => void {
    return this.#stateWatchers.add(told);
  }

  onRefused(told: (refused: RefusedWrite) => void): () => void {
    return this.#refusedWatchers.add(told);
  }

  identity(): Promise<Identity> {
    this.#identity ??= this.#identify();
    return this.#identity;
  }

  start(): void {
    if (!this.#over) this.#link.happen({ type: 'start' });
  }

  channel<T>(name: string): SdkChannel<T>;
  channel(name: string): SdkChannel<unknown> {
    return this.#channel(name);
  }

  follow<T>(pattern: string): Subscription<ChannelEvent<T>>;
  follow(pattern: string): Subscription<ChannelEvent<unknown>> {
    const follow: Follow = new Follow(pattern, {
      link: this.#link,
      isMirrored: (channel) => this.#channels.get(channel)?.mirrored === true,
      ended: () => this.#follows.delete(follow),
    });
    this.#follows.add(follow);
    if (this.#link.live) follow.connected();
    else this.start();
    return follow.feed;
  }

  async channels(): ReturnType<Connection['channels']> {
    this.start();
    await this.#connected();
    const answer = await new Promise<WireMessage | undefined>((resolve) =>
      this.#link.ask({ type: 'channels' }, resolve),
    );
    if (answer === undefined || !answer.success || answer.type !== 'channels') return failureOf(answer);
    return { ok: true, channels: answer.channels };
  }

  async day(date: string, { zone, bridge }: SdkDayOptions = {}): ReturnType<Connection['day']> {
    const { token } = await this.identity();
    const address = new URL(`/-/day/${encodeURIComponent(date)}`, this.#options.url.replace(/^ws/, 'http'));
    if (zone !== undefined) address.searchParams.set('zone', zone);
    if (bridge !== undefined) address.searchParams.set('bridge', String(bridge));
    try {
      const answer = await fetch(address, token === '' ? {} : { headers: { authorization: `Bearer ${token}` } });
      const text = await answer.text();
      if (answer.ok) return { ok: true, day: JSON.parse(text) };
      const failure: Omit<SdkFailure, 'ok'> = JSON.parse(text);
      return { ...failure, ok: false };
    } catch (error) {
      return { ok: false, code: 'offline', error: error instanceof Error ? error.message : String(error) };
    }
  }

  async sync({ deadlineMs }: { readonly deadlineMs: number }): Promise<SyncResult> {
    await this.#loadWaiting();
    let late = false;
    const cancel = this.#after(deadlineMs, () => {
      late = true;
      this.#moved();
    });
    this.start();
    this.#link.happen({ type: 'online' });
    await this.#until(() => late || !this.#trying || (this.#link.live && this.#idle));
    cancel();
    const { state } = this;
    const done = state.name === 'live' && this.#idle;
    const pending = this.#each(({ waiting }) => waiting).reduce((sum, waiting) => sum + waiting, 0);
    await Promise.all(this.#each((channel) => channel.flush()));
    return {
      state: done ? 'live' : state.name === 'revoked' ? 'revoked' : 'offline',
      reason: done ? '' : 'reason' in state ? state.reason : 'the hub has not answered in time',
      pending,
      refused: this.#refused.splice(0),
    };
  }

  async login(token: string): Promise<void> {
    this.#token = token;
    const { device } = await this.identity();
    await this.#storage.update(identityName, () => ({ device, token }));
    this.#identity = Promise.resolve({ device, token });
    this.#link.happen({ type: 'token' });
  }

  async close(): Promise<void> {
    this.#over = true;
    for (const { feed } of [...this.#follows]) feed.close();
    await Promise.all(this.#each((channel) => channel.close()));
    this.#link.happen({ type: 'stop' });
    await this.#link.hungUp;
  }

  #now = (): number => (this.#options.now ?? Date.now)();

  #after = (ms: number, act: () => void): (() => void) => {
    if (this.#options.after !== undefined) return this.#options.after(ms, act);
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  };

  #id = (): string => (this.#options.id ?? randomName)();

  #channel(name: string): MirroredChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel = new MirroredChannel(name, {
      link: this.#link,
      storage: this.#storage,
      now: this.#now,
      after: this.#after,
      random: this.#options.random ?? Math.random,
      id: this.#id,
      device: async () => (await this.identity()).device,
      start: () => this.start(),
      connected: () => this.#connected(),
      told: (told) => {
        for (const follow of this.#follows) if (follow.matches(told.channel)) follow.told(told);
      },
      refused: (refused) => this.#tellRefused(refused),
      moved: () => this.#moved(),
    });
    this.#channels.set(name, channel);
    return channel;
  }

  #each<T>(act: (channel: MirroredChannel) => T): T[] {
    return [...this.#channels.values()].map(act);
  }

  get #idle(): boolean {
    return this.#each(({ idle }) => idle).every((idle) => idle);
  }

  get #trying(): boolean {
    return this.state.name === 'connecting' || this.state.name === 'live';
  }

  /** Takes up the writes that an earlier process left. */
  async #loadWaiting(): Promise<void> {
    const prefix = storedName('');
    const names = (await this.#storage.names()).filter((name) => name.startsWith(prefix));
    await Promise.all(names.map((name) => this.#channel(name.slice(prefix.length)).load()));
  }

  async #until(met: () => boolean): Promise<void> {
    if (met()) return;
    await new Promise<void>((resolve) => {
      const stop = this.#movers.add(() => {
        if (!met()) return;
        stop();
        resolve();
      });
    });
  }

  /** Whoever asks while it connects waits for that to end. */
  #connected(): Promise<void> {
    return this.#until(() => this.state.name !== 'connecting');
  }

  #moved(): void {
    this.#movers.notify();
  }

  #tellRefused(refused: RefusedWrite): void {
    this.#refused.push(refused);
    this.#refusedWatchers.notify(refused);
  }

  #changed(state: ConnectionState): void {
    for (const channel of this.#channels.values()) channel.connected();
    if (state.name === 'live') for (const follow of this.#follows) follow.connected();
    this.#stateWatchers.notify(state);
    this.#moved();
  }

  #told(message: WireMessage): void {
    if (!message.success || !('channel' in message)) return;
    switch (message.type) {
      case 'snapshot':
      case 'changes':
      case 'reset':
      case 'create':
      case 'update':
      case 'delete': {
        const mirror = this.#channels.get(message.channel);
        mirror?.hear(message);
        if (mirror?.mirrored === true) return;
        for (const follow of this.#follows) if (follow.matches(message.channel)) follow.hear(message);
        return;
      }
    }
  }

  async #login(): Promise<{ user_id?: string; device_id: string; name?: string }> {
    const { device, token } = await this.identity();
    const { name } = this.#options;
    return { ...(token === '' ? {} : { user_id: token }), device_id: device, ...(name === undefined ? {} : { name }) };
  }

  async #identify(): Promise<Identity> {
    const { device, token } = this.#options;
    let identity: Identity = { device: device ?? this.#id(), token: token ?? '' };
    await this.#storage.update(identityName, (value) => {
      const known = isIdentity(value) ? value : identity;
      identity = { device: device ?? known.device, token: this.#token ?? known.token };
      // A token that is given each time is not written down.
      return { device: identity.device, token: this.#token === undefined ? known.token : '' };
    });
    return identity;
  }

  /** One that the hub made, for a device that came without. */
  async #keepToken(token: string): Promise<void> {
    const identity = await this.identity();
    if (identity.token !== '' || token === '') return;
    this.#identity = Promise.resolve({ ...identity, token });
    await this.#storage.update(identityName, () => ({ device: identity.device, token }));
  }
}

function isIdentity(value: unknown): value is Identity {
  return (
    typeof value === 'object' &&
    value !== null &&
    'device' in value &&
    typeof value.device === 'string' &&
    'token' in value &&
    typeof value.token === 'string'
  );
}

function socketUrl(url: string): string {
  const { protocol } = new URL(url);
  if (!/^(?:http|ws)s?:$/.test(protocol)) throw new TypeError(`not the URL of a hub: ${url}`);
  return url.replace(/^http/, 'ws');
}

/** Looked for when it is needed: offline nobody needs one. */
function globalSocket(): SdkSocketClass {
  if (typeof WebSocket !== 'undefined') return WebSocket;
  throw new Error('there is no WebSocket here: give connect() one as `webSocket`, such as that of the package ws');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** 126 bits, as 21 letters of base64url. */
function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(21))].map((byte) => alphabet[byte % 64]).join('');
}

export function connect(options: ConnectOptions): Connection {
  return new HubConnection(options);
}

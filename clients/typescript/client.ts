// The `Connection` that `connect()` returns: one transport, the channels and pattern subscriptions that use it, and the identity of
// this device, which is stored under the name `identity`.

import type { MergedDayView } from '../../protocol/day-answer.ts';
import type { QuestionReply, QuestionsView } from '../../protocol/day-questions.ts';
import type { SuggestionAnswer, SuggestionsView, WrittenEdit } from '../../protocol/day-suggestions.ts';
import { errorMessage } from '../../protocol/error-message.ts';
import { hubPath } from '../../protocol/hub-path.ts';
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
import { storageKey } from './channel-persistence.ts';
import type { ConnectionState } from './connection.ts';
import { Listeners } from './listeners.ts';
import { PatternSubscription } from './pattern-subscription.ts';
import { MemoryStorage, type Storage } from './storage.ts';
import { offlineFailure, Transport, toFailure, type WireMessage } from './transport.ts';

interface Identity {
  readonly device: string;
  readonly token: string;
}

const identityName = 'identity';
/** How long `day` waits for the hub's answer. */
const dayPatienceMs = 30_000;

/** The environment's WebSocket class; not defined in Node 20. */
declare const WebSocket: SdkSocketClass | undefined;

export class HubConnection implements Connection {
  #options: ConnectOptions;
  #storage: Storage;
  #transport: Transport;
  #channels = new Map<string, MirroredChannel>();
  #subscriptions = new Set<PatternSubscription>();
  #stateListeners = new Listeners<ConnectionState>();
  #refusalListeners = new Listeners<RefusedWrite>();
  #refusedWrites: RefusedWrite[] = [];
  #progressListeners = new Listeners();
  #identity: Promise<Identity> | undefined;
  #token: string | undefined;
  #isClosed = false;

  /** @throws TypeError if `options.url` is not a URL of a hub */
  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#storage = options.storage ?? new MemoryStorage();
    this.#transport = new Transport({
      url: toSocketUrl(options.url),
      openSocket: (url) => new (options.webSocket ?? requireGlobalWebSocket())(url),
      now: this.#now,
      after: this.#after,
      random: options.random ?? Math.random,
      getCredentials: () => this.#getCredentials(),
      onLogin: ({ user_id: token }) => void this.#storeToken(token),
      onStateChange: (state) => this.#handleStateChange(state),
      onMessage: (message) => this.#handleMessage(message),
    });
  }

  get state(): ConnectionState {
    return this.#transport.state;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    return this.#stateListeners.add(listener);
  }

  onRefused(listener: (refused: RefusedWrite) => void): () => void {
    return this.#refusalListeners.add(listener);
  }

  identity(): Promise<Identity> {
    this.#identity ??= this.#loadIdentity();
    return this.#identity;
  }

  start(): void {
    if (!this.#isClosed) this.#transport.dispatch({ type: 'start' });
  }

  channel<T>(name: string): SdkChannel<T>;
  channel(name: string): SdkChannel<unknown> {
    return this.#openChannel(name);
  }

  follow<T>(pattern: string): Subscription<ChannelEvent<T>>;
  follow(pattern: string): Subscription<ChannelEvent<unknown>> {
    const subscription: PatternSubscription = new PatternSubscription(pattern, {
      transport: this.#transport,
      isMirrored: (channel) => this.#channels.get(channel)?.isMirrored === true,
      onEnd: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    if (this.#transport.isLive) subscription.subscribe();
    else this.start();
    return subscription.queue;
  }

  async channels(): ReturnType<Connection['channels']> {
    this.start();
    await this.#waitForConnection();
    const answer = await new Promise<WireMessage | undefined>((resolve) =>
      this.#transport.request({ type: 'channels' }, resolve),
    );
    if (!answer?.success || answer.type !== 'channels') return toFailure(answer);
    return { ok: true, channels: answer.channels };
  }

  async day(date: string, { zone, bridge }: SdkDayOptions = {}): ReturnType<Connection['day']> {
    const query = new URLSearchParams();
    if (zone !== undefined) query.set('zone', zone);
    if (bridge !== undefined) query.set('bridge', String(bridge));
    const answer = await this.#http<MergedDayView>(`/-/day/${encodeURIComponent(date)}?${query}`);
    return answer.ok ? { ok: true, day: answer.value } : answer;
  }

  suggestions(date: string): ReturnType<Connection['suggestions']> {
    return this.#httpFields<SuggestionsView>(`/-/suggestions?${new URLSearchParams({ date })}`);
  }

  answerSuggestion(reply: SuggestionAnswer): ReturnType<Connection['answerSuggestion']> {
    return this.#httpFields<WrittenEdit>('/-/suggestions', reply);
  }

  questions(): ReturnType<Connection['questions']> {
    return this.#httpFields<QuestionsView>('/-/questions');
  }

  async answerQuestion(reply: QuestionReply): ReturnType<Connection['answerQuestion']> {
    const answer = await this.#http<{ readonly undo: number }>('/-/questions', reply);
    return answer.ok ? { ok: true, undo: answer.value.undo } : answer;
  }

  /** As `#http`, with the fields of the value beside `ok`. */
  async #httpFields<T extends object>(path: string, body?: object): Promise<({ readonly ok: true } & T) | SdkFailure> {
    const answer = await this.#http<T>(path, body);
    return answer.ok ? { ok: true, ...answer.value } : answer;
  }

  /** Asks the hub over HTTP: with POST if there is a body. */
  async #http<T>(path: string, body?: object): Promise<{ readonly ok: true; readonly value: T } | SdkFailure> {
    const { token } = await this.identity();
    const address = hubPath(this.#options.url.replace(/^ws/, 'http'), path);
    const headers = {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    try {
      const answer = await fetch(address, {
        signal: AbortSignal.timeout(dayPatienceMs),
        headers,
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.ok) return { ok: true, value: JSON.parse(text) };
      const failure: Omit<SdkFailure, 'ok'> = JSON.parse(text);
      return { ...failure, ok: false };
    } catch (error) {
      return offlineFailure(errorMessage(error));
    }
  }

  async sync({ deadlineMs }: { readonly deadlineMs: number }): Promise<SyncResult> {
    await this.#loadPendingWrites();
    let isLate = false;
    const cancel = this.#after(deadlineMs, () => {
      isLate = true;
      this.#notifyProgress();
    });
    this.start();
    this.#transport.dispatch({ type: 'online' });
    await this.#waitUntil(() => isLate || !this.#isTrying || (this.#transport.isLive && this.#isIdle));
    cancel();
    const { state } = this;
    const isDone = state.name === 'live' && this.#isIdle;
    const pending = this.#mapChannels(({ pendingCount }) => pendingCount).reduce((sum, count) => sum + count, 0);
    await Promise.all(this.#mapChannels((channel) => channel.flush()));
    return {
      state: isDone ? 'live' : state.name === 'revoked' ? 'revoked' : 'offline',
      reason: isDone ? '' : 'reason' in state ? state.reason : 'the hub did not answer in time',
      pending,
      refused: this.#refusedWrites.splice(0),
    };
  }

  async login(token: string): Promise<void> {
    this.#token = token;
    const { device } = await this.identity();
    await this.#storage.update(identityName, () => ({ device, token }));
    this.#identity = Promise.resolve({ device, token });
    this.#transport.dispatch({ type: 'token' });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { queue } of [...this.#subscriptions]) queue.close();
    await Promise.all(this.#mapChannels((channel) => channel.close()));
    this.#transport.dispatch({ type: 'stop' });
    await this.#transport.whenClosed;
  }

  #now = (): number => (this.#options.now ?? Date.now)();

  #after = (ms: number, act: () => void): (() => void) => {
    if (this.#options.after !== undefined) return this.#options.after(ms, act);
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  };

  #createId = (): string => (this.#options.id ?? createRandomId)();

  #openChannel(name: string): MirroredChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel = new MirroredChannel(name, {
      transport: this.#transport,
      storage: this.#storage,
      now: this.#now,
      after: this.#after,
      random: this.#options.random ?? Math.random,
      id: this.#createId,
      getDevice: async () => (await this.identity()).device,
      start: () => this.start(),
      waitForConnection: () => this.#waitForConnection(),
      onEvent: (event) => {
        for (const subscription of this.#subscriptions)
          if (subscription.matches(event.channel)) subscription.receiveMirrorEvent(event);
      },
      onRefusal: (refused) => this.#handleRefusal(refused),
      onProgress: () => this.#notifyProgress(),
    });
    this.#channels.set(name, channel);
    return channel;
  }

  #mapChannels<T>(act: (channel: MirroredChannel) => T): T[] {
    return [...this.#channels.values()].map(act);
  }

  get #isIdle(): boolean {
    return this.#mapChannels(({ isIdle }) => isIdle).every((idle) => idle);
  }

  get #isTrying(): boolean {
    return this.state.name === 'connecting' || this.state.name === 'live';
  }

  /** Opens the channels in the storage, so that the writes of earlier processes are sent too. */
  async #loadPendingWrites(): Promise<void> {
    const prefix = storageKey('');
    const names = (await this.#storage.names()).filter((name) => name.startsWith(prefix));
    await Promise.all(names.map((name) => this.#openChannel(name.slice(prefix.length)).load()));
  }

  async #waitUntil(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    await new Promise<void>((resolve) => {
      const stop = this.#progressListeners.add(() => {
        if (!isMet()) return;
        stop();
        resolve();
      });
    });
  }

  /** Resolves once the connection is live, or has failed to become live. */
  #waitForConnection(): Promise<void> {
    return this.#waitUntil(() => this.state.name !== 'connecting');
  }

  #notifyProgress(): void {
    this.#progressListeners.notify();
  }

  #handleRefusal(refused: RefusedWrite): void {
    this.#refusedWrites.push(refused);
    this.#refusalListeners.notify(refused);
  }

  #handleStateChange(state: ConnectionState): void {
    for (const channel of this.#channels.values()) channel.handleConnectionChange();
    if (state.name === 'live') for (const subscription of this.#subscriptions) subscription.subscribe();
    this.#stateListeners.notify(state);
    this.#notifyProgress();
  }

  #handleMessage(message: WireMessage): void {
    if (!message.success || !('channel' in message)) return;
    switch (message.type) {
      case 'snapshot':
      case 'changes':
      case 'reset':
      case 'create':
      case 'update':
      case 'delete': {
        const mirror = this.#channels.get(message.channel);
        mirror?.receive(message);
        if (mirror?.isMirrored === true) return;
        for (const subscription of this.#subscriptions)
          if (subscription.matches(message.channel)) subscription.receive(message);
        return;
      }
    }
  }

  async #getCredentials(): Promise<{ user_id?: string; device_id: string; name?: string }> {
    const { device, token } = await this.identity();
    const { name } = this.#options;
    return { ...(token === '' ? {} : { user_id: token }), device_id: device, ...(name === undefined ? {} : { name }) };
  }

  async #loadIdentity(): Promise<Identity> {
    const { device, token } = this.#options;
    let identity: Identity = { device: device ?? this.#createId(), token: token ?? '' };
    await this.#storage.update(identityName, (value) => {
      const known = isIdentity(value) ? value : identity;
      identity = { device: device ?? known.device, token: this.#token ?? known.token };
      // A token from the options is not stored: the caller passes it each time.
      return { device: identity.device, token: this.#token === undefined ? known.token : '' };
    });
    return identity;
  }

  /** Stores the token that the hub created at login, if this device had none. */
  async #storeToken(token: string): Promise<void> {
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

function toSocketUrl(url: string): string {
  const { protocol } = new URL(url);
  if (!/^(?:http|ws)s?:$/.test(protocol)) throw new TypeError(`not the URL of a hub: ${url}`);
  // Proxies redirect a folder without a slash at its end, and a WebSocket follows no redirect.
  return url.replace(/^http/, 'ws').replace(/[^/]$/, '$&/');
}

/** Called when a socket is opened, because offline use needs no WebSocket. */
function requireGlobalWebSocket(): SdkSocketClass {
  if (typeof WebSocket !== 'undefined') return WebSocket;
  throw new Error(
    'this environment has no WebSocket: pass one to connect() as `webSocket`, such as that of the package ws',
  );
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Returns 126 random bits as 21 base64url characters. */
function createRandomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(21))].map((byte) => alphabet[byte % 64]).join('');
}

/**
 * Creates a connection. It does not connect before `start`, or before a method that needs the hub.
 * @throws TypeError if `options.url` is not a URL of a hub
 */
export function connect(options: ConnectOptions): Connection {
  return new HubConnection(options);
}

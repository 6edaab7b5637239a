// One connection to a hub: runs the state machine of connection.ts on real sockets and timers, and matches answers to requests by
// their `ref`. channel-sync.ts and pattern-subscription.ts interpret the messages.

import { type ErrorCode, errors } from '../../protocol/errors.ts';
import type { Answers, WireRequest } from '../../protocol/messages.ts';
import type { SdkFailure, SdkSocket } from './api.ts';
import { type ConnectionEffect, type ConnectionEvent, type ConnectionState, stepConnection } from './connection.ts';

export type WireMessage = Answers[keyof Answers];

/** The answer to a request; undefined if the connection was lost before. */
export type WireAnswer = WireMessage | undefined;

export interface TransportDeps {
  readonly url: string;
  readonly openSocket: (url: string) => SdkSocket;
  readonly now: () => number;
  readonly after: (ms: number, act: () => void) => () => void;
  readonly random: () => number;
  /** Returns the fields of the login message. */
  readonly getCredentials: () => Promise<{
    readonly user_id?: string;
    readonly device_id: string;
    readonly name?: string;
  }>;
  readonly onLogin: (login: Answers['login']) => void;
  /** Called after every change of the state's name. If the connection was lost, all pending requests were answered with undefined before. */
  readonly onStateChange: (state: ConnectionState) => void;
  /** Called with each message that is not an answer to a request. */
  readonly onMessage: (message: WireMessage) => void;
}

export class Transport {
  state: ConnectionState = { name: 'idle' };
  #deps: TransportDeps;
  #socket: SdkSocket | undefined;
  #pendingRequests = new Map<string | number, (answer: WireAnswer) => void>();
  #requestCount = 0;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #whenClosed: Promise<void> = Promise.resolve();

  constructor(deps: TransportDeps) {
    this.#deps = deps;
  }

  get isLive(): boolean {
    return this.state.name === 'live';
  }

  /** Resolves when the closing handshake of the last socket is complete, at the latest after a second. */
  get whenClosed(): Promise<void> {
    return this.#whenClosed;
  }

  /** Feeds an event into the state machine, and runs the effects. */
  dispatch(event: ConnectionEvent): void {
    const before = this.state;
    const { state, effects } = stepConnection(before, event, this.#deps.now(), this.#deps.random());
    this.state = state;
    for (const effect of effects) this.#runEffect(effect);
    // An effect may have dispatched another event, which did the rest.
    if (this.state !== state) return;
    this.#scheduleTimer();
    if (state.name !== before.name) this.#handleStateChange();
  }

  /**
   * Sends a request and calls `onAnswer` once with its answer.
   * @param request gets a new `ref` unless it has one
   */
  request(request: WireRequest, onAnswer: (answer: WireAnswer) => void): void {
    if (!this.isLive) {
      onAnswer(undefined);
      return;
    }
    this.#requestCount += 1;
    const ref = request.ref ?? `q${this.#requestCount}`;
    this.#pendingRequests.set(ref, onAnswer);
    this.#send({ ...request, ref });
  }

  /** Stops waiting for an answer. For requests whose answer carries no `ref`, such as a subscription's first page. */
  dropRequest(ref: string): void {
    this.#pendingRequests.delete(ref);
  }

  #handleStateChange(): void {
    if (!this.isLive) this.#failPendingRequests();
    this.#deps.onStateChange(this.state);
  }

  #failPendingRequests(): void {
    const listeners = [...this.#pendingRequests.values()];
    this.#pendingRequests.clear();
    for (const onAnswer of listeners) onAnswer(undefined);
  }

  #send(message: WireRequest): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #runEffect(effect: ConnectionEffect): void {
    if (effect === 'open') this.#openSocket();
    else if (effect === 'login') void this.#login();
    else if (effect === 'ping') this.#send({ type: 'ping' });
    else this.#closeSocket();
  }

  #openSocket(): void {
    const socket = this.#deps.openSocket(this.#deps.url);
    this.#socket = socket;
    const isPresent = () => this.#socket === socket;
    let errorText = '';
    socket.onopen = () => {
      if (isPresent()) this.dispatch({ type: 'opened' });
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (isPresent() && typeof data === 'string') this.#receive(data);
    };
    // A close event follows every error event. In browsers, neither has a message.
    socket.onerror = ({ message }: { readonly message?: unknown }) => {
      if (typeof message === 'string') errorText = message;
    };
    socket.onclose = ({ code, reason }: { readonly code: number; readonly reason?: unknown }) => {
      if (!isPresent()) return;
      this.#socket = undefined;
      const text = typeof reason === 'string' && reason !== '' ? reason : errorText;
      this.dispatch({ type: 'closed', code, reason: text === '' ? 'the hub cannot be reached' : text });
    };
  }

  async #login(): Promise<void> {
    const socket = this.#socket;
    const credentials = await this.#deps.getCredentials();
    if (socket === undefined || this.#socket !== socket) return;
    this.#pendingRequests.set('login', (answer) => {
      if (answer === undefined) return;
      if (answer.success && answer.type === 'login') {
        this.#deps.onLogin(answer);
        this.dispatch({ type: 'accepted' });
      } else if (!answer.success) {
        this.dispatch({ type: 'refused', code: parseErrorCode(answer), error: answer.error });
      }
    });
    this.#send({ type: 'login', ...credentials, ref: 'login' });
  }

  #closeSocket(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    this.#whenClosed = new Promise((resolve) => {
      const cancel = this.#deps.after(1_000, resolve);
      socket.onclose = () => {
        cancel();
        resolve();
      };
    });
    socket.close(1000);
  }

  #receive(text: string): void {
    const message: WireMessage = JSON.parse(text);
    this.dispatch({ type: 'message' });
    const ref = 'ref' in message ? message.ref : undefined;
    const onAnswer = ref === undefined ? undefined : this.#pendingRequests.get(ref);
    if (ref !== undefined && onAnswer !== undefined) {
      this.#pendingRequests.delete(ref);
      onAnswer(message);
    } else if (!message.success) {
      const code = parseErrorCode(message);
      if ('close' in errors[code]) this.dispatch({ type: 'refused', code, error: message.error });
    } else if (message.type === 'away') {
      this.dispatch({ type: 'away', retryMs: message.retry_ms });
    } else if (message.type !== 'pong') {
      this.#deps.onMessage(message);
    }
  }

  /** One timer for the state's deadline. Messages postpone the deadline without a new timer, so the timer may fire early and is then set again. */
  #scheduleTimer(): void {
    const until = 'until' in this.state ? this.state.until : undefined;
    if (until === undefined || (this.#timer !== undefined && this.#timer.at > until)) {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    if (until === undefined || this.#timer !== undefined) return;
    const cancel = this.#deps.after(Math.max(0, until - this.#deps.now()), () => {
      this.#timer = undefined;
      this.dispatch({ type: 'timer' });
    });
    this.#timer = { at: until, cancel };
  }
}

/** A newer hub may send codes that this version does not know. They become `broken`. */
function parseErrorCode({ code }: Answers['error']): ErrorCode {
  return isErrorCode(code) ? code : 'broken';
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}

/** Converts a refusal of the hub to the public type; no answer becomes `offline`. */
export function toFailure(answer: WireAnswer): SdkFailure {
  if (answer === undefined || answer.success) return offlineFailure('the hub cannot be reached now');
  const { error, hint } = answer;
  return { ok: false, code: parseErrorCode(answer), error, ...(hint === undefined ? {} : { hint }) };
}

export function offlineFailure(error: string): SdkFailure {
  return { ok: false, code: 'offline', error };
}

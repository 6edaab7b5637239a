// One connection to a hub: turns the state machine of connection.ts into sockets and timers, and pairs answers with what was asked.
// What the messages mean is for exchange.ts and follow.ts.

import { type ErrorCode, errors } from '../../protocol/errors.ts';
import type { Answers, WireRequest } from '../../protocol/messages.ts';
import type { SdkFailure, SdkSocket } from './api.ts';
import { type ConnectionEffect, type ConnectionEvent, type ConnectionState, stepConnection } from './connection.ts';

export type WireMessage = Answers[keyof Answers];

/** What a question came to; undefined when the connection ended first. */
export type WireAnswer = WireMessage | undefined;

export interface TransportDeps {
  readonly url: string;
  readonly open: (url: string) => SdkSocket;
  readonly now: () => number;
  readonly after: (ms: number, act: () => void) => () => void;
  readonly random: () => number;
  /** What to log in with. */
  readonly login: () => Promise<{ readonly user_id?: string; readonly device_id: string; readonly name?: string }>;
  readonly accepted: (login: Answers['login']) => void;
  /** Of every change of state; asked questions have been answered, or given up, before. */
  readonly changed: (state: ConnectionState) => void;
  /** Everything that is no answer to a question. */
  readonly told: (message: WireMessage) => void;
}

export class Transport {
  state: ConnectionState = { name: 'idle' };
  #deps: TransportDeps;
  #socket: SdkSocket | undefined;
  #asked = new Map<string | number, (answer: WireAnswer) => void>();
  #questions = 0;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #hungUp: Promise<void> = Promise.resolve();

  constructor(deps: TransportDeps) {
    this.#deps = deps;
  }

  get live(): boolean {
    return this.state.name === 'live';
  }

  /** Resolves when the other end knows that a socket of ours is closed, or a second later. */
  get hungUp(): Promise<void> {
    return this.#hungUp;
  }

  happen(event: ConnectionEvent): void {
    const before = this.state;
    const { state, effects } = stepConnection(before, event, this.#deps.now(), this.#deps.random());
    this.state = state;
    for (const effect of effects) this.#do(effect);
    // An effect may have made something else happen.
    if (this.state !== state) return;
    this.#arm();
    if (state.name !== before.name) this.#changed();
  }

  /** @returns the answer's way back; a `ref` of its own is kept */
  ask(request: WireRequest, answered: (answer: WireAnswer) => void): void {
    if (!this.live) {
      answered(undefined);
      return;
    }
    this.#questions += 1;
    const ref = request.ref ?? `q${this.#questions}`;
    this.#asked.set(ref, answered);
    this.#send({ ...request, ref });
  }

  /** For questions whose answer does not name them: nothing more is expected. */
  forget(ref: string): void {
    this.#asked.delete(ref);
  }

  #changed(): void {
    if (!this.live) this.#giveUp();
    this.#deps.changed(this.state);
  }

  #giveUp(): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const answered of asked) answered(undefined);
  }

  #send(message: WireRequest): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #do(effect: ConnectionEffect): void {
    if (effect === 'open') this.#open();
    else if (effect === 'login') void this.#logIn();
    else if (effect === 'ping') this.#send({ type: 'ping' });
    else this.#close();
  }

  #open(): void {
    const socket = this.#deps.open(this.#deps.url);
    this.#socket = socket;
    const ours = () => this.#socket === socket;
    let trouble = '';
    socket.onopen = () => {
      if (ours()) this.happen({ type: 'opened' });
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (ours() && typeof data === 'string') this.#hear(data);
    };
    // A close follows every error; browsers say nothing of what it was.
    socket.onerror = ({ message }: { readonly message?: unknown }) => {
      if (typeof message === 'string') trouble = message;
    };
    socket.onclose = ({ code, reason }: { readonly code: number; readonly reason?: unknown }) => {
      if (!ours()) return;
      this.#socket = undefined;
      const said = typeof reason === 'string' && reason !== '' ? reason : trouble;
      this.happen({ type: 'closed', code, reason: said === '' ? 'the hub cannot be reached' : said });
    };
  }

  async #logIn(): Promise<void> {
    const socket = this.#socket;
    const said = await this.#deps.login();
    if (socket === undefined || this.#socket !== socket) return;
    this.#asked.set('login', (answer) => {
      if (answer === undefined) return;
      if (answer.success && answer.type === 'login') {
        this.#deps.accepted(answer);
        this.happen({ type: 'accepted' });
      } else if (!answer.success) {
        this.happen({ type: 'refused', code: codeOf(answer), error: answer.error });
      }
    });
    this.#send({ type: 'login', ...said, ref: 'login' });
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    this.#hungUp = new Promise((resolve) => {
      const cancel = this.#deps.after(1_000, resolve);
      socket.onclose = () => {
        cancel();
        resolve();
      };
    });
    socket.close(1000);
  }

  #hear(text: string): void {
    const message: WireMessage = JSON.parse(text);
    this.happen({ type: 'heard' });
    const ref = 'ref' in message ? message.ref : undefined;
    const answered = ref === undefined ? undefined : this.#asked.get(ref);
    if (ref !== undefined && answered !== undefined) {
      this.#asked.delete(ref);
      answered(message);
    } else if (!message.success) {
      const code = codeOf(message);
      if ('close' in errors[code]) this.happen({ type: 'refused', code, error: message.error });
    } else if (message.type === 'away') {
      this.happen({ type: 'away', retryMs: message.retry_ms });
    } else if (message.type !== 'pong') {
      this.#deps.told(message);
    }
  }

  /** One timer, which may ring too early, and then waits on: messages put off its time without touching it. */
  #arm(): void {
    const until = 'until' in this.state ? this.state.until : undefined;
    if (until === undefined || (this.#timer !== undefined && this.#timer.at > until)) {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    if (until === undefined || this.#timer !== undefined) return;
    const cancel = this.#deps.after(Math.max(0, until - this.#deps.now()), () => {
      this.#timer = undefined;
      this.happen({ type: 'timer' });
    });
    this.#timer = { at: until, cancel };
  }
}

/** Of a newer hub there may be codes that this table has not; nothing is known of them but that they are refusals. */
function codeOf({ code }: Answers['error']): ErrorCode {
  return isCode(code) ? code : 'broken';
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}

/** A refusal as the SDK tells it; `offline` where there was no answer. */
export function failureOf(answer: WireAnswer): SdkFailure {
  if (answer === undefined || answer.success) return offline('the hub cannot be reached now');
  const { error, hint } = answer;
  return { ok: false, code: codeOf(answer), error, ...(hint === undefined ? {} : { hint }) };
}

export function offline(error: string): SdkFailure {
  return { ok: false, code: 'offline', error };
}

// What goes between one channel and the hub: it is followed from where the mirror is, the writes that wait are sent when they may, and
// whatever comes back moves the mirror and the queue on. Questions of users are asked in channel.ts; the connection is link.ts'.

import { bounds, outOfBounds } from '../../protocol/bounds.ts';
import { errors, refuse } from '../../protocol/errors.ts';
import type { Answers } from '../../protocol/messages.ts';
import type { SdkFailure } from './api.ts';
import { backoff } from './connection.ts';
import type { ChangeMessage, ChannelMirror, ChannelPage } from './mirror.ts';
import type { WriteQueue } from './queue.ts';
import { type PendingWrite, type PreparedWrite, prepareWrite } from './replica.ts';
import { failureOf, type Transport, type WireAnswer } from './transport.ts';

export interface ChannelSyncDeps {
  readonly link: Transport;
  readonly after: (ms: number, act: () => void) => () => void;
  readonly random: () => number;
  /** The mirror has something else than before. */
  readonly changed: () => void;
  /** Something that a sync waits for may have happened. */
  readonly moved: () => void;
}

export class ChannelSync {
  /** Whether to follow the channel though no write needs it. */
  mirrors = false;
  #channel: string;
  #mirror: ChannelMirror;
  #queue: WriteQueue;
  #deps: ChannelSyncDeps;
  #open = false;
  /** Whether the hub has been asked for this channel, on this connection. */
  #subscribed = false;
  /** A conditional write waits until the mirror is here. */
  #waitFor = 0;
  #retries = 0;
  #pause: (() => void) | undefined;

  constructor(channel: string, mirror: ChannelMirror, queue: WriteQueue, deps: ChannelSyncDeps) {
    this.#channel = channel;
    this.#mirror = mirror;
    this.#queue = queue;
    this.#deps = deps;
  }

  /** From now on it may speak: what the storage had is here. */
  open(): void {
    this.#open = true;
  }

  close(): void {
    this.#open = false;
    this.#pause?.();
  }

  /** The connection is another one, or none. */
  connected(): void {
    this.#subscribed = false;
    this.#mirror.current = false;
    this.#retries = 0;
    this.#pause?.();
    this.#pause = undefined;
    this.pump();
  }

  hear(message: ChannelPage | ChangeMessage): void {
    if (!this.#subscribed) return;
    if ('epoch' in message) this.#deps.link.forget(this.#subscription);
    const was = this.#mirror.hear(message);
    if (was === 'gap') this.#subscribed = false;
    if (was === 'news') this.#deps.changed();
    this.advance();
  }

  /** Does whatever can be done now: follow the channel, send what may be sent. */
  pump(): void {
    const { link } = this.#deps;
    if (!link.live || !this.#open) return;
    const mirrors = this.mirrors || this.#queue.hasConditional;
    if (mirrors && !this.#subscribed && this.#pause === undefined) this.#subscribe();
    while (this.#pause === undefined) {
      const reached = this.#mirror.position?.seq ?? -1;
      const write = this.#queue.next(this.#mirror.current && reached >= this.#waitFor);
      if (write === undefined) return;
      this.#send(write);
    }
  }

  /** To be called when the mirror or the queue may have moved on. */
  advance(): void {
    this.#queue.release(this.#mirror);
    this.pump();
    this.#deps.moved();
  }

  /** B1: why the hub would not even read it. */
  unreadable(write: PendingWrite): SdkFailure | undefined {
    return unreadable(this.#ready(write));
  }

  #ready(write: PendingWrite): PreparedWrite {
    return prepareWrite(write, this.#channel, this.#mirror.items, this.#mirror.position);
  }

  #send(write: PendingWrite): void {
    const now = this.#ready(write);
    const failure = now.kind === 'refused' ? now.refusal : unreadable(now);
    if (failure !== undefined) this.#queue.decide(write, failure);
    else if (now.kind === 'done') {
      this.#queue.decide(write, { ok: true, position: this.#mirror.position ?? { epoch: '', seq: 0 } });
    } else if (now.kind === 'send') {
      this.#queue.markSent(write, 'item' in now.request ? now.request.item : undefined);
      this.#deps.link.ask(now.request, (answer) => this.#answered(write, answer));
    }
  }

  #answered(write: PendingWrite, answer: WireAnswer): void {
    const sent = this.#queue.takeSent(write);
    if (answer === undefined || sent === undefined) return;
    if (answer.success && answer.type === 'ack') {
      this.#retries = 0;
      this.#queue.confirm(write, sent, { epoch: answer.epoch, seq: answer.seq }, this.#subscribed);
    } else if (!answer.success) {
      this.#refused(write, answer);
    }
    this.advance();
  }

  #refused(write: PendingWrite, answer: Answers['error']): void {
    const failure = failureOf(answer);
    const { code } = failure;
    const { seq } = answer;
    const { position } = this.#mirror;
    if (code === 'stale' && seq !== undefined && position !== undefined && seq > position.seq) {
      this.#waitFor = seq;
    } else if (code === 'stale' || code === 'login_first' || isForLater(failure)) {
      this.#rest();
    } else {
      this.#queue.decide(write, failure);
    }
  }

  #rest(): void {
    this.#pause?.();
    this.#pause = this.#deps.after(100 + backoff(this.#retries, this.#deps.random()), () => {
      this.#pause = undefined;
      this.pump();
    });
    this.#retries += 1;
  }

  #subscribe(): void {
    this.#subscribed = true;
    this.#mirror.current = false;
    this.#waitFor = 0;
    const request = {
      type: 'subscribe',
      channel: this.#channel,
      ...this.#mirror.position,
      ref: this.#subscription,
    } as const;
    this.#deps.link.ask(request, (answer) => {
      if (answer === undefined || answer.success) return;
      this.#subscribed = false;
      const failure = failureOf(answer);
      if (isForLater(failure)) return this.#rest();
      // What cannot be read cannot be mirrored, nor written but blindly.
      this.mirrors = false;
      for (const write of this.#queue.conditional) this.#queue.decide(write, failure);
      this.#deps.moved();
    });
  }

  get #subscription(): string {
    return `subscribe ${this.#channel}`;
  }
}

function isForLater({ code }: SdkFailure): boolean {
  return code !== 'offline' && errors[code].retry === 'later';
}

/** B1: what the hub would not even read. */
function unreadable(now: PreparedWrite): SdkFailure | undefined {
  if (now.kind !== 'send') return undefined;
  const text = JSON.stringify(now.request);
  if (new TextEncoder().encode(text).length > bounds.bytes)
    return refuse('too_large', '', `at most ${bounds.bytes} bytes`);
  const beyond = outOfBounds(text);
  return beyond === undefined ? undefined : refuse('payload', '', beyond);
}

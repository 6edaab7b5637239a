// Exchanges one channel with the hub: subscribes from the mirror's position, sends the queued writes, handles their acknowledgements
// and refusals, and passes received changes to the mirror. Reads of users are in channel.ts, the connection is in transport.ts.

import { bounds, outOfBounds } from '../../protocol/bounds.ts';
import { errors, refuse } from '../../protocol/errors.ts';
import type { Answers } from '../../protocol/messages.ts';
import type { SdkFailure } from './api.ts';
import { backoff } from './connection.ts';
import type { ChangeMessage, ChannelMirror, ChannelPage } from './mirror.ts';
import type { WriteQueue } from './queue.ts';
import { type PendingWrite, type PreparedWrite, prepareWrite } from './replica.ts';
import { type Transport, toFailure, type WireAnswer } from './transport.ts';

export interface ChannelSyncDeps {
  readonly transport: Transport;
  readonly after: (ms: number, act: () => void) => () => void;
  readonly random: () => number;
  /** Called after the mirror changed. */
  readonly onChange: () => void;
  /** Called when a sync may have made progress: a channel caught up, or a write was answered. */
  readonly onProgress: () => void;
}

export class ChannelSync {
  /** True if the SDK subscribes to the channel even if no queued write needs its current state. */
  isMirrored = false;
  #channel: string;
  #mirror: ChannelMirror;
  #queue: WriteQueue;
  #deps: ChannelSyncDeps;
  #isOpen = false;
  /** True if a subscribe request was sent on this connection. */
  #isSubscribed = false;
  /** The next conditional write is sent only once the mirror has reached this sequence number. */
  #requiredSeq = 0;
  #retries = 0;
  #cancelPause: (() => void) | undefined;

  constructor(channel: string, mirror: ChannelMirror, queue: WriteQueue, deps: ChannelSyncDeps) {
    this.#channel = channel;
    this.#mirror = mirror;
    this.#queue = queue;
    this.#deps = deps;
  }

  /** Allows sending. Called when the stored state is loaded. */
  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
    this.#cancelPause?.();
  }

  /** To be called when a connection is made or lost. */
  handleConnectionChange(): void {
    this.#isSubscribed = false;
    this.#mirror.isCurrent = false;
    this.#retries = 0;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.pump();
  }

  receive(message: ChannelPage | ChangeMessage): void {
    if (!this.#isSubscribed) return;
    if ('epoch' in message) this.#deps.transport.dropRequest(this.#subscriptionRef);
    const result = this.#mirror.receive(message);
    if (result === 'gap') this.#isSubscribed = false;
    if (result === 'applied') this.#deps.onChange();
    this.advance();
  }

  /** Subscribes if needed, and sends all writes that may be sent now. */
  pump(): void {
    const { transport } = this.#deps;
    if (!transport.isLive || !this.#isOpen) return;
    const needsMirror = this.isMirrored || this.#queue.hasConditional;
    if (needsMirror && !this.#isSubscribed && this.#cancelPause === undefined) this.#subscribe();
    while (this.#cancelPause === undefined) {
      const reached = this.#mirror.position?.seq ?? -1;
      const write = this.#queue.next(this.#mirror.isCurrent && reached >= this.#requiredSeq);
      if (write === undefined) return;
      this.#send(write);
    }
  }

  /** To be called after the mirror or the queue changed. */
  advance(): void {
    this.#queue.release(this.#mirror);
    this.pump();
    this.#deps.onProgress();
  }

  /** @returns the refusal of a write that exceeds the hub's bounds (B1 of protocol/README.md), undefined if it does not */
  findBoundViolation(write: PendingWrite): SdkFailure | undefined {
    return checkBounds(this.#prepare(write));
  }

  #prepare(write: PendingWrite): PreparedWrite {
    return prepareWrite(write, this.#channel, this.#mirror.items, this.#mirror.position);
  }

  #send(write: PendingWrite): void {
    const prepared = this.#prepare(write);
    const failure = prepared.kind === 'refused' ? prepared.refusal : checkBounds(prepared);
    if (failure !== undefined) this.#queue.decide(write, failure);
    else if (prepared.kind === 'done') {
      this.#queue.decide(write, { ok: true, position: this.#mirror.position ?? { epoch: '', seq: 0 } });
    } else if (prepared.kind === 'send') {
      this.#queue.markSent(write, 'item' in prepared.request ? prepared.request.item : undefined);
      this.#deps.transport.request(prepared.request, (answer) => this.#handleAnswer(write, answer));
    }
  }

  /** Handles the `ack` or the refusal of a write. */
  #handleAnswer(write: PendingWrite, answer: WireAnswer): void {
    const sent = this.#queue.takeSent(write);
    if (answer === undefined || sent === undefined) return;
    if (answer.success && answer.type === 'ack') {
      this.#retries = 0;
      this.#queue.confirm(write, sent, { epoch: answer.epoch, seq: answer.seq }, this.#isSubscribed);
    } else if (!answer.success) {
      this.#handleRefusal(write, answer);
    }
    this.advance();
  }

  #handleRefusal(write: PendingWrite, answer: Answers['error']): void {
    const failure = toFailure(answer);
    const { code } = failure;
    const { seq } = answer;
    const { position } = this.#mirror;
    if (code === 'stale' && seq !== undefined && position !== undefined && seq > position.seq) {
      this.#requiredSeq = seq;
    } else if (code === 'stale' || code === 'login_first' || isRetryable(failure)) {
      this.#pauseBeforeRetry();
    } else {
      this.#queue.decide(write, failure);
    }
  }

  #pauseBeforeRetry(): void {
    this.#cancelPause?.();
    this.#cancelPause = this.#deps.after(100 + backoff(this.#retries, this.#deps.random()), () => {
      this.#cancelPause = undefined;
      this.pump();
    });
    this.#retries += 1;
  }

  #subscribe(): void {
    this.#isSubscribed = true;
    this.#mirror.isCurrent = false;
    this.#requiredSeq = 0;
    const request = {
      type: 'subscribe',
      channel: this.#channel,
      ...this.#mirror.position,
      ref: this.#subscriptionRef,
    } as const;
    this.#deps.transport.request(request, (answer) => {
      if (answer === undefined || answer.success) return;
      this.#isSubscribed = false;
      const failure = toFailure(answer);
      if (isRetryable(failure)) return this.#pauseBeforeRetry();
      // A channel that this token may not read cannot be mirrored, so its conditional writes are refused too.
      this.isMirrored = false;
      for (const write of this.#queue.conditionalWrites) this.#queue.decide(write, failure);
      this.#deps.onProgress();
    });
  }

  get #subscriptionRef(): string {
    return `subscribe ${this.#channel}`;
  }
}

function isRetryable({ code }: SdkFailure): boolean {
  return code !== 'offline' && errors[code].retry === 'later';
}

/** Checks the request against the bounds of messages (B1 of protocol/README.md). */
function checkBounds(prepared: PreparedWrite): SdkFailure | undefined {
  if (prepared.kind !== 'send') return undefined;
  const text = JSON.stringify(prepared.request);
  if (new TextEncoder().encode(text).length > bounds.bytes)
    return refuse('too_large', '', `at most ${bounds.bytes} bytes`);
  const violation = outOfBounds(text);
  return violation === undefined ? undefined : refuse('payload', '', violation);
}

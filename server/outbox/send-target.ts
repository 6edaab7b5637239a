// Sends one target what it does not have yet, channel by channel, until there is nothing more or it fails. How far it came is stored on the way.

import type { Channel } from '../core/channel.ts';
import type { Hub } from '../core/hub.ts';
import type { ChangedChannel, Delivery, Destination } from './delivery.ts';
import { type SendAgain, tryContext } from './outcome.ts';
import type { PostOutcome, PostRequest } from './post.ts';
import type { HeldTarget } from './target-state.ts';
import type { TargetState } from './targets.ts';

/** Changes read at once, and messages after which the state is stored. */
const pageSize = 100;
const storedEvery = 20;
const mostTold = 200;

export interface Sending extends Destination {
  readonly account: string;
}

/** The last step of a channel, which is named without its account. */
export interface ChannelHead {
  readonly channel: string;
  readonly seq: number;
}

export interface SendDeps {
  readonly hub: Hub;
  readonly post: (request: PostRequest, stop: AbortSignal) => Promise<PostOutcome>;
  readonly deliveries: (to: Sending, changed: ChangedChannel) => readonly Delivery[];
}

const positionLost = 'the hub was restored, or forgot the position: what changed before was not sent';

export class TargetSender {
  readonly #deps: SendDeps;
  readonly #to: Sending;
  readonly #target: HeldTarget;
  readonly #stop: AbortSignal;
  #state: TargetState;

  /** @param stop ends the sending, as the loss of the lease must; what is under way is given up */
  constructor(deps: SendDeps, to: Sending, stop: AbortSignal, held: HeldTarget) {
    this.#deps = deps;
    this.#to = to;
    this.#target = held;
    this.#stop = stop;
    this.#state = held.taken;
  }

  get state(): TargetState {
    return this.#state;
  }

  async send(heads: readonly ChannelHead[]): Promise<void> {
    for (const { channel, seq } of heads) {
      if (this.#stop.aborted || (this.#state.sent[channel]?.seq ?? 0) >= seq) continue;
      const open = await this.#deps.hub.channel(`${this.#to.account}/${channel}`);
      if (!(await this.#sendChannel(open, channel))) return;
    }
  }

  /** @returns false if the rest has to wait */
  async #sendChannel(open: Channel, channel: string): Promise<boolean> {
    for (let count = 0; !this.#stop.aborted; ) {
      const { epoch, seq } = this.#state.sent[channel] ?? { epoch: open.position.epoch, seq: 0 };
      // After a restored backup the positions mean nothing: what changes from now on is sent.
      const since = epoch === open.position.epoch ? await open.since(seq, pageSize) : undefined;
      if (since === undefined || !since.ok) {
        this.#moveTo(channel, open.position);
        this.#state = { ...this.#state, refusal: positionLost };
        return true;
      }
      const { epoch: newest } = since.head;
      const changed = { name: channel, epoch: newest, changes: since.changes, after: seq, told: this.#state.told };
      for (const delivery of this.#deps.deliveries(this.#to, changed)) {
        if (this.#stop.aborted) return false;
        const again = await this.#deliver(delivery, channel);
        if (this.#stop.aborted) return false;
        if (again !== undefined) {
          this.#state = stateAfterFailure(this.#state, this.#deps.hub.world.now(), again);
          return false;
        }
        count += 1;
        if (count % storedEvery === 0) await this.#target.store(this.#state);
      }
      this.#moveTo(channel, { epoch: newest, seq: since.more ? (since.changes.at(-1)?.seq ?? seq) : since.head.seq });
      if (!since.more) return true;
    }
    return false;
  }

  #moveTo(channel: string, { epoch, seq }: { readonly epoch: string; readonly seq: number }): void {
    this.#state = { ...this.#state, sent: { ...this.#state.sent, [channel]: { epoch, seq } } };
  }

  /** Sends one message, and counts what became of its items. @returns why the rest has to wait, if it has to */
  async #deliver({ send, through, question }: Delivery, channel: string): Promise<SendAgain | undefined> {
    const { world } = this.#deps.hub;
    const context = tryContext(world.now(), this.#state.failing?.tries ?? 0, () => world.random());
    const post = (request: PostRequest) => this.#deps.post(request, this.#stop);
    const outcomes = await send({ ...context, post });
    for (const [index, outcome] of outcomes.entries()) {
      if (typeof outcome === 'object' && 'again' in outcome) return outcome;
      const refusal = typeof outcome === 'object' ? outcome.refused : undefined;
      const epoch = this.#state.sent[channel]?.epoch ?? this.#deps.hub.store.epoch;
      this.#moveTo(channel, { epoch, seq: through[index] ?? 0 });
      const { delivered, refused, told } = this.#state;
      this.#state = {
        ...this.#state,
        delivered: delivered + (refusal === undefined ? 1 : 0),
        refused: refused + (refusal === undefined ? 0 : 1),
        refusal: refusal ?? this.#state.refusal,
        failing: null,
        told: question === undefined ? told : [...told, question].slice(-mostTold),
      };
    }
    return undefined;
  }
}

export function stateAfterFailure(state: TargetState, now: number, { again, afterMs }: SendAgain): TargetState {
  const { since, tries } = state.failing ?? { since: now, tries: 0 };
  return { ...state, failing: { since, tries: tries + 1, next: Math.round(now + afterMs), error: again } };
}

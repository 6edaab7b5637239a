// Checks what one follower was sent (rules S4, U1 to U4). Pure.

import type { DecidedChannel } from './decided-channel.ts';
import type { FollowerMessage, HistoryItem, HistoryStep, NodeHistory, RecordedFollower } from './history.ts';

/** Faults of one follower that are reported: one cause often shows in all that comes after it. */
const maxFaults = 5;

export function checkFollower(
  channel: DecidedChannel,
  follower: RecordedFollower,
  losses: NodeHistory['losses'],
  faults: string[],
): void {
  const walk = new FollowerWalk(channel, follower);
  for (const message of follower.messages) walk.take(message);
  if (follower.isConnectedAtEnd) walk.end();
  if (walk.epochs.size > 1 + losses.length)
    walk.faults.push(`it was sent ${walk.epochs.size} epochs, and the database was replaced ${losses.length} times`);
  const where = `${channel.name}: ${follower.client}`;
  faults.push(...walk.faults.slice(0, maxFaults).map((fault) => `${where}: ${fault}`));
}

class FollowerWalk {
  readonly faults: string[] = [];
  readonly epochs = new Set<string>();
  readonly #channel: DecidedChannel;
  readonly #follower: RecordedFollower;
  #epoch = '';
  #seq = 0;
  /** True until the connection has been sent its first complete answer. */
  #isCatchingUp = true;
  #known = new Map<string, HistoryItem>();

  constructor(channel: DecidedChannel, follower: RecordedFollower) {
    this.#channel = channel;
    this.#follower = follower;
  }

  take(message: FollowerMessage): void {
    if (message.type === 'start') {
      this.#isCatchingUp = true;
      return;
    }
    if (message.type === 'change') {
      this.#takeSteps([message.step], message.step.seq, !this.#isCatchingUp);
      return;
    }
    const { epoch, seq, more } = message;
    if (message.type === 'changes') {
      // Who knows nothing yet needs no reset.
      if (epoch !== this.#epoch && this.#seq > 0)
        this.faults.push(`changes of ${epoch} follow the epoch ${this.#epoch}`);
      this.#takeSteps(message.changes, seq, !this.#isCatchingUp);
    } else this.#takeState(message);
    this.#epoch = epoch;
    this.epochs.add(epoch);
    if (more) return;
    this.#isCatchingUp = false;
    this.#checkKnown(message.type);
  }

  #takeState({ type, epoch, seq, items }: Extract<FollowerMessage, { items: unknown }>): void {
    if (type === 'reset' && epoch === this.#epoch) this.faults.push(`a reset at ${seq}, though the epoch stays`);
    if (type === 'snapshot' && this.#epoch !== '') this.faults.push(`a second snapshot at ${seq}`);
    this.#seq = seq;
    this.#known = new Map(items.map((item) => [item.key, item]));
    if (type === 'reset') this.#isCatchingUp = true;
  }

  /**
   * @param seq the position after them
   * @param areSteps true if they must be all steps, where the channel keeps all
   */
  #takeSteps(steps: readonly HistoryStep[], seq: number, areSteps: boolean): void {
    const { reads } = this.#follower;
    const isStrict = areSteps && reads === 'steadily' && this.#channel.keep === 'all';
    for (const step of steps) {
      // U4: a slow reader may be sent some changes twice.
      if (step.seq <= this.#seq && reads !== 'with pauses')
        this.faults.push(`step ${step.seq} after step ${this.#seq}`);
      if (isStrict && step.seq > this.#seq + 1)
        this.faults.push(`step ${step.seq} after step ${this.#seq}: steps are missing`);
      this.#checkStep(step);
      this.#seq = Math.max(this.#seq, step.seq);
      if (step.value === null) this.#known.delete(step.key);
      else this.#known.set(step.key, { key: step.key, value: step.value, seq: step.seq });
    }
    if (isStrict && seq !== this.#seq) this.faults.push(`the position is ${seq} after step ${this.#seq}`);
    this.#seq = Math.max(this.#seq, seq);
  }

  /** U2: the state after catching up is that of the hub at this position. What an ended epoch had is not known. */
  #checkKnown(type: string): void {
    if (this.#epoch !== this.#channel.epoch) return;
    const wrong = this.#channel.contradiction(this.#seq, [...this.#known.values()]);
    if (wrong !== undefined) this.faults.push(`after the ${type} at ${this.#seq}: ${wrong}`);
  }

  #checkStep({ seq, key, value, kind }: HistoryStep): void {
    // The state of an ended epoch is unknown.
    if (this.#epoch !== this.#channel.epoch) return;
    const there = this.#channel.steps.get(seq);
    if (there === undefined && this.#channel.keep === 'last' && seq <= this.#channel.seq) return;
    const isSame = there?.key === key && there.value === value && (there.kind === 'delete') === (kind === 'delete');
    if (!isSame) this.faults.push(`step ${seq} is ${key}: ${value}, and the hub has ${there?.key}: ${there?.value}`);
  }

  /** Everybody has been sent everything now. */
  end(): void {
    const { seq, epoch, items } = this.#channel;
    if (this.#epoch !== epoch) {
      this.faults.push(`it is in the epoch ${this.#epoch}, and the hub in ${epoch}`);
      return;
    }
    if (this.#seq !== seq) this.faults.push(`it has been sent everything up to ${this.#seq}, and the hub is at ${seq}`);
    for (const { key, value } of items.values()) {
      const known = this.#known.get(key)?.value;
      if (known !== value) this.faults.push(`${key} is ${value}, and it knows ${known ?? 'nothing'}`);
    }
    for (const key of this.#known.keys()) if (!items.has(key)) this.faults.push(`it still has ${key}, which is gone`);
  }
}

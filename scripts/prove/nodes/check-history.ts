// Checks a recorded history of several nodes, in the manner of Elle: the hub gives every change a position, so the positions are the order
// that has to explain everything that clients saw. Pure: no clock, no socket. Each fault is a sentence.

import { checkFollower } from './check-follower.ts';
import { checkFinals, type DecidedChannel } from './decided-channel.ts';
import type { NodeHistory, Operation, RecordedRead, RecordedWrite } from './history.ts';

/** @returns a sentence for each contradiction; empty if the history could be that of one hub that never fails */
export function checkHistory(history: NodeHistory): readonly string[] {
  const faults: string[] = [];
  for (const recorded of history.channels) {
    const channel = checkFinals(recorded, faults);
    if (channel === undefined) continue;
    const operations = ofChannel(history, channel);
    const counted = operations.filter((operation) => !isLost(operation, channel, history));
    checkWrites(channel, operations, counted, faults);
    checkOrder(counted, faults);
    checkRefusals(channel, operations, history.losses, faults);
    for (const operation of counted) if (operation.type === 'read') checkRead(channel, operation, faults);
    for (const follower of history.followers)
      if (follower.channel === recorded.name) checkFollower(channel, follower, history.losses, faults);
  }
  checkRights(history, faults);
  return faults;
}

/** The part of the history that concerns a channel. A write of the SDK gets the step that it has, since the SDK's answer may name a later one. */
function ofChannel({ operations }: NodeHistory, { name, steps }: DecidedChannel): readonly Operation[] {
  const positions = new Map([...steps.values()].map(({ value, seq }) => [value, seq]));
  return operations.flatMap((operation): Operation[] => {
    if (operation.channel !== name) return [];
    if (operation.type === 'read' || operation.isThroughSdk !== true) return [operation];
    if (operation.value === null) return [{ ...operation, result: { name: 'unknown' } }];
    const { result } = operation;
    const seq = positions.get(operation.value);
    if (result.name !== 'accepted' || seq === undefined || seq > result.seq) return [operation];
    return [{ ...operation, result: { ...result, seq } }];
  });
}

/** True if it was answered under an epoch that a standby without the last writes has ended. */
function isLost(operation: Operation, { epoch }: DecidedChannel, { losses }: NodeHistory): boolean {
  const its = operation.type === 'read' ? operation.epoch : acceptedOf(operation)?.epoch;
  if (its === undefined || its === epoch) return false;
  return losses.some(({ from, until }) => operation.answered >= from && operation.sent <= until);
}

function acceptedOf({ result }: RecordedWrite) {
  return result.name === 'accepted' ? result : undefined;
}

/** Nothing acknowledged is lost, nothing is there twice, and nothing is there that nobody wrote. */
function checkWrites(
  channel: DecidedChannel,
  all: readonly Operation[],
  counted: readonly Operation[],
  faults: string[],
): void {
  const { name, steps, keep } = channel;
  const written = new Map<string, RecordedWrite>();
  const deletes = new Map<string, number>();
  for (const operation of all) {
    if (operation.type !== 'write') continue;
    if (operation.value !== null) written.set(operation.value, operation);
    else if (operation.result.name !== 'refused') deletes.set(operation.key, (deletes.get(operation.key) ?? 0) + 1);
  }
  const seen = new Map<string, number>();
  for (const { seq, key, value } of steps.values()) {
    if (value === null) {
      const left = (deletes.get(key) ?? 0) - 1;
      deletes.set(key, left);
      if (left < 0) faults.push(`${name}: step ${seq} deletes ${key}, and no client did that so often`);
      continue;
    }
    const before = seen.get(value);
    if (before !== undefined) faults.push(`${name}: ${value} is written twice, at ${before} and ${seq}`);
    seen.set(value, seq);
    const write = written.get(value);
    if (write === undefined) faults.push(`${name}: step ${seq} holds ${value}, which nobody wrote`);
    else if (write.result.name === 'refused')
      faults.push(`${name}: ${value} was refused as ${write.result.code}, and is there at ${seq}`);
  }
  const positions = new Map<number, RecordedWrite>();
  for (const operation of counted) {
    if (operation.type !== 'write') continue;
    const accepted = acceptedOf(operation);
    if (accepted === undefined) continue;
    const other = positions.get(accepted.seq);
    if (other !== undefined)
      faults.push(`${name}: ${textOf(other)} and ${textOf(operation)} were both acknowledged as ${accepted.seq}`);
    positions.set(accepted.seq, operation);
    if (keep === 'all') checkAccepted(channel, operation, accepted.seq, faults);
    else checkLastValue(channel, operation, accepted.seq, faults);
  }
}

function checkAccepted(channel: DecidedChannel, write: RecordedWrite, seq: number, faults: string[]): void {
  const { name, steps } = channel;
  const step = steps.get(seq);
  const text = textOf(write);
  if (step === undefined || step.value !== write.value || (write.key !== '' && step.key !== write.key)) {
    faults.push(`${name}: ${text} was acknowledged as ${seq}, and there is ${step?.value ?? 'nothing'}`);
    return;
  }
  if (write.base !== undefined && seq !== write.base + 1)
    faults.push(`${name}: ${text} depends on step ${write.base}, and was accepted as ${seq}`);
  const { baseEpoch, result } = write;
  if (baseEpoch !== undefined && result.name === 'accepted' && result.epoch !== baseEpoch)
    faults.push(`${name}: ${text} depends on a step of epoch ${baseEpoch}, and was accepted under ${result.epoch}`);
  const isKind = step.kind === write.kind || (write.isThroughSdk === true && step.kind === 'create');
  const wasThere = channel.valueAt(step.key, seq - 1) !== undefined;
  if (!isKind || wasThere !== (step.kind !== 'create'))
    faults.push(`${name}: ${text} became a ${step.kind} of an item that was ${wasThere ? '' : 'not '}there`);
}

function checkLastValue({ name, items, steps }: DecidedChannel, write: RecordedWrite, seq: number, faults: string[]) {
  const item = items.get(write.key) ?? [...steps.values()].find((step) => step.key === write.key);
  // A delete leaves nothing; what was deleted later does not, either.
  if (write.value === null || item === undefined) return;
  const isThere = item.seq === seq ? item.value === write.value : item.seq > seq;
  if (!isThere) faults.push(`${name}: ${textOf(write)} was acknowledged as ${seq}, and ${item.value} is there`);
}

/** An operation that was answered before another was sent comes before it: the order of positions is one that a single hub could have made. */
function checkOrder(operations: readonly Operation[], faults: string[]): void {
  const decided = operations.flatMap((operation) => {
    const seq = operation.type === 'read' ? operation.seq : acceptedOf(operation)?.seq;
    return seq === undefined ? [] : [{ operation, seq }];
  });
  const answered = [...decided].sort((a, b) => a.operation.answered - b.operation.answered);
  let at = 0;
  let newest: (typeof decided)[number] | undefined;
  for (const { operation, seq } of decided.sort((a, b) => a.operation.sent - b.operation.sent)) {
    for (let next = answered[at]; next !== undefined && next.operation.answered < operation.sent; next = answered[at]) {
      if (newest === undefined || next.seq > newest.seq) newest = next;
      at += 1;
    }
    if (newest === undefined) continue;
    if (operation.type === 'read' ? seq < newest.seq : seq <= newest.seq)
      faults.push(
        `${operation.channel}: ${textOf(operation)} got ${seq}, after ${textOf(newest.operation)} was answered with ${newest.seq}`,
      );
  }
}

function checkRead(channel: DecidedChannel, read: RecordedRead, faults: string[]): void {
  const { name, epoch } = channel;
  const text = textOf(read);
  const ahead = read.items.find(({ seq }) => seq > read.seq);
  if (ahead !== undefined) {
    faults.push(`${name}: ${text} says ${read.seq}, and holds step ${ahead.seq}`);
    return;
  }
  if (read.epoch !== epoch) return;
  const wrong = channel.contradiction(read.seq, read.items);
  if (wrong !== undefined) faults.push(`${name}: ${text} at ${read.seq}: ${wrong}`);
}

/** A refusal names a reason that held at some moment between the request and its answer. */
function checkRefusals(
  channel: DecidedChannel,
  operations: readonly Operation[],
  losses: NodeHistory['losses'],
  faults: string[],
): void {
  if (channel.keep === 'last') return;
  const { begun, done } = momentsOf(channel, operations, losses);
  for (const operation of operations) {
    if (operation.type !== 'write' || operation.result.name !== 'refused') continue;
    const { sent, answered, key, base, baseEpoch, result } = operation;
    // The state in between is unknown.
    if (losses.some((loss) => answered >= loss.from && sent <= loss.until)) continue;
    const from = done.reduce((most, one) => (one.at < sent ? Math.max(most, one.seq) : most), 0);
    const to = begun.reduce((most, one) => (one.at < answered ? Math.max(most, one.seq) : most), from);
    const isTrue = (holds: (seq: number) => boolean) => {
      for (let seq = from; seq <= to; seq += 1) if (holds(seq)) return true;
      return false;
    };
    const isOfEpoch = baseEpoch === undefined || baseEpoch === channel.epoch;
    const isStale = () => !isOfEpoch || (base === undefined ? to > from : isTrue((seq) => seq !== base));
    const isJustified =
      (result.code === 'stale' && isStale()) ||
      (result.code === 'item_exists' && isTrue((seq) => channel.valueAt(key, seq) !== undefined)) ||
      (result.code === 'item_not_found' && isTrue((seq) => channel.valueAt(key, seq) === undefined)) ||
      !['stale', 'item_exists', 'item_not_found'].includes(result.code);
    if (!isJustified)
      faults.push(
        `${channel.name}: ${textOf(operation)} was refused as ${result.code}, which was not so from step ${from} to ${to}` +
          (base === undefined ? '' : `; it depends on step ${base}`),
      );
  }
}

interface StepMoment {
  readonly seq: number;
  readonly at: number;
}

/** `begun`: from when each step may have been there. `done`: from when a client knew that it was. */
function momentsOf(
  channel: DecidedChannel,
  operations: readonly Operation[],
  losses: NodeHistory['losses'],
): { readonly begun: readonly StepMoment[]; readonly done: readonly StepMoment[] } {
  const positions = new Map<string | null, number>();
  for (const { seq, value } of channel.steps.values()) if (value !== null) positions.set(value, seq);
  const begun: StepMoment[] = [];
  const done: StepMoment[] = [];
  /** When a delete of a key was first sent whose answer names no step. */
  const openDeletes = new Map<string, number>();
  for (const operation of operations) {
    if (operation.type !== 'write') continue;
    const accepted = acceptedOf(operation);
    // A standby without the last writes leaves those that were acknowledged before.
    const isKept = accepted?.epoch === channel.epoch || losses.every(({ from }) => operation.answered < from);
    const seq = (isKept ? accepted?.seq : undefined) ?? positions.get(operation.value);
    if (seq !== undefined) {
      begun.push({ seq, at: operation.sent });
      if (accepted !== undefined) done.push({ seq, at: operation.answered });
    } else if (operation.kind === 'delete' && operation.result.name === 'unknown')
      openDeletes.set(operation.key, Math.min(operation.sent, openDeletes.get(operation.key) ?? operation.sent));
  }
  const known = new Set(begun.map(({ seq }) => seq));
  for (const { seq, key, value } of channel.steps.values()) {
    const at = openDeletes.get(key);
    if (value === null && at !== undefined && !known.has(seq)) begun.push({ seq, at });
  }
  return { begun, done };
}

/** A revoked token opens nothing after the limit, on any node. */
function checkRights(
  { operations, followers, revocations, rightsLimitMs, losses }: NodeHistory,
  faults: string[],
): void {
  // A revocation may be among what was lost.
  const isKept = (at: number) => losses.every(({ from, until }) => at < from || at > until);
  const revokedAt = (token: string) => {
    const at = revocations.get(token);
    return at !== undefined && isKept(at) ? at : undefined;
  };
  for (const operation of operations) {
    const revoked = revokedAt(operation.token);
    const isAccepted = operation.type === 'read' || operation.result.name === 'accepted';
    if (revoked === undefined || !isAccepted || operation.sent <= revoked + rightsLimitMs) continue;
    const late = Math.round(operation.sent - revoked);
    faults.push(`${operation.channel}: ${textOf(operation)} was accepted ${late} ms after its token was revoked`);
  }
  for (const { client, channel, token, messages } of followers) {
    const revoked = revokedAt(token);
    if (revoked === undefined) continue;
    const last = messages.filter(({ type, at }) => type !== 'start' && at > revoked + rightsLimitMs).at(-1);
    if (last !== undefined)
      faults.push(
        `${channel}: ${client} was sent a ${last.type} ${Math.round(last.at - revoked)} ms after its token was revoked`,
      );
  }
}

function textOf(operation: Operation): string {
  if (operation.type === 'read') return `the read of ${operation.client}`;
  return `the ${operation.kind} of ${operation.value ?? operation.key} by ${operation.client}`;
}

// The tasks of one account: converts the task verbs of both client generations into writes of the channel `<account>/tasks`.
// protocol/merge.ts merges lists, match-task.ts finds the task that a request means, and notices.ts writes the notifications.

import { createHash } from 'node:crypto';
import type { Unreadable } from '../../../protocol/codec.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { type Generation, parseSent, shownTo, storedFrom } from '../../../protocol/generation.ts';
import { filterInSteps, finish, mapInSteps, Pace } from '../../../protocol/in-steps.ts';
import {
  distance,
  type Life,
  type Merge,
  type MergeOutcome,
  mergeListInSteps,
  mergeUpdate,
} from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { nextIndex } from '../../../protocol/recurrence.ts';
import { same } from '../../../protocol/same.ts';
import { freeId, withOwner } from '../../../protocol/task.ts';
import { boundVersion } from '../../../protocol/version.ts';
import type { CachedChannel, ChannelState } from '../../core/cached-channel.ts';
import { type Channel, isFull } from '../../core/channel.ts';
import type { Hub } from '../../core/hub.ts';
import { inTurns } from '../../core/next-turn.ts';
import type { Committed, Computed } from '../../core/optimistic-channel.ts';
import type { Peer } from '../../core/peer.ts';
import type { View } from '../../core/session.ts';
import type { Change, Item } from '../../core/store.ts';
import { acceptedBefore, staleAt } from '../../wire/idempotency.ts';
import type { TaskReader } from '../../wire/task-clients.ts';
import { indexShown, keyNamed, nameList, stampOf, type TaskClient, withIndexOf } from './aliases.ts';
import type { Device } from './device.ts';
import { type Found, find, findRemoved, type Sought, type Which } from './match-task.ts';
import { livesOf, provesReceived, type TaskPast } from './merge-history.ts';
import { mostRemoved, Notices } from './notices.ts';
import { Ops } from './ops.ts';
import { RecentChanges } from './recent-changes.ts';
import {
  concernedTasks,
  mergeRepetition,
  settle,
  unfollowedTasks,
  type WrittenTask,
  withoutFormerTag,
} from './settle.ts';
import { storedTask, taskOf } from './task-codec.ts';
import { Lookup } from './task-index.ts';

/** The device and the connection that write, and the fields of the request that apply to the write. */
export interface Writer {
  readonly device: string;
  /** The secret that begins this client's indexes; '' for a session without one. */
  readonly userId: string;
  readonly client: TaskClient;
  readonly peer: Peer;
  readonly version: number | undefined;
  readonly writeId: string | undefined;
  readonly base: number | undefined;
  /** True if a list may be on its way to the device, which overwrites its last writes there. */
  readonly crossed: boolean;
}

/** The result of a write. Once it is committed, `differs` is true if the sender has another value and must be sent all tasks. */
export type Outcome = { readonly written: Promise<Committed | Refusal>; readonly differs: () => boolean };

export interface AllTasks {
  /** The answer to a `read-all` with this `ref`, in pieces. */
  readonly pieces: (ref?: string | number) => Iterable<string>;
  /** The last step that the answer contains. */
  readonly seq: number;
  readonly version: number;
}

/** The result of merging a device's list. */
export interface Merged {
  readonly written: Committed | Refusal;
  /** The number of tasks that the list would have removed, had they not been too many (W7). */
  readonly spared: number;
  /** The last step, if the result equals the device's list; undefined otherwise. */
  readonly sure: number | undefined;
}

/** A write of tasks. */
interface TaskWrite {
  readonly writer: Writer;
  /** Adds ops. @returns why nothing can be written */
  readonly compute: (ops: Ops, now: number, state: ChannelState) => Generator<void, Refusal | undefined>;
  /** The tasks from which something may follow; known once it is computed. */
  concerned: readonly WrittenTask[];
}

/** A list to merge, and the ops to which what follows is added. */
interface ListMerge {
  readonly writer: Writer;
  readonly device: Device | undefined;
  readonly sent: readonly Task[];
  readonly past: TaskPast;
  readonly unreadable: readonly Unreadable[];
  readonly seen: (task: Task) => Task;
  readonly state: ChannelState;
  readonly now: number;
  readonly ops: Ops;
}

/** Limits of one read of the past, in items or steps, and in characters. */
const pageBounds = { limit: 1_000, size: 1_048_576 } as const;

/** The origin of writes that the hub makes because of a device's write. */
const settler = 'hub';

export class Tasks {
  readonly account: string;
  readonly channel: Channel;
  #document: CachedChannel;
  #hub: Hub;
  #mergeList: typeof mergeListInSteps;
  #notices: Notices;
  #lookup = new Lookup();
  #recent = new RecentChanges();

  private constructor(
    account: string,
    document: CachedChannel,
    hub: Hub,
    merge: typeof mergeListInSteps,
    notices: Notices,
  ) {
    this.account = account;
    this.channel = document.channel;
    this.#document = document;
    this.#hub = hub;
    this.#mergeList = merge;
    this.#notices = notices;
    document.addIndex(this.#lookup);
    this.channel.listen((changes) => {
      this.#recent.addCommitted(changes, (key) => notices.lastSent(key), hub.world.now());
      notices.prepare(changes);
    });
  }

  static async open(hub: Hub, account: string, merge = mergeListInSteps): Promise<Tasks> {
    const document = await hub.cachedChannel(`${account}/tasks`);
    const { channel } = document;
    for (;;) {
      const state = await document.settled();
      // Parsed in steps; what follows finds each task parsed.
      await inTurns(mapInSteps(state.items.values(), taskOf));
      const past = await channel.history({ newest: true, limit: mostRemoved });
      // The notices must not miss a change between this state and the first batch that they receive.
      if (state.seq !== channel.position.seq) continue;
      const tasks = new Tasks(account, document, hub, merge, new Notices(account, document, state.items, past));
      await tasks.#settleUnfollowed(state.items.values());
      return tasks;
    }
  }

  get version(): number {
    return this.channel.version;
  }

  get seq(): number {
    return this.channel.position.seq;
  }

  /** The view by which a plain client with this token follows the tasks. */
  view(token: string, reader: TaskReader): View {
    return this.#notices.view(token, reader);
  }

  /** R1: all committed tasks, in the form for one reader. */
  async readAll(reader: TaskReader): Promise<AllTasks> {
    const { items, seq, version } = await this.#document.settled();
    return { pieces: (ref) => this.#notices.listPieces(items, version, reader, ref), seq, version };
  }

  /** True if clients of this generation are sent some times in another unit than the stored one. */
  differsFor(generation: Generation): boolean {
    return [...this.#document.view.items.values()].some((item) => {
      const task = taskOf(item);
      const sent = parseSent(generation, task);
      return sent.due !== task.due || sent.done !== task.done;
    });
  }

  /** True if another device has changed a task in the last two seconds. */
  othersWrote(device: string): boolean {
    return this.#recent.othersWrote(device, this.#hub.world.now());
  }

  /** M12: this device may ignore notifications until it has been sent all tasks. */
  markOutOfSync(device: string): void {
    this.#recent.markOutOfSync(device, this.#hub.world.now());
  }

  markInSync(device: string): void {
    this.#recent.markInSync(device, this.#hub.world.now());
  }

  /** Called when the device's last connection has ended. */
  forgetDevice(device: string): void {
    this.#recent.forgetDevice(device);
  }

  /**
   * W3
   * @param key the key of the new item; a new one by default
   */
  create(writer: Writer, sent: Task, key = this.#hub.world.id()): Outcome {
    const { client, device } = writer;
    const { index, ...rest } = this.#read(writer, sent);
    const whole: Task = index === undefined ? rest : { ...rest, index };
    let differs = false;
    const written = this.#write(writer, (ops, now, state) => {
      const repeated = this.#mergeRepetition(state, key, rest);
      if (repeated !== undefined) {
        differs = !same(repeated, rest);
        ops.put(key, repeated);
        return undefined;
      }
      const twins = this.#lookup.byId(rest.id).flatMap((key) => this.#lookup.task(key) ?? []);
      const namesake = this.#lookup.byIndex(index);
      // M9: two clients of 2019 that create tasks with the same id in the same second give both the same index.
      const another =
        namesake !== undefined && client.generation !== 'raw' && this.#recent.isNew(namesake, device, now);
      const isTwin = (twin: Task) => same(twin, whole) || same(shownTo(client.generation, twin), whole);
      if ((namesake !== undefined && !another) || twins.some(isTwin)) return refuse('task_exists');
      const ours = another ? rest : whole;
      if (another && index !== undefined) client.setAlias(index, key);
      if (index === undefined) client.addUnindexed(key);
      if (this.#lookup.task(key) !== undefined) return refuse('item_exists', '', 'update it, or leave key out');
      const used = this.#lookup.ids();
      differs = ours.id === undefined || used.has(ours.id);
      if (differs && ours.id !== undefined) ops.putHistoryOnly(key, ours);
      ops.put(key, differs ? { ...ours, id: freeId(used) } : ours);
      return undefined;
    });
    return { written, differs: () => differs };
  }

  /** W2, W4, W6 */
  update(writer: Writer, which: Which, sent: Task): Outcome {
    const ours = this.#read(writer, sent);
    let differs = false;
    const written = this.#write(writer, (ops, now) => {
      const sought = this.#sought(writer, which, ours);
      const named = find(this.#lookup, this.#recent, sought, now);
      const found = named ?? findRemoved(this.#notices.removed, this.#lookup, sought);
      if (found !== undefined && found !== 'ambiguous') {
        if (sought.alias !== undefined) writer.client.setAlias(sought.alias, found.key);
        // The device lists the task with this index from now on: a task without one is another, even under its id.
        if (sent.index !== undefined) {
          if (writer.client.generation === 2018) writer.client.noteIndexUsed();
          writer.client.removeUnindexed(found.key);
        }
        const { which } = sought;
        const target = sought.named ? withIndexOf(found, ours) : ours;
        differs = this.#change(ops, writer, found, which, target, now);
        return undefined;
      }
      const unlike = this.#lookup.ids().has(which.id ?? ours.id ?? 0);
      if (found === undefined && !unlike) return refuse('task_not_found');
      // It is not clear which task is meant. The edit must not be lost, so it becomes a new task.
      differs = true;
      ops.put(this.#hub.world.id(), { ...ours, id: freeId(this.#lookup.ids()) });
      return undefined;
    });
    return { written, differs: () => differs };
  }

  /** W2, W4, W6 */
  delete(writer: Writer, which: Which): Outcome {
    const named = which.index === undefined ? {} : withOwner({ index: which.index }, writer.userId, this.account);
    let differs = false;
    const written = this.#write(writer, (ops, now) => {
      const sought = this.#sought(writer, { ...which, ...named }, undefined);
      const found = find(this.#lookup, this.#recent, sought, now);
      if (found === undefined) return refuse('task_not_found');
      differs = found === 'ambiguous';
      if (found === 'ambiguous') return undefined;
      if (sought.alias !== undefined) writer.client.setAlias(sought.alias, found.key);
      ops.remove(found.key);
      return undefined;
    });
    return { written, differs: () => differs };
  }

  /**
   * M5 to M11: merges the whole list of a device with the changes since its base.
   * @param unreadable the elements of the list that are not tasks (W7)
   */
  async writeAll(
    writer: Writer,
    device: Device | undefined,
    listed: readonly Task[],
    unreadable: readonly Unreadable[],
  ): Promise<Merged> {
    const sent = await inTurns(mapInSteps(listed, (task) => this.#read(writer, task)));
    const notes = await this.#newUnreadable(writer.device, unreadable);
    const past = await this.#pastOf(writer, device, sent);
    const seen = shownBy(writer.client);
    let [spared, equal] = [0, false];
    const tasks = this;
    const written = await this.#writeInTurns(writer, function* (ops, now, state) {
      const merge = yield* tasks.#merge({ writer, device, sent, past, unreadable, seen, state, now, ops });
      spared = merge.spared;
      for (const one of notes) ops.putNote(one.key, { unreadable: one.text });
      const result = yield* ops.result();
      equal = result.size === sent.length + unreadable.length && (yield* hasAllListed(result, listed, writer.client));
      yield* tasks.#recent.addMerge(result, merge.listed, writer.device, now, seen);
      return undefined;
    });
    const sure = written.ok && equal && !written.replayed ? written.position.seq : undefined;
    return { written, spared, sure };
  }

  /** Merges a list, and adds the ops that follow. */
  *#merge({ writer, device, sent, past, unreadable, seen, state, now, ops }: ListMerge): Generator<void, Merge> {
    const { client } = writer;
    const lives = yield* livesOf(past, state, writer.device, device?.base, seen);
    const named = yield* nameList(sent, {
      lives,
      past,
      later: [...state.items.values()].filter(({ seq }) => seq > past.until),
      account: this.account,
      device: writer.device,
      client,
    });
    const { own, keys } = named;
    const merge = yield* this.#mergeList(lives, named.tasks, boundVersion(writer.version, now), {
      ...named,
      present: this.#presentKeys(lives, unreadable, writer),
      fresh: new Set(own.keys()),
    });
    const isNamed = new Set(keys.values());
    const pace = new Pace();
    for (const [key, task] of merge.listed) {
      if (pace.isDue()) yield;
      if (task.index === undefined && !isNamed.has(key)) client.addUnindexed(key);
    }
    const storedOr = this.#storedTasks(past);
    const ids = new Set(merge.outcomes.flatMap((one) => (one.kind === 'remove' ? [] : [one.task.id])));
    const isUsed = { has: (id: number) => ids.has(id) || this.#lookup.ids().has(id) };
    if (pace.isDue(ids.size)) yield;
    const ordered = inOrder(merge.outcomes, (key) => this.#lookup.task(key)?.id);
    if (pace.isDue(ordered.length)) yield;
    yield* mapInSteps(ordered, ({ outcome, aside }) => {
      const leaving = aside === undefined ? undefined : this.#lookup.task(aside);
      if (aside !== undefined && leaving !== undefined) {
        const id = freeId(isUsed);
        ids.add(id);
        ops.put(aside, { ...leaving, id });
      }
      if (outcome.kind === 'remove') {
        ops.remove(outcome.key);
        return;
      }
      const key = outcome.key ?? this.#hub.world.id();
      const stored = storedOr(key);
      const from = (task: Task) => (stored === undefined ? task : storedFrom(client.generation, stored, task));
      if (outcome.overruled !== undefined) ops.putHistoryOnly(key, from(outcome.overruled));
      ops.put(key, from(outcome.task));
      const alias = own.get(outcome.overruled ?? outcome.task);
      if (alias !== undefined) client.setAlias(alias, key);
      else if (outcome.key === null && outcome.task.index === undefined) client.addUnindexed(key);
    });
    return merge;
  }

  /** Finds the current value of a task, or its last value if it was removed. */
  #storedTasks({ base, steps }: TaskPast): (key: string) => Task | undefined {
    const removed = new Map<string, () => Task>();
    for (const item of base) removed.set(item.key, () => taskOf(item));
    for (const { key, value } of steps) if (value !== null) removed.set(key, () => storedTask(value));
    return (key) => this.#lookup.task(key) ?? removed.get(key)?.();
  }

  /** W7: the keys of the tasks that the unreadable elements name; the keys of all tasks if one element does not name any. */
  #presentKeys(
    lives: readonly Life[],
    unreadable: readonly Unreadable[],
    { client, userId }: Writer,
  ): ReadonlySet<string> {
    const present = new Set<string>();
    for (const { id, index, desc } of unreadable) {
      const named = index === undefined ? undefined : withOwner({ index }, userId, this.account).index;
      const namesake = this.#lookup.byIndex(named);
      const key =
        (named === undefined ? undefined : keyNamed(client, this.account, named, namesake)) ??
        namesake ??
        this.#lookup.byId(id)[0] ??
        this.#lookup.byDesc(desc)[0];
      if (key === undefined) return new Set(lives.map((life) => life.key));
      present.add(key);
    }
    return present;
  }

  /** W7: the texts that this device has not sent before, with the key under which history stores each. */
  async #newUnreadable(
    device: string,
    unreadable: readonly Unreadable[],
  ): Promise<readonly { key: string; text: string }[]> {
    const all = unreadable.map(({ text }) => {
      const name = createHash('sha256').update(`${device} ${text}`).digest('base64url').slice(0, 22);
      return { key: `unreadable-${name}`, text };
    });
    const known = await Promise.all(all.map(({ key }) => this.channel.history({ key, limit: 1 })));
    return all.filter((_, at) => known[at]?.length === 0);
  }

  /** The changes since the device's base, or since the list that it was sent last if its own list proves that it arrived (M11). */
  async #pastOf(writer: Writer, device: Device | undefined, ours: readonly Task[]): Promise<TaskPast> {
    const { seq: until } = await this.#document.settled();
    const past = await this.#between(device?.base?.seq ?? 0, until);
    const sent = device?.sent;
    if (sent === undefined) return past;
    const indexOf = (key: string, task: Task) => indexShown(this.account, key, task);
    const { client } = writer;
    const proof = {
      past,
      login: sent.login,
      sent: sent.base.seq,
      device: writer.device,
      unindexed: client.unindexed,
      seen: shownBy(client),
      indexOf,
      mayReceive: (at: number) => client.receiptAt(at) !== 'no',
    };
    if (!(await inTurns(provesReceived(ours, proof)))) return past;
    device?.confirmSent();
    const received = await this.#between(sent.base.seq, until);
    // The list had an index for every task.
    for (const { key } of received.base) client.removeUnindexed(key);
    return received;
  }

  async #between(after: number, until: number): Promise<TaskPast> {
    const base = after === 0 ? [] : await this.#itemsAt(after);
    const steps: Change[] = [];
    for (let from = after; from < until; from = steps.at(-1)?.seq ?? until) {
      const page = await this.channel.history({ after: from, before: until + 1, ...pageBounds });
      if (page.length === 0) break;
      for (const step of page) steps.push(step);
    }
    return { base, steps, until };
  }

  /** The items as they were after a step, in order of their own steps. They are read in pages: nobody else waits for all of them. */
  async #itemsAt(seq: number): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let after: Item | undefined; ; after = items.at(-1)) {
      const range = { at: seq, ...pageBounds, ...(after === undefined ? {} : { after }) };
      const page = await this.channel.read(range);
      for (const item of page) items.push(item);
      if (!isFull(page, range)) return items.sort((one, other) => one.seq - other.seq);
    }
  }

  /** Parses a task that a client sent: in the form of its generation, and without its secret. */
  #read({ client, userId }: Writer, sent: Task): Task {
    return parseSent(client.generation, withOwner(sent, userId, this.account));
  }

  /** W10: how to find the task that a request means, if its index is an alias, made by the hub, or unknown. */
  #sought({ client, device }: Writer, which: Which, ours: Task | undefined): Sought & { readonly named: boolean } {
    const plain = { which, ours, device, seen: shownBy(client) };
    const index = ours?.index ?? which.index;
    if (index === undefined || which.key !== undefined || client.generation === 'raw')
      return { ...plain, named: false };
    const namesake = this.#lookup.byIndex(index);
    const key = keyNamed(client, this.account, index, namesake);
    if (key !== undefined) return { ...plain, which: { key }, named: true };
    if (namesake !== undefined || this.#wasRemoved(index)) return { ...plain, named: false };
    const { index: _index, ...rest } = ours ?? {};
    const stamp = stampOf(index);
    const id = which.id ?? stamp?.id;
    const aliasMadeAt = stamp === undefined ? {} : { aliasMadeAt: stamp.at - (client.clock ?? 0) };
    return { ...plain, which: { id }, ours: ours && rest, alias: index, ...aliasMadeAt, named: true };
  }

  #wasRemoved(index: string): boolean {
    return [...this.#notices.removed.values()].some(({ task }) => task.index === index);
  }

  /**
   * Applies an update to the task that was found.
   * @returns true if the result differs from what the sender has
   */
  #change(ops: Ops, writer: Writer, found: Found, which: Which, sent: Task, now: number): boolean {
    const { key, task: current } = found;
    const alive = this.#lookup.task(key) !== undefined;
    // The sender used an old id and does not want to change the id.
    const renumbered = found.renumbered === true && (which.id ?? sent.id) === sent.id;
    const ours = renumbered && current.id !== undefined ? { ...sent, id: current.id } : sent;
    // A request with a `base` has seen every change up to that step.
    const deaf = writer.client.generation === 2018 && ours.id !== current.id;
    const unseen = alive && writer.base === undefined ? this.#recent.of(key, { ...writer, deaf }, now) : undefined;
    const seen = shownBy(writer.client);
    const ownLast = unseen?.ownLast === undefined ? undefined : seen(unseen.ownLast);
    const update = mergeUpdate((unseen?.values ?? []).map(seen), seen(current), ours, { ownLast, silent: deaf });
    const merged = { ...update, task: withoutFormerTag(current, update.task) };
    const { whole } = merged;
    const taken = this.#lookup.ids(key);
    const { id } = merged.task;
    const task = id === undefined || taken.has(id) ? { ...merged.task, id: freeId(taken) } : merged.task;
    const from = (one: Task) => storedFrom(writer.client.generation, current, one);
    if (!same(task, whole)) ops.putHistoryOnly(key, from(whole));
    ops.put(key, from(task));
    // The sender of an update that brings a task back does not know yet that the task was deleted.
    return renumbered || !alive || !same(task, whole);
  }

  /** N3.5: the task to write if a device made the next task of a series that is there already. */
  #mergeRepetition({ items }: ChannelState, key: string, sent: Task): Task | undefined {
    const current = this.#lookup.task(key);
    if (current === undefined) return undefined;
    return mergeRepetition(items.keys(), (other) => this.#lookup.task(other), key, current, sent);
  }

  /**
   * Writes what follows from a write, as the hub.
   * @param written the tasks from which something may follow
   */
  async #settle(written: readonly WrittenTask[]): Promise<void> {
    if (written.length === 0) return;
    await this.#document.write((state): Computed => {
      const now = this.#hub.world.now();
      const ops = new Ops(state, undefined, now);
      settle(ops, written);
      if (ops.list.length === 0) return refuse('task_not_found');
      finish(this.#recent.addWrite(ops, settler, now));
      return { ok: true, write: { ops: ops.list, origin: settler, at: now } };
    });
  }

  /** Writes what the hub did not write because it ended too early. A next task that somebody has removed stays away. */
  async #settleUnfollowed(items: Iterable<Item>): Promise<void> {
    for (const one of unfollowedTasks(items)) {
      const past = await this.channel.history({ key: nextIndex(one.key), limit: 1 });
      if (past.length === 0) await this.#settle([one]);
    }
  }

  #write(
    writer: Writer,
    compute: (ops: Ops, now: number, state: ChannelState) => Refusal | undefined,
  ): Promise<Committed | Refusal> {
    const write: TaskWrite = { writer, compute: withoutPauses(compute), concerned: [] };
    return this.#finish(
      write,
      this.#document.write((state) => finish(this.#compute(write, state)), writer.peer),
    );
  }

  /** Like `#write`, for what takes long: it pauses where others may have their turn. */
  #writeInTurns(writer: Writer, compute: TaskWrite['compute']): Promise<Committed | Refusal> {
    const write: TaskWrite = { writer, compute, concerned: [] };
    return this.#finish(
      write,
      this.#document.writeInTurns((state) => this.#compute(write, state), writer.peer),
    );
  }

  *#compute(write: TaskWrite, state: ChannelState): Generator<void, Computed> {
    const { writer } = write;
    const now = this.#hub.world.now();
    if (writer.base !== undefined && writer.base !== state.seq) return staleAt(this.channel.position);
    const ops = new Ops(state, writer.version, now);
    const refusal = yield* write.compute(ops, now, state);
    if (refusal !== undefined) return refusal;
    if (writer.client.generation === 2018) this.#recent.noteOf2018(writer.device, now);
    yield* this.#recent.addWrite(ops, writer.device, now);
    write.concerned = yield* concernedTasks(ops);
    const id = writer.writeId === undefined ? {} : { writeId: writer.writeId };
    return { ok: true, write: { ops: ops.list, origin: writer.device, at: now, ...id } };
  }

  async #finish(write: TaskWrite, writing: Promise<Committed | Refusal>): Promise<Committed | Refusal> {
    const { writer } = write;
    const written = await writing;
    if (written.ok) {
      // The write is stored. What follows from it is written at the next start if it fails now.
      await this.#settle(write.concerned).catch(() => undefined);
      return written;
    }
    const by = { origin: writer.device, at: this.#hub.world.now(), writeId: writer.writeId };
    return (await acceptedBefore(this.channel, by)) ?? written;
  }
}

function withoutPauses<Args extends readonly unknown[], T>(
  compute: (...args: Args) => T,
): (...args: Args) => Generator<void, T> {
  // biome-ignore lint/correctness/useYield: it has no pauses
  return function* (...args) {
    return compute(...args);
  };
}

interface OrderedOutcome {
  readonly outcome: MergeOutcome;
  /** The key of a task that is given another id for a moment before this outcome, because the two exchange ids. */
  readonly aside?: string;
}

/**
 * W11: orders the outcomes so that a task gives up its id before another task gets it. Plain clients look up tasks by id, and are
 * notified of one outcome after the other.
 */
function inOrder(
  outcomes: readonly MergeOutcome[],
  idOf: (key: string) => number | undefined,
): readonly OrderedOutcome[] {
  const waiting = new Set(outcomes);
  const underWay = new Set<MergeOutcome>();
  const holders = new Map<number, MergeOutcome>();
  for (const outcome of outcomes) {
    const id = outcome.key === null ? undefined : idOf(outcome.key);
    if (id !== undefined) holders.set(id, outcome);
  }
  const ordered: OrderedOutcome[] = [];
  const take = (outcome: MergeOutcome) => {
    if (!waiting.delete(outcome)) return;
    underWay.add(outcome);
    const holder = outcome.kind === 'remove' ? undefined : holders.get(outcome.task.id ?? 0);
    if (holder !== undefined && holder !== outcome) take(holder);
    const isCycle = holder !== undefined && holder !== outcome && underWay.has(holder);
    ordered.push(isCycle && holder.key !== null ? { outcome, aside: holder.key } : { outcome });
    underWay.delete(outcome);
  };
  for (const outcome of outcomes) if (outcome.kind === 'remove') take(outcome);
  for (const outcome of outcomes) take(outcome);
  return ordered;
}

/** Converts stored tasks to the client's form, each object once, so that equal inputs give the same object. */
function shownBy({ generation }: TaskClient): (task: Task) => Task {
  const known = new WeakMap<Task, Task>();
  return (task) => {
    const seen = known.get(task) ?? shownTo(generation, task);
    known.set(task, seen);
    return seen;
  };
}

/** True if the result has every task of a device's list unchanged. Indexes may differ, because the device may use aliases. */
function* hasAllListed(
  result: ReadonlyMap<string, Task>,
  listed: readonly Task[],
  { generation }: TaskClient,
): Generator<void, boolean> {
  const byId = new Map([...result.values()].map((task) => [task.id, task]));
  const isThere = (task: Task) => {
    const stored = byId.get(task.id);
    if (stored === undefined) return false;
    if (generation === 'raw') return same(stored, task);
    const has = (fields: Task) => withIndexOf(undefined, fields);
    const shown = shownTo(generation, stored);
    if (generation !== 'unknown') return same(has(shown), has(task));
    return distance(has(shown), has(task)) === 0 && Object.keys(has(stored)).every((field) => field in task);
  };
  return (yield* filterInSteps(listed, isThere)).length === listed.length;
}

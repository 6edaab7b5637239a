// The tasks of one account: the task verbs of both client generations turned into writes of the channel `<account>/tasks`. What a
// list means is decided in protocol/merge.ts, which task is meant in find.ts, and what plain clients are told in notices.ts.

import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { mergeList, mergeUpdate, same } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { freeId, withOwner } from '../../../protocol/task.ts';
import { bounded } from '../../../protocol/version.ts';
import type { CachedChannel, ChannelState } from '../../core/cached-channel.ts';
import type { Channel } from '../../core/channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { Committed, Computed } from '../../core/optimistic-channel.ts';
import type { Peer } from '../../core/peer.ts';
import type { View } from '../../core/session.ts';
import { acceptedBefore, type Refused, staleAt } from '../../wire/idempotency.ts';
import type { Device } from './device.ts';
import { type Found, find, findRemoved, type Which } from './match-task.ts';
import { livesOf, provesReceived, type TaskPast } from './merge-history.ts';
import { Notices, removedMost } from './notices.ts';
import { Ops } from './ops.ts';
import { Unseen } from './recent-changes.ts';
import { taskOf } from './task-codec.ts';
import { Lookup } from './task-index.ts';

/** Who writes, from which connection, and what it says about it. */
export interface Writer {
  readonly device: string;
  /** The secret that begins this client's indexes; '' for a session without one. */
  readonly userId: string;
  readonly peer: Peer;
  readonly version: number | undefined;
  readonly writeId: string | undefined;
  readonly base: number | undefined;
  /** Whether a list may be under way to it that makes it forget what it wrote itself just now. */
  readonly crossed: boolean;
}

/** What became of a write; and, once that is known, whether the sender has to be sent all tasks, not being what it thinks. */
export type Outcome = { readonly written: Promise<Committed | Refusal>; readonly differs: () => boolean };

export interface AllTasks {
  /** The answer to a `read-all` with this `ref`. */
  readonly text: (ref?: string | number) => string;
  /** The last step that is in it. */
  readonly seq: number;
  readonly version: number;
}

/** What became of a device's list. */
export interface Merged {
  readonly written: Committed | Refusal;
  /** How many tasks it would have removed and did not (W7). */
  readonly spared: number;
  /** The last step, where the device's list is what came out; undefined otherwise. */
  readonly sure: number | undefined;
}

export class Tasks {
  readonly account: string;
  readonly channel: Channel;
  #document: CachedChannel;
  #hub: Hub;
  #merge: typeof mergeList;
  #notices: Notices;
  #lookup = new Lookup();
  #unseen = new Unseen();

  private constructor(account: string, document: CachedChannel, hub: Hub, merge: typeof mergeList, notices: Notices) {
    this.account = account;
    this.channel = document.channel;
    this.#document = document;
    this.#hub = hub;
    this.#merge = merge;
    this.#notices = notices;
    document.addIndex(this.#lookup);
    this.channel.listen((changes) => {
      this.#unseen.heard(changes, (key) => notices.shown(key), hub.world.now());
      notices.hear(changes);
    });
  }

  static async open(hub: Hub, account: string, merge = mergeList): Promise<Tasks> {
    const document = await hub.cachedChannel(`${account}/tasks`);
    const { channel } = document;
    for (;;) {
      const state = await document.settled();
      const past = await channel.history({ newest: true, limit: removedMost });
      // Nothing may happen between what the notices begin with and the first change they hear.
      if (state.seq !== channel.position.seq) continue;
      return new Tasks(account, document, hub, merge, new Notices(account, channel, state.items, past));
    }
  }

  get version(): number {
    return this.channel.version;
  }

  get seq(): number {
    return this.channel.position.seq;
  }

  /** How a plain client with this token and secret follows the tasks. */
  view(token: string, userId: string): View {
    return this.#notices.view(token, userId);
  }

  /** R1: what is on disk now, for one reader. */
  async readAll(userId: string): Promise<AllTasks> {
    const { items, seq, version } = await this.#document.settled();
    const tasks = [...items.values()].map(taskOf);
    return { text: (ref) => this.#notices.listText(tasks, version, userId, ref), seq, version };
  }

  /** Whether a device other than this one changed anything just now. */
  othersWrote(device: string): boolean {
    return this.#unseen.othersWrote(device, this.#hub.world.now());
  }

  /** M12: this device may ignore notifications until it has been sent all tasks. */
  deafen(device: string): void {
    this.#unseen.deafen(device, this.#hub.world.now());
  }

  undeafen(device: string): void {
    this.#unseen.undeafen(device, this.#hub.world.now());
  }

  /** This device has no connection any more. */
  left(device: string): void {
    this.#unseen.left(device);
  }

  /**
   * W3
   * @param key where the sender gives one
   */
  create(writer: Writer, said: Task, key = this.#hub.world.id()): Outcome {
    const ours = withOwner(said, writer.userId, this.account);
    let differs = false;
    const written = this.#write(writer, (ops) => {
      const twins = this.#lookup.byId(ours.id).map((key) => this.#lookup.task(key));
      if (this.#lookup.byIndex(ours.index) !== undefined || twins.some((twin) => same(twin, ours))) {
        return refuse('task_exists');
      }
      if (this.#lookup.task(key) !== undefined) return refuse('item_exists', '', 'update it, or leave key out');
      const used = this.#lookup.ids();
      differs = ours.id === undefined || used.has(ours.id);
      if (differs && ours.id !== undefined) ops.keep(key, ours);
      ops.put(key, differs ? { ...ours, id: freeId(used) } : ours);
      return undefined;
    });
    return { written, differs: () => differs };
  }

  /** W2, W4, W6 */
  update(writer: Writer, which: Which, said: Task): Outcome {
    const ours = withOwner(said, writer.userId, this.account);
    const sought = { which, ours, device: writer.device };
    let differs = false;
    const written = this.#write(writer, (ops, now) => {
      const named = find(this.#lookup, this.#unseen, sought, now);
      const found = named ?? findRemoved(this.#notices.removed, this.#lookup, sought);
      if (found !== undefined && found !== 'ambiguous') {
        differs = this.#change(ops, writer, found, which, ours, now);
        return undefined;
      }
      const unlike = this.#lookup.ids().has(which.id ?? ours.id ?? 0);
      if (found === undefined && !unlike) return refuse('task_not_found');
      // Whichever it is, nothing may be lost: the sender finds its edit beside them.
      differs = true;
      ops.put(this.#hub.world.id(), { ...ours, id: freeId(this.#lookup.ids()) });
      return undefined;
    });
    return { written, differs: () => differs };
  }

  /** W2, W4, W6 */
  delete(writer: Writer, said: Which): Outcome {
    const named = said.index === undefined ? {} : withOwner({ index: said.index }, writer.userId, this.account);
    const sought = { which: { ...said, ...named }, ours: undefined, device: writer.device };
    let differs = false;
    const written = this.#write(writer, (ops, now) => {
      const found = find(this.#lookup, this.#unseen, sought, now);
      if (found === undefined) return refuse('task_not_found');
      differs = found === 'ambiguous';
      if (found !== 'ambiguous') ops.remove(found.key);
      return undefined;
    });
    return { written, differs: () => differs };
  }

  /** M5 to M11: the whole list of a device, merged with what happened meanwhile. */
  async writeAll(writer: Writer, device: Device | undefined, said: readonly Task[]): Promise<Merged> {
    const ours = said.map((task) => withOwner(task, writer.userId, this.account));
    const past = await this.#pastOf(writer, device, ours);
    let spared = 0;
    let equal = false;
    const written = await this.#write(writer, (ops, now, state) => {
      const lives = livesOf(past, state, writer.device, device?.base);
      const merge = this.#merge(lives, ours, bounded(writer.version, now));
      spared = merge.spared;
      for (const outcome of merge.outcomes) {
        if (outcome.kind === 'remove') ops.remove(outcome.key);
        else {
          const key = outcome.key ?? this.#hub.world.id();
          if (outcome.overruled !== undefined) ops.keep(key, outcome.overruled);
          ops.put(key, outcome.task);
        }
      }
      const result = ops.result();
      equal = result.size === ours.length && isList(result, ours);
      this.#unseen.merged(result, merge.listed, writer.device, now);
      return undefined;
    });
    const sure = written.ok && equal && !written.replayed ? written.position.seq : undefined;
    return { written, spared, sure };
  }

  /** What happened since the device's base; or since the list it was sent last, where its own proves that one received. */
  async #pastOf(writer: Writer, device: Device | undefined, ours: readonly Task[]): Promise<TaskPast> {
    const { seq: until } = await this.#document.settled();
    const past = await this.#between(device?.base?.seq ?? 0, until);
    const sent = device?.sent;
    if (sent === undefined || !provesReceived(past, sent.login, ours, writer.device)) return past;
    device?.proved();
    return this.#between(sent.base.seq, until);
  }

  async #between(after: number, until: number): Promise<TaskPast> {
    const [base, steps] = await Promise.all([
      after === 0 ? [] : this.channel.at(after),
      this.channel.history({ after, before: until + 1 }),
    ]);
    return { base, steps, until };
  }

  /**
   * An update of a task that was found.
   * @returns whether what comes out is not what the sender thinks
   */
  #change(ops: Ops, writer: Writer, found: Found, which: Which, said: Task, now: number): boolean {
    const { key, task: current } = found;
    const alive = this.#lookup.task(key) !== undefined;
    // By an old id the sender means no change of it.
    const renumbered = found.renumbered === true && (which.id ?? said.id) === said.id;
    const ours = renumbered && current.id !== undefined ? { ...said, id: current.id } : said;
    // Who says on what step a change is based has seen what was there.
    const unseen = alive && writer.base === undefined ? this.#unseen.of(key, writer, now) : undefined;
    const merged = mergeUpdate(unseen?.values ?? [], current, ours, unseen?.said);
    const { whole } = merged;
    const taken = this.#lookup.ids(key);
    const { id } = merged.task;
    const task = id === undefined || taken.has(id) ? { ...merged.task, id: freeId(taken) } : merged.task;
    if (!same(task, whole)) ops.keep(key, whole);
    ops.put(key, task);
    // Of a task that comes back the sender is still to hear that it was gone.
    return renumbered || !alive || !same(task, whole);
  }

  async #write(
    writer: Writer,
    compute: (ops: Ops, now: number, state: ChannelState) => Refusal | undefined,
  ): Promise<Committed | Refusal> {
    let refusal: Refused | undefined;
    const written = await this.#document.write((state): Computed => {
      const now = this.#hub.world.now();
      const ops = new Ops(state, writer.version, now);
      refusal =
        writer.base !== undefined && writer.base !== state.seq
          ? staleAt(this.channel.position)
          : compute(ops, now, state);
      if (refusal !== undefined) return refusal;
      this.#unseen.wrote(ops, writer.device, now);
      const id = writer.writeId === undefined ? {} : { writeId: writer.writeId };
      return { ok: true, write: { ops: ops.list, origin: writer.device, at: now, ...id } };
    }, writer.peer);
    if (written.ok) return written;
    const by = { origin: writer.device, at: this.#hub.world.now(), writeId: writer.writeId };
    return (await acceptedBefore(this.channel, by)) ?? written;
  }
}

/** Whether every task of a device's list is among these as it is. */
function isList(result: ReadonlyMap<string, Task>, ours: readonly Task[]): boolean {
  const byId = new Map([...result.values()].map((task) => [task.id, task]));
  return ours.every((task) => same(byId.get(task.id), task));
}

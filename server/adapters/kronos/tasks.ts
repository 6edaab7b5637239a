// The tasks of one account: the task verbs of both client generations turned into writes of the channel `<account>/tasks`, and its
// changes turned into what plain clients are told. The merge itself is protocol/merge.ts; this file gathers what it needs.

import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { distance, type Life, mergeList, mergeUpdate, overlay, type Step, same } from '../../../protocol/merge.ts';
import type { Task } from '../../../protocol/messages.ts';
import { freeId, isDoneIdOf, withOwner } from '../../../protocol/task.ts';
import { type Base, bounded, nextVersion } from '../../../protocol/version.ts';
import type { Channel } from '../../core/channel.ts';
import type { Computed, Document, Mirror, View as State, Written } from '../../core/document.ts';
import type { Hub } from '../../core/hub.ts';
import type { Peer } from '../../core/peer.ts';
import type { View } from '../../core/session.ts';
import type { Change, Item, Op, Position } from '../../core/store.ts';
import type { Device } from './device.ts';

/** W6: another's change may not have been seen by a sender for this long. */
const unseenMs = 2_000;
/** Changes of one task that are told apart in that time; a deaf device may have missed more. */
const unseenMost = 100;
const pruneMs = 500;
/** Removed tasks that an update may bring back. */
const graves = 1_000;

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

/** Which task is meant: by the first that is given (W2). */
export interface Which {
  readonly key?: string | undefined;
  readonly index?: string | undefined;
  readonly id?: number | undefined;
}

/** What became of a write, and whether the sender has to be sent all tasks because they are not what it thinks. */
export type Outcome = { readonly written: Promise<Written>; readonly differs: () => boolean };

/** What plain clients are told of one step. */
interface Notice {
  readonly type: 'create' | 'update' | 'delete';
  readonly task: Task;
  readonly before: Task | undefined;
}

interface Past {
  readonly base: readonly Item[];
  readonly steps: readonly Change[];
}

interface Recent {
  readonly at: number;
  readonly device: string;
  readonly before: Task | undefined;
  readonly after: Task;
  /** Whether the device said so itself, rather than a merge for it. */
  readonly said: boolean;
  /** The one device that is told of it by a list. */
  readonly onlyFor?: string;
}

interface Found {
  readonly key: string;
  readonly task: Task;
  /** Found under an id that it no longer has. */
  readonly renumbered?: true;
}

interface Former {
  readonly id: number;
  readonly key: string;
  readonly task: Task;
  readonly at: number;
  /** Who may still use the old id: the device whose task was renumbered on arrival, or all but the one that changed it. */
  readonly meantBy: (device: string) => boolean;
}

export class Tasks {
  readonly account: string;
  readonly channel: Channel;
  #document: Document;
  #hub: Hub;
  #parsed = new WeakMap<Item, Task>();
  /** By token and secret: connections share them, for they are many. */
  #views = new Map<string, View>();
  #lookup = new Lookup((item) => this.#task(item));
  /** What plain clients have been told, by key. */
  #shown = new Map<string, Task>();
  /** Of the batch of changes that is being told. */
  #notices = new Map<number, Notice>();
  /** Of the last two seconds, by key, writes under way too. */
  #recent = new Map<string, Recent[]>();
  #prunedAt = 0;
  /** Connected devices that may ignore notifications, and since when. */
  #deaf = new Map<string, number>();
  /** When each device last did, for as long as it matters. */
  #wrote = new Map<string, number>();
  #removed = new Map<string, { task: Task; device: string }>();
  /** Ids that tasks had until a moment ago: some device may still mean them by it. */
  #formerly: Former[] = [];
  #merge: typeof mergeList;

  private constructor(account: string, document: Document, hub: Hub, merge: typeof mergeList) {
    this.account = account;
    this.#merge = merge;
    this.channel = document.channel;
    this.#document = document;
    this.#hub = hub;
  }

  static async open(hub: Hub, account: string, merge = mergeList): Promise<Tasks> {
    const document = await hub.document(`${account}/tasks`);
    const tasks = new Tasks(account, document, hub, merge);
    document.mirror(tasks.#lookup);
    await tasks.#recall();
    return tasks;
  }

  /** What is on disk now, for one reader. */
  async readAll(
    userId: string,
  ): Promise<{ readonly text: (ref?: string | number) => string; readonly seq: number; readonly version: number }> {
    const state = await this.#document.settled();
    const tasks = [...state.items.values()].map((item) => this.#task(item));
    return {
      text: (ref) => this.#listText(tasks, state.version, userId, ref),
      seq: state.seq,
      version: state.version,
    };
  }

  /** Whether a device other than this one changed anything just now. */
  othersWrote(device: string): boolean {
    const since = this.#hub.world.now() - unseenMs;
    return [...this.#wrote].some(([other, at]) => other !== device && at >= since);
  }

  /** M12: from now on what others change counts as unseen by this device, until it has been sent all tasks. */
  deafen(device: string): void {
    if (!this.#deaf.has(device)) this.#deaf.set(device, this.#hub.world.now() - unseenMs);
  }

  undeafen(device: string): void {
    this.#deaf.delete(device);
  }

  get version(): number {
    return this.channel.version;
  }

  get seq(): number {
    return this.channel.position.seq;
  }

  create(writer: Writer, said: Task): Outcome {
    const ours = withOwner(said, writer.userId, this.account);
    let differs = false;
    const written = this.#write(writer, (state, ops) => {
      const twins = this.#lookup.byId(ours.id).flatMap((key) => state.items.get(key) ?? []);
      if (this.#lookup.byIndex(ours.index) !== undefined || twins.some((item) => same(this.#task(item), ours))) {
        return refuse('task_exists');
      }
      const used = this.#ids();
      const key = this.#hub.world.id();
      differs = ours.id === undefined || used.has(ours.id);
      if (!differs) return ops.put(key, ours);
      if (ours.id !== undefined) ops.keep(key, ours);
      ops.put(key, { ...ours, id: freeId(used) });
      return undefined;
    });
    return { written, differs: () => differs };
  }

  update(writer: Writer, which: Which, said: Task): Outcome {
    const ours = withOwner(said, writer.userId, this.account);
    let differs = false;
    const written = this.#write(writer, (state, ops, now) => {
      const named = this.#find(state, which, ours, writer.device, now);
      const found: Found | undefined =
        named === 'ambiguous' ? undefined : (named ?? this.#resurrect(state, which, ours, writer.device));
      if (found === undefined) {
        const unlike = this.#ids().has(which.id ?? ours.id ?? 0);
        if (named !== 'ambiguous' && !unlike) return refuse('task_not_found');
        // Whichever it is, nothing may be lost: the sender finds its edit beside them.
        differs = true;
        return ops.put(this.#hub.world.id(), { ...ours, id: freeId(this.#ids()) });
      }
      const { key, task: current } = found;
      // By an old id the sender means no change of it.
      const renumbered = found.renumbered === true && (which.id ?? ours.id) === ours.id;
      const mine = renumbered && current.id !== undefined ? { ...ours, id: current.id } : ours;
      const whole = overlay(current, mine);
      const unseen = this.#unseen(key, writer, now);
      const merged =
        unseen === undefined || !state.items.has(key) ? whole : mergeUpdate(unseen.values, current, mine, unseen.said);
      const taken = this.#ids(key);
      const task = merged.id === undefined || taken.has(merged.id) ? { ...merged, id: freeId(taken) } : merged;
      // Of a task that comes back the sender is still to hear that it was gone.
      differs = renumbered || !state.items.has(key) || !same(task, whole);
      if (!same(task, whole)) ops.keep(key, whole);
      ops.put(key, task);
      return undefined;
    });
    return { written, differs: () => differs };
  }

  delete(writer: Writer, which: Which): Outcome {
    const named =
      which.index === undefined
        ? which
        : { ...which, index: withOwner({ index: which.index }, writer.userId, this.account).index };
    let differs = false;
    const written = this.#write(writer, (state, ops, now) => {
      const found = this.#find(state, named, undefined, writer.device, now);
      if (found === undefined) return refuse('task_not_found');
      differs = found === 'ambiguous';
      if (found !== 'ambiguous') ops.remove(found.key);
      return undefined;
    });
    return { written, differs: () => differs };
  }

  /**
   * M5 to M10: the whole list of a device, merged with what happened meanwhile.
   * @returns how many tasks it would have removed and did not (W7); `sure`: the last step, if the device's list is what came out
   */
  async writeAll(
    writer: Writer,
    device: Device | undefined,
    said: readonly Task[],
  ): Promise<{ readonly written: Written; readonly spared: number; readonly sure: number | undefined }> {
    const ours = said.map((task) => withOwner(task, writer.userId, this.account));
    const { seq } = await this.#document.settled();
    const known = await this.#since(device?.base?.seq ?? 0, seq);
    const sent = device?.sent;
    const arrived = sent !== undefined && provesReceived(known, sent.login, ours, writer.device);
    if (arrived) device?.proved();
    const { base, steps } = arrived ? await this.#since(sent.base.seq, seq) : known;
    let spared = 0;
    let equal = false;
    const written = await this.#write(writer, (state, ops, now) => {
      const lives = this.#lives(base, steps, state, seq, writer.device, device?.base);
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
      const result = ops.result(state, (item) => this.#task(item));
      equal = result.size === ours.length && sameSet([...result.values()], ours);
      this.#remember(result, ours, writer.device, now);
      return undefined;
    });
    const sure = written.ok && equal && !written.replayed ? written.position.seq : undefined;
    return { written, spared, sure };
  }

  /** How a plain client with this secret sees the tasks. */
  view(token: string, userId: string): View {
    const name = `${token} ${userId}`;
    const view = this.#views.get(name) ?? this.#viewOf(token, userId);
    this.#views.set(name, view);
    return view;
  }

  #viewOf(token: string, userId: string): View {
    return {
      key: `tasks ${token}`,
      echo: false,
      whole: true,
      live: (change) => {
        const notice = this.#notices.get(change.seq);
        return notice === undefined ? null : this.#noticeText(notice, change, userId);
      },
      page: (page) =>
        this.#listText(
          page.changes.flatMap((change) => (change.value === null ? [] : [parseTask(change.value)])),
          page.version,
          userId,
        ),
      seqOf: (text) => (plainText.test(text) ? 1 : undefined),
    };
  }

  /** Loads what plain clients know and what was removed lately, and listens from there. */
  async #recall(): Promise<void> {
    for (;;) {
      const state = await this.#document.settled();
      const past = await this.channel.history({ newest: true, limit: graves });
      if (state.seq !== this.channel.position.seq) continue;
      for (const item of state.items.values()) this.#shown.set(item.key, this.#task(item));
      const gone = new Map<string, string>();
      for (const change of past) {
        if (state.items.has(change.key)) continue;
        if (change.value === null) gone.set(change.key, gone.get(change.key) ?? change.origin);
        const device = gone.get(change.key);
        if (change.value !== null && device !== undefined && !this.#removed.has(change.key)) {
          this.#removed.set(change.key, { task: parseTask(change.value), device });
        }
      }
      this.channel.listen((changes) => this.#told(changes));
      return;
    }
  }

  #told(changes: readonly Change[]): void {
    this.#notices.clear();
    for (const change of changes) {
      const before = this.#shown.get(change.key);
      if (change.value === null) {
        this.#shown.delete(change.key);
        if (before === undefined) continue;
        this.#notices.set(change.seq, { type: 'delete', task: before, before });
        this.#removed.set(change.key, { task: before, device: change.origin });
        const oldest = this.#removed.keys().next().value;
        if (this.#removed.size > graves && oldest !== undefined) this.#removed.delete(oldest);
      } else if (change.version !== null) {
        // A step without a version was kept for history only: the next one says what became of the task.
        const task = parseTask(change.value);
        if (before !== undefined && same(before, task)) continue;
        this.#shown.set(change.key, task);
        this.#removed.delete(change.key);
        this.#notices.set(change.seq, { type: before === undefined ? 'create' : 'update', task, before });
      }
    }
  }

  #noticeText(notice: Notice, change: Change, userId: string): string {
    const { type, before } = notice;
    const task = withOwner(notice.task, this.account, userId || this.account);
    const common = { device_id: change.origin, version: change.version ?? this.channel.version };
    if (type === 'delete') {
      return JSON.stringify({ success: true, type, task_id: task.id, task_index: task.index, ...common });
    }
    const renamed = before !== undefined && before.id !== task.id ? { task_id: before.id } : {};
    return JSON.stringify({ success: true, type, task, ...renamed, ...common });
  }

  #listText(tasks: readonly Task[], version: number, userId: string, ref?: string | number): string {
    const shown = tasks
      .map((task) => withOwner(task, this.account, userId || this.account))
      .sort((one, other) => (one.id ?? 0) - (other.id ?? 0));
    return JSON.stringify({ success: true, type: 'read-all', tasks: shown, version, ref });
  }

  #task(item: Item): Task {
    const known = this.#parsed.get(item);
    if (known !== undefined) return known;
    const task = parseTask(item.value);
    this.#parsed.set(item, task);
    return task;
  }

  async #write(
    writer: Writer,
    compute: (state: State, ops: Ops, now: number) => Refusal | undefined,
  ): Promise<Written> {
    let refusal: (Refusal & { readonly position?: Position }) | undefined;
    const written = await this.#document.write((state): Computed => {
      const now = this.#hub.world.now();
      const ops = new Ops(state.version, writer.version, now);
      refusal =
        writer.base !== undefined && writer.base !== state.seq
          ? { ...refuse('stale', '', 'read the channel and try again'), position: this.channel.position }
          : compute(state, ops, now);
      if (refusal !== undefined) return refusal;
      this.#note(state, ops, writer.device, now);
      const id = writer.writeId === undefined ? {} : { writeId: writer.writeId };
      return { ok: true, write: { ops: ops.list, origin: writer.device, at: now, ...id } };
    }, writer.peer);
    if (written.ok || writer.writeId === undefined) return written;
    // Refused now, but perhaps accepted before under the same id: that answer holds. The base cannot be right, so nothing is written.
    const asked = { ops: [], origin: writer.device, at: this.#hub.world.now(), writeId: writer.writeId, base: -1 };
    const again = await this.channel.write(asked);
    return again.ok ? again : written;
  }

  /** Remembers what each write of the last moments changed, so that updates that crossed it can be told apart (W6). */
  #note(state: State, ops: Ops, device: string, now: number): void {
    if (now - this.#prunedAt >= pruneMs) this.#prune(now);
    for (const [other, at] of this.#wrote) if (now - at > unseenMs) this.#wrote.delete(other);
    if (ops.list.length > 0) this.#wrote.set(device, now);
    this.#formerly = this.#formerly.filter(({ at }) => now - at <= unseenMs);
    for (const { id, key, task } of ops.renumbered()) {
      this.#formerly.push({ id, key, task, at: now, meantBy: (other) => other === device });
    }
    for (const { key, task } of ops.moved(state, (item) => this.#task(item))) {
      if (task.id !== undefined)
        this.#formerly.push({ id: task.id, key, task, at: now, meantBy: (other) => other !== device });
    }
    const kept = new Set(ops.list.flatMap((op) => (op.op !== 'remove' && op.version === undefined ? [op.key] : [])));
    for (const op of ops.list) {
      if (op.op === 'remove') continue;
      const item = state.items.get(op.key);
      const said = op.version === undefined || !kept.has(op.key);
      const recent = {
        at: now,
        device,
        said,
        before: item === undefined ? undefined : this.#task(item),
        after: parseTask(op.value),
      };
      this.#recent.set(op.key, [...(this.#recent.get(op.key) ?? []), recent]);
    }
  }

  /** Until it has taken over the list that answers its own, a device goes on working from the values that it sent. */
  #remember(result: ReadonlyMap<string, Task>, ours: readonly Task[], device: string, now: number): void {
    const byIndex = new Map(ours.map((task) => [task.index, task]));
    const byId = new Map(ours.map((task) => [task.id, task]));
    for (const [key, after] of result) {
      const before = after.index === undefined ? byId.get(after.id) : byIndex.get(after.index);
      if (before === undefined || same(before, after)) continue;
      this.#recent.set(key, [
        ...(this.#recent.get(key) ?? []),
        { at: now, device: '', said: false, onlyFor: device, before, after },
      ]);
    }
  }

  #prune(now: number): void {
    this.#prunedAt = now;
    const horizon = Math.min(now - unseenMs, ...this.#deaf.values());
    for (const [key, list] of this.#recent) {
      const late = list.filter(({ at }) => at >= horizon).slice(-unseenMost);
      if (late.length === 0) this.#recent.delete(key);
      else this.#recent.set(key, late);
    }
  }

  /** The values of a task that its sender may still be working from; undefined when it has surely seen the current one. */
  #unseen(
    key: string,
    { device, crossed }: Writer,
    now: number,
  ): { values: Task[]; said: Task | undefined } | undefined {
    const since = Math.min(now - unseenMs, this.#deaf.get(device) ?? now);
    const recent = (this.#recent.get(key) ?? []).filter(
      ({ at, onlyFor = device }) => at >= since && onlyFor === device,
    );
    const first = recent.findIndex((change) => crossed || change.device !== device);
    if (first === -1) return undefined;
    const before = recent[first]?.before;
    const said = recent.findLast((change) => change.device === device && change.said)?.after;
    return {
      values: [...(before === undefined ? [] : [before]), ...recent.slice(first).map(({ after }) => after)],
      said,
    };
  }

  #find(
    state: State,
    which: Which,
    ours: Task | undefined,
    device: string,
    now: number,
  ): Found | 'ambiguous' | undefined {
    const found = this.#findAsNamed(state, which, ours);
    const id = which.id ?? ours?.id;
    if (which.key !== undefined || (ours?.index ?? which.index) !== undefined) return found;
    // Only an id, which may have gone to another task without the sender knowing: the task that its value is nearest to.
    const formers = this.#formerly.filter(
      (one) => one.id === id && now - one.at <= unseenMs && one.meantBy(device) && one.key !== found?.key,
    );
    const away = ({ key, task }: Found) =>
      ours === undefined
        ? 0
        : Math.min(
            ...[task, ...(this.#recent.get(key) ?? []).flatMap(({ before, after }) => [before ?? after, after])].map(
              (value) => distance(value, ours),
            ),
          );
    const best = [...formers].sort((one, other) => away(one) - away(other))[0];
    if (best === undefined || (found !== undefined && away(best) > away(found))) return found;
    const item = state.items.get(best.key);
    if (ours === undefined) return found === undefined && item === undefined ? undefined : 'ambiguous';
    if (found !== undefined && away(best) === away(found)) return 'ambiguous';
    return item === undefined
      ? { key: best.key, task: best.task }
      : { key: best.key, task: this.#task(item), renumbered: true };
  }

  #findAsNamed(state: State, which: Which, ours: Task | undefined): Found | undefined {
    const named = (key: string | undefined): Found | undefined => {
      const item = key === undefined ? undefined : state.items.get(key);
      return item === undefined ? undefined : { key: item.key, task: this.#task(item) };
    };
    if (which.key !== undefined) return named(which.key);
    const index = ours?.index ?? which.index;
    if (index !== undefined) return named(this.#lookup.byIndex(index));
    const { id = ours?.id } = which;
    const byId = this.#lookup
      .byId(id)
      .flatMap((key) => named(key) ?? [])
      .find(({ task }) => !isAnother(task, ours));
    if (ours === undefined || which.id !== undefined) return byId;
    // Neither index nor old id: perhaps a client that did, or undid, `done` (W2), and then by chance under the id of another task.
    const renamed = this.#lookup
      .byDesc(ours.desc)
      .flatMap((key) => named(key) ?? [])
      .filter(({ task }) => {
        if (task.index !== undefined || task.id === undefined || ours.id === undefined || task.desc !== ours.desc)
          return false;
        return ours.done ? !task.done && isDoneIdOf(ours.id, task.id) : Boolean(task.done);
      });
    return [...(byId === undefined ? [] : [byId]), ...renamed].reduce<Found | undefined>(
      (best, one) => (best === undefined || distance(one.task, ours) < distance(best.task, ours) ? one : best),
      undefined,
    );
  }

  /** The ids that are taken, but for that of one task. */
  #ids(except?: string): { has(id: number): boolean } {
    return { has: (id) => this.#lookup.byId(id).some((key) => key !== except) };
  }

  /** W4: a task that was removed by another device, which the sender of an update may not have known. */
  #resurrect(state: State, which: Which, ours: Task, device: string): { key: string; task: Task } | undefined {
    for (const [key, grave] of this.#removed) {
      if (state.items.has(key) || grave.device === device) continue;
      const { task } = grave;
      const fits =
        ours.index !== undefined || task.index !== undefined
          ? task.index === ours.index
          : task.id === (which.id ?? ours.id);
      if (which.key === undefined ? fits : which.key === key) return { key, task };
    }
    return undefined;
  }

  /** The items after step `after`, and every step from there to `until`. */
  async #since(after: number, until: number): Promise<Past> {
    const [base, steps] = await Promise.all([
      after === 0 ? [] : this.channel.at(after),
      this.channel.history({ after, before: until + 1 }),
    ]);
    return { base, steps };
  }

  /** The base, history since, and what is newer than that history, as the merge wants them. */
  #lives(
    base: readonly Item[],
    steps: readonly Change[],
    state: State,
    until: number,
    device: string,
    has: Base | undefined,
  ): Life[] {
    const lives = new Map<string, { key: string; base: Task | undefined; steps: Step[] }>();
    const life = (key: string) => {
      const known = lives.get(key) ?? { key, base: undefined, steps: [] };
      lives.set(key, known);
      return known;
    };
    // A write that came after the device was last seen, or that a list may have crossed, it may have forgotten.
    const sure = (at: number) => at <= (has?.left ?? 0) && at < (has?.doubt ?? Number.POSITIVE_INFINITY);
    for (const item of base) life(item.key).base = this.#task(item);
    for (const step of steps) {
      const known = life(step.key);
      // What a merge made of a device's value is not yet known to the device.
      const own = step.origin === device && known.steps.at(-1)?.version !== -1 && sure(step.at);
      known.steps.push({ task: step.value === null ? null : parseTask(step.value), version: step.version ?? -1, own });
    }
    for (const item of state.items.values()) {
      if (item.seq > until)
        life(item.key).steps.push({ task: this.#task(item), version: item.version ?? -1, own: false });
    }
    for (const known of lives.values()) {
      const last = known.steps.at(-1);
      const alive = last === undefined ? known.base !== undefined : last.task !== null;
      if (alive && !state.items.has(known.key)) known.steps.push({ task: null, version: state.version, own: false });
    }
    return [...lives.values()];
  }
}

/** The keys of tasks by what clients know them by, the writes under way included. */
class Lookup implements Mirror {
  #read: (item: Item) => Task;
  #tasks = new Map<string, Task>();
  /** Two tasks may have one id while a write is under way, or one description for ever. */
  #byId = new Map<number, Set<string>>();
  #byDesc = new Map<string, Set<string>>();
  #byIndex = new Map<string, string>();

  constructor(read: (item: Item) => Task) {
    this.#read = read;
  }

  byId(id: number | undefined): readonly string[] {
    return id === undefined ? [] : [...(this.#byId.get(id) ?? [])];
  }

  byDesc(desc: string | undefined): readonly string[] {
    return desc === undefined ? [] : [...(this.#byDesc.get(desc) ?? [])];
  }

  byIndex(index: string | undefined): string | undefined {
    return index === undefined ? undefined : this.#byIndex.get(index);
  }

  cleared(): void {
    this.#tasks.clear();
    this.#byId.clear();
    this.#byDesc.clear();
    this.#byIndex.clear();
  }

  set(item: Item): void {
    this.removed(item.key);
    const { id, desc, index } = this.#read(item);
    this.#tasks.set(item.key, this.#read(item));
    if (id !== undefined) addTo(this.#byId, id, item.key);
    if (desc !== undefined) addTo(this.#byDesc, desc, item.key);
    if (index !== undefined) this.#byIndex.set(index, item.key);
  }

  removed(key: string): void {
    const task = this.#tasks.get(key);
    if (task === undefined) return;
    this.#tasks.delete(key);
    if (task.id !== undefined) removeFrom(this.#byId, task.id, key);
    if (task.desc !== undefined) removeFrom(this.#byDesc, task.desc, key);
    if (task.index !== undefined && this.#byIndex.get(task.index) === key) this.#byIndex.delete(task.index);
  }
}

function addTo<K>(groups: Map<K, Set<string>>, name: K, key: string): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, new Set([key]));
  else group.add(key);
}

function removeFrom<K>(groups: Map<K, Set<string>>, name: K, key: string): void {
  const group = groups.get(name);
  group?.delete(key);
  if (group?.size === 0) groups.delete(name);
}

/** Collects the ops of one write, each shown change under a version of its own (W5). */
class Ops {
  readonly list: Op[] = [];
  #version: number;
  #stated: number | undefined;
  #now: number;

  constructor(version: number, stated: number | undefined, now: number) {
    this.#version = version;
    this.#stated = stated;
    this.#now = now;
  }

  put(key: string, task: Task): undefined {
    this.list.push({ op: 'put', key, value: JSON.stringify(task), version: this.#next() });
  }

  /** For history only: the next op of this key says what becomes of the task. */
  keep(key: string, task: Task): void {
    this.list.push({ op: 'put', key, value: JSON.stringify(task) });
  }

  remove(key: string): void {
    this.list.push({ op: 'remove', key, version: this.#next() });
  }

  /** Tasks that came under one id and were given another. */
  renumbered(): { id: number; key: string; task: Task }[] {
    return this.list.flatMap((op, at) => {
      const next = this.list[at + 1];
      if (op.op === 'remove' || op.version !== undefined || next === undefined || next.op === 'remove') return [];
      const task = parseTask(op.value);
      return task.id === undefined || task.id === parseTask(next.value).id ? [] : [{ id: task.id, key: op.key, task }];
    });
  }

  /** Tasks that lose the id that they had, with their value until now. */
  moved(state: State, read: (item: Item) => Task): { key: string; task: Task }[] {
    return this.list.flatMap((op) => {
      const item = op.version === undefined ? undefined : state.items.get(op.key);
      if (item === undefined) return [];
      const task = read(item);
      return op.op === 'remove' || parseTask(op.value).id !== task.id ? [{ key: op.key, task }] : [];
    });
  }

  /** The tasks as they are after these ops. */
  result(state: State, read: (item: Item) => Task): Map<string, Task> {
    const tasks = new Map([...state.items.values()].map((item) => [item.key, read(item)]));
    for (const op of this.list) {
      if (op.op === 'remove') tasks.delete(op.key);
      else tasks.set(op.key, parseTask(op.value));
    }
    return tasks;
  }

  #next(): number {
    this.#version = nextVersion(this.#version, this.#stated, this.#now);
    return this.#version;
  }
}

/** The texts that `view` makes, and nothing else that is sent. */
const plainText = /^\{"success":true,"type":"(?:(?:create|update)","task"|delete","task_id")/;

/**
 * Whether the device's list holds a value that came up only after its base, from somebody else, and before it logged in: then it has
 * that from the list it was sent.
 */
function provesReceived({ base, steps }: Past, login: number, ours: readonly Task[], device: string): boolean {
  const before = new Map<string, Set<string>>(base.map((item) => [item.key, new Set([item.value])]));
  const listed = new Map(ours.map((task) => [task.id, task]));
  for (const { key, value, seq, origin } of steps) {
    if (seq > login) return false;
    if (value === null) continue;
    const values = before.get(key) ?? new Set();
    before.set(key, values);
    const task = parseTask(value);
    if (!values.has(value) && origin !== device && same(listed.get(task.id), task)) return true;
    values.add(value);
  }
  return false;
}

/** Written by this file alone, from tasks that the codec checked. */
function parseTask(text: string): Task {
  return JSON.parse(text);
}

/** A task without an index that is unlike the one with an index under its id: two devices gave that id at once. */
function isAnother(task: Task, ours: Task | undefined): boolean {
  return ours !== undefined && task.index !== undefined && task.desc !== ours.desc && distance(task, ours) > 1;
}

function sameSet(some: readonly Task[], others: readonly Task[]): boolean {
  const byId = new Map(some.map((task) => [task.id, task]));
  return others.every((task) => same(byId.get(task.id), task));
}

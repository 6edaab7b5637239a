// The data of the terminal GUI: the database file, which other commands change too, and the hub. While this process has the sync lock, it
// syncs for all of them. Draws nothing.

import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { QuestionView } from '../../../protocol/day-questions.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { Connection, SdkChannel } from '../../typescript/api.ts';
import { touchIntervalMs, tryLock } from '../../typescript/lock-file.ts';
import { actionContext, type CliContext } from '../cli/cli-context.ts';
import { revertStep } from '../cli/verbs/log.ts';
import { type SlotWritten, writeSlotChange } from '../cli/verbs/slot-change.ts';
import type { ActionOutcome, ActionRefusal, TaskAction } from '../data/actions.ts';
import type { SlotChange } from '../data/change-slots.ts';
import { DatabaseError, type KronosDatabase } from '../data/database.ts';
import { commitAction } from '../data/edits.ts';
import { dismissOffered } from '../day/hub-questions.ts';
import { sendEntries } from '../sync/entries.ts';
import { connectDevice, forgetHub } from '../sync/hub.ts';
import { AccountDatabase, TaskSync } from '../sync/sync.ts';

/** One change causes several events of the file system, so the file is read after this delay, in milliseconds. */
const settleDelayMs = 30;
/** How often the hub is asked for its questions, in milliseconds. */
const askEveryMs = 30_000;
/** How long `wake` and `close` wait for the hub, in milliseconds. */
const shortSyncMs = 2_000;

export interface SyncStatus {
  readonly state: 'off' | 'busy' | 'connecting' | 'live' | 'offline' | 'refused';
  /** For people. */
  readonly text: string;
}

interface Hub {
  readonly connection: Connection;
  readonly tasks: SdkChannel<Task>;
  readonly account: AccountDatabase;
  readonly sync: TaskSync;
  readonly unlock: () => void;
}

export class LiveDatabase {
  #cli: CliContext;
  #onChange: () => void;
  #database: KronosDatabase;
  #watcher: FSWatcher | undefined;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #hub: Hub | undefined;
  #ticking: Promise<void> | undefined;
  #isExchanging = false;
  #mustExchangeAgain = false;
  #lockTimer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;
  #questions: readonly QuestionView[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;

  /** @throws DatabaseError if the file cannot be read */
  constructor(cli: CliContext, onChange: () => void) {
    this.#cli = cli;
    this.#onChange = onChange;
    this.#database = cli.database.read();
  }

  get database(): KronosDatabase {
    return this.#database;
  }

  get link(): SyncStatus {
    const { enable_sync: enabled, sync_host: host, queue } = this.#database;
    if (!enabled) return { state: 'off', text: 'not synced: run "kronos login"' };
    if (this.#hub === undefined) return { state: 'busy', text: 'another kronos syncs' };
    const { state } = this.#hub.connection;
    const count = queue.length + this.#hub.tasks.pendingCount;
    const waiting = count === 0 ? '' : `, ${count} ${count === 1 ? 'change waits' : 'changes wait'}`;
    if (state.name === 'live') return { state: 'live', text: `live with ${host}${waiting}` };
    if (state.name === 'offline') return { state: 'offline', text: `offline${waiting}` };
    if (state.name === 'revoked') return { state: 'refused', text: `refused (${state.reason}): "kronos login"` };
    return { state: 'connecting', text: `connecting to ${host}${waiting}` };
  }

  /** The hub's first question; undefined if there is none. */
  get question(): QuestionView | undefined {
    return this.#questions[0];
  }

  /** Answers the question that is shown. @param place of the answer in its list, from 0 @returns a text for people; '' for no such answer */
  async answerQuestion(place: number): Promise<string> {
    const { question } = this;
    const answer = question?.answers[place];
    if (question === undefined || answer === undefined) return '';
    // It was dismissed on the hub when it was shown.
    const sent =
      question.kind === 'unexplained'
        ? undefined
        : await this.#hub?.connection.answerQuestion({ key: question.key, answer });
    if (sent?.ok === false && sent.code !== 'not_found' && sent.code !== 'exists') return sent.error;
    this.#questions = this.#questions.filter(({ key }) => key !== question.key);
    return sent?.ok === false && sent.hint !== undefined ? sent.hint : `answered: ${answer}`;
  }

  async start(): Promise<void> {
    this.#watch();
    await this.tick();
  }

  /** To be called about every second. Reconnects, and finds changes that no event reported. One call runs at a time. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick()
      .catch(() => undefined)
      .finally(() => {
        this.#ticking = undefined;
      });
    return this.#ticking;
  }

  refresh(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
    try {
      this.#database = this.#cli.database.read();
    } catch (error) {
      // A person may be editing the file: it is read again later.
      if (!(error instanceof DatabaseError)) throw error;
    }
    this.#onChange();
  }

  /** Tries to reach the hub at once. */
  async wake(): Promise<void> {
    this.refresh();
    await this.#hub?.connection.sync({ deadlineMs: shortSyncMs }).catch(() => undefined);
  }

  /**
   * @param name the action's name, for the history
   * @param task the task that the screen showed for the id in `args`. The action is refused if the id now names another task
   */
  act(name: string, action: TaskAction, args: string, task?: PlainTask): ActionOutcome {
    const now = Math.floor(this.#cli.now() / 1_000);
    const context = actionContext(this.#cli, now);
    let outcome: ActionOutcome | undefined;
    try {
      this.#database = this.#cli.database.write((database) => {
        outcome = isMoved(database, task) ? movedRefusal : action(database, args, context);
        return outcome.ok ? commitAction(database, outcome.changes, { action: name, at: now }) : {};
      });
    } catch (error) {
      return refusalOf(error);
    }
    this.#notifyChange();
    return outcome ?? { ok: false, error: `task ${name} failed`, why: 'failure' };
  }

  /** Changes intervals. Overlaps with other work are returned, unless `decision` says what to do with them. */
  changeTimes(
    action: string,
    change: (database: KronosDatabase) => SlotChange,
    decision: 'cut' | 'keep' | undefined,
  ): SlotWritten {
    let written: SlotWritten;
    try {
      written = writeSlotChange({ action, now: Math.floor(this.#cli.now() / 1_000), change }, decision, this.#cli);
    } catch (error) {
      return { kind: 'refused', refusal: refusalOf(error) };
    }
    if (written.kind === 'written') {
      this.#database = written.database;
      this.#notifyChange();
    }
    return written;
  }

  /** @returns the hub's merged day; undefined if this process is not connected to a hub */
  async requestDay(date: string): Promise<Awaited<ReturnType<Connection['day']>> | undefined> {
    return this.link.state === 'live' ? this.#hub?.connection.day(date) : undefined;
  }

  /** Undoes the last change. @returns a text for people: the undone action, or the reason of a failure */
  revert(): string {
    try {
      const reverted = revertStep(this.#cli.database, undefined, Math.floor(this.#cli.now() / 1_000));
      this.refresh();
      this.#notifyChange();
      return reverted.ok ? `undone: ${reverted.step.action}` : reverted.error;
    } catch (error) {
      return refusalOf(error).error;
    }
  }

  /** Sends the queued changes and disconnects. If some remain, a background process sends them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#refreshTimer);
    this.#watcher?.close();
    await this.#ticking;
    const hub = this.#hub;
    try {
      if (hub?.connection.state.name === 'live') {
        await hub.sync.upload();
        await hub.connection.sync({ deadlineMs: shortSyncMs });
      }
    } catch {
      // The changes are on disk.
    }
    this.refresh();
    await this.#disconnect(hub !== undefined && !this.#database.enable_sync);
    const { enable_sync: enabled, queue } = this.#database;
    if (enabled && (queue.length > 0 || (hub?.tasks.pendingCount ?? 0) > 0)) this.#cli.startBackgroundSync();
  }

  /** If the folder cannot be watched, every tick reads the file. */
  #watch(): void {
    try {
      mkdirSync(this.#cli.dataDir, { recursive: true, mode: 0o700 });
      this.#watcher = watch(this.#cli.dataDir, () => {
        this.#refreshTimer ??= setTimeout(() => this.refresh(), settleDelayMs);
      });
      this.#watcher.on('error', () => {
        this.#watcher = undefined;
      });
    } catch {
      this.#watcher = undefined;
    }
  }

  async #tick(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#watcher === undefined) this.refresh();
    const database = this.#database;
    const hub = this.#hub;
    if (hub === undefined) {
      if (database.enable_sync) await this.#connect();
    } else if (!hub.account.matches(database)) {
      // A command ran `login` or `logout`. The next tick connects again, so that the command's own sync comes first.
      await this.#disconnect(!database.enable_sync);
    } else if (hub.tasks.isCurrent && database.queue.length > 0) {
      await hub.sync.upload();
    } else if (hub.connection.state.name === 'live' && database.entries.length > 0) {
      await sendEntries(hub.account, hub.connection);
      this.refresh();
    }
    if (hub?.connection.state.name === 'live') await this.#ask(hub);
  }

  async #ask({ connection }: Hub): Promise<void> {
    const now = this.#cli.now();
    if (Math.abs(now - this.#askedAt) < askEveryMs) return;
    this.#askedAt = now;
    const answer = await connection.questions();
    if (!answer.ok) return;
    // Unexplained time is offered once: it stays on this screen until somebody has seen it.
    const offered = this.#questions.filter(({ kind }) => kind === 'unexplained');
    this.#questions = [...answer.questions, ...offered];
    await dismissOffered(connection, answer.questions);
    this.#onChange();
  }

  #notifyChange(): void {
    this.#onChange();
    void this.tick();
  }

  async #connect(): Promise<void> {
    const lock = tryLock(join(this.#cli.dataDir, 'sync.lock'));
    if (lock === undefined) return;
    const unlock = () => {
      process.off('exit', unlock);
      lock.release();
    };
    // A signal or an exception must release the lock too.
    process.once('exit', unlock);
    const connection = await connectDevice(this.#database, this.#cli.dataDir);
    if (connection === undefined || this.#isClosed) return unlock();
    const account = new AccountDatabase(this.#cli.database, this.#database);
    const tasks = connection.channel('tasks');
    const sync = new TaskSync(account, tasks, () => this.#cli.now());
    const hub: Hub = { connection, tasks, account, sync, unlock };
    this.#hub = hub;
    this.#lockTimer = setInterval(() => lock.touch(), touchIntervalMs);
    connection.onState(() => {
      if (connection.state.name === 'live') void this.#storeIdentity(hub);
      this.#onChange();
    });
    tasks.onItems(() => void this.#exchange(hub));
    connection.start();
    await tasks.open();
  }

  async #storeIdentity({ connection, account }: Hub): Promise<void> {
    try {
      this.#database = await account.storeIdentity(connection);
    } catch {
      // The next connection stores it.
    }
  }

  /** Uploads and downloads. Changes of the channel come in bursts: all that arrive during an exchange share the next one. */
  async #exchange(hub: Hub): Promise<void> {
    this.#mustExchangeAgain = true;
    if (this.#isExchanging) return;
    this.#isExchanging = true;
    while (this.#mustExchangeAgain) {
      this.#mustExchangeAgain = false;
      try {
        await hub.sync.upload();
        hub.sync.download();
      } catch {
        // The database cannot be written, or belongs to another hub by now: the next change tries again.
      }
      this.refresh();
    }
    this.#isExchanging = false;
  }

  async #disconnect(forget = false): Promise<void> {
    const hub = this.#hub;
    this.#hub = undefined;
    clearInterval(this.#lockTimer);
    try {
      await hub?.connection.close();
      if (forget) forgetHub(this.#cli.dataDir);
    } finally {
      hub?.unlock();
    }
    this.#onChange();
  }
}

const movedRefusal: ActionRefusal = {
  ok: false,
  error: 'another device gave this id to another task: nothing was changed',
  why: 'failure',
};

/** True if the id of the task names another task in the database. */
function isMoved({ tasks }: KronosDatabase, task: PlainTask | undefined): boolean {
  if (task === undefined) return false;
  const current = tasks.find(({ id }) => id === task.id);
  return current !== undefined && current.index !== task.index;
}

function refusalOf(error: unknown): ActionRefusal {
  if (!(error instanceof DatabaseError)) throw error;
  return { ok: false, error: `${error.message}: ${error.reason}`, why: 'failure' };
}

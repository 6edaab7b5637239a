// What the terminal GUI shows, kept in step: the database's file, which other commands write too, and the hub, which this process
// speaks to for all of them as long as it holds the lock. Nothing is drawn here.

import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Task } from '../../../protocol/messages.ts';
import type { Connection, SdkChannel } from '../../typescript/api.ts';
import { tryLock } from '../../typescript/lock-file.ts';
import { actionContext, type CliContext } from '../cli/cli-context.ts';
import { revertStep } from '../cli/verbs/log.ts';
import type { ActionOutcome, ActionRefusal, TaskAction } from '../data/actions.ts';
import { DatabaseError, type KronosDatabase } from '../data/database.ts';
import { commitAction } from '../data/edits.ts';
import { connectDevice, forgetHub } from '../sync/hub.ts';
import { AccountDatabase, TaskSync } from '../sync/sync.ts';

/** Commands write a file and rename it: several events, one change. */
const settledMs = 30;
const goodbyeMs = 2_000;

export interface SyncStatus {
  readonly state: 'off' | 'busy' | 'connecting' | 'live' | 'offline' | 'refused';
  /** For people. */
  readonly text: string;
}

interface Hub {
  readonly connection: Connection;
  readonly tasks: SdkChannel<Task>;
  readonly keeper: AccountDatabase;
  readonly exchange: TaskSync;
  readonly unlock: () => void;
}

export class LiveDatabase {
  #house: CliContext;
  #changed: () => void;
  #database: KronosDatabase;
  #watcher: FSWatcher | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #hub: Hub | undefined;
  #ticking: Promise<void> | undefined;
  #over = false;

  /** Throws DatabaseFailure where the file cannot be read. */
  constructor(house: CliContext, changed: () => void) {
    this.#house = house;
    this.#changed = changed;
    this.#database = house.database.read();
  }

  get database(): KronosDatabase {
    return this.#database;
  }

  get link(): SyncStatus {
    const { enable_sync: enabled, sync_host: host, queue } = this.#database;
    if (!enabled) return { state: 'off', text: 'not synchronized: "kronos login" does' };
    if (this.#hub === undefined) return { state: 'busy', text: 'another kronos synchronizes' };
    const { state } = this.#hub.connection;
    const count = queue.length + this.#hub.tasks.waiting;
    const waiting = count === 0 ? '' : `, ${count} ${count === 1 ? 'change waits' : 'changes wait'}`;
    if (state.name === 'live') return { state: 'live', text: `live with ${host}${waiting}` };
    if (state.name === 'offline') return { state: 'offline', text: `offline${waiting}` };
    if (state.name === 'revoked') return { state: 'refused', text: `refused (${state.reason}): "kronos login"` };
    return { state: 'connecting', text: `connecting to ${host}${waiting}` };
  }

  async start(): Promise<void> {
    this.#watch();
    await this.tick();
  }

  /** To be called every second or so: what nobody tells is looked for. One at a time; what fails is tried again. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick()
      .catch(() => undefined)
      .finally(() => {
        this.#ticking = undefined;
      });
    return this.#ticking;
  }

  refresh(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    try {
      this.#database = this.#house.database.read();
    } catch (error) {
      // Somebody may be writing in it by hand: the next reading says more.
      if (!(error instanceof DatabaseError)) throw error;
    }
    this.#changed();
  }

  /** Tries the hub at once. */
  async wake(): Promise<void> {
    this.refresh();
    await this.#hub?.connection.sync({ deadlineMs: goodbyeMs }).catch(() => undefined);
  }

  /** @param name of the action, for the history */
  act(name: string, action: TaskAction, args: string): ActionOutcome {
    const now = Math.floor(this.#house.now() / 1_000);
    const context = actionContext(this.#house, now);
    let outcome: ActionOutcome | undefined;
    try {
      this.#database = this.#house.database.write((database) => {
        outcome = action(database, args, context);
        return outcome.ok ? commitAction(database, outcome.changes, { action: name, at: now }) : {};
      });
    } catch (error) {
      return unkept(error);
    }
    this.#told();
    return outcome ?? { ok: false, error: `task ${name} failed`, why: 'failure' };
  }

  /** @returns what was taken back, or why nothing was */
  revert(): string {
    try {
      const reverted = revertStep(this.#house.database, undefined, Math.floor(this.#house.now() / 1_000));
      this.refresh();
      this.#told();
      return reverted.ok ? `taken back: ${reverted.step.action}` : reverted.error;
    } catch (error) {
      return unkept(error).error;
    }
  }

  /** Says goodbye to the hub; what it did not get is left to a command. */
  async close(): Promise<void> {
    this.#over = true;
    clearTimeout(this.#settling);
    this.#watcher?.close();
    await this.#ticking;
    const hub = this.#hub;
    try {
      if (hub?.connection.state.name === 'live') {
        await hub.exchange.upload();
        await hub.connection.sync({ deadlineMs: goodbyeMs });
      }
    } catch {
      // It waits on disk.
    }
    this.refresh();
    await this.#disconnect(hub !== undefined && !this.#database.enable_sync);
    const { enable_sync: enabled, queue } = this.#database;
    if (enabled && (queue.length > 0 || (hub?.tasks.waiting ?? 0) > 0)) this.#house.startBackgroundSync();
  }

  /** Where a folder cannot be watched, every tick reads the file. */
  #watch(): void {
    try {
      mkdirSync(this.#house.dataDir, { recursive: true, mode: 0o700 });
      this.#watcher = watch(this.#house.dataDir, () => {
        this.#settling ??= setTimeout(() => this.refresh(), settledMs);
      });
      this.#watcher.on('error', () => {
        this.#watcher = undefined;
      });
    } catch {
      this.#watcher = undefined;
    }
  }

  async #tick(): Promise<void> {
    if (this.#over) return;
    if (this.#watcher === undefined) this.refresh();
    const database = this.#database;
    const hub = this.#hub;
    if (hub === undefined) {
      if (database.enable_sync) await this.#connect();
    } else if (!hub.keeper.matches(database)) {
      // Somebody logged in elsewhere, or out. The next tick connects anew, so that who did it goes first.
      await this.#disconnect(!database.enable_sync);
    } else if (hub.tasks.current && database.queue.length > 0) {
      await hub.exchange.upload();
    }
  }

  #told(): void {
    this.#changed();
    void this.tick();
  }

  async #connect(): Promise<void> {
    const lock = tryLock(join(this.#house.dataDir, 'sync.lock'));
    if (lock === undefined) return;
    const unlock = () => {
      process.off('exit', unlock);
      lock.release();
    };
    // Whichever way it ends.
    process.once('exit', unlock);
    const connection = await connectDevice(this.#database, this.#house.dataDir);
    if (connection === undefined || this.#over) return unlock();
    const keeper = new AccountDatabase(this.#house.database, this.#database);
    const tasks = connection.channel('tasks');
    const exchange = new TaskSync(keeper, tasks, () => this.#house.now());
    this.#hub = { connection, tasks, keeper, exchange, unlock };
    connection.onState(() => {
      if (connection.state.name === 'live') void this.#know(connection, keeper);
      this.#changed();
    });
    tasks.onItems(() => void this.#exchanged(exchange));
    connection.start();
    await tasks.open();
  }

  async #know(connection: Connection, keeper: AccountDatabase): Promise<void> {
    try {
      this.#database = await keeper.storeIdentity(connection);
    } catch {
      // The next time that it is live.
    }
  }

  async #exchanged(exchange: TaskSync): Promise<void> {
    try {
      await exchange.upload();
      exchange.download();
    } catch {
      // What could not be kept, or is of another hub by now, is heard again.
    }
    this.refresh();
  }

  async #disconnect(forget = false): Promise<void> {
    const hub = this.#hub;
    this.#hub = undefined;
    try {
      await hub?.connection.close();
      if (forget) forgetHub(this.#house.dataDir);
    } finally {
      hub?.unlock();
    }
    this.#changed();
  }
}

function unkept(error: unknown): ActionRefusal {
  if (!(error instanceof DatabaseError)) throw error;
  return { ok: false, error: `${error.message}: ${error.reason}`, why: 'failure' };
}

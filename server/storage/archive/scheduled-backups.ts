// Backups that the hub makes by itself, once a day: each is verified after it is written, and only then are the oldest removed. A day that
// was missed, because the hub did not run or the disk was full, is made up for. archive-file.ts has the file format.

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { OperatorEvents } from '../../core/operator-events.ts';
import type { Archive } from '../../core/store.ts';
import type { BackupOutcome } from '../../core/upkeep.ts';
import type { World } from '../../core/world.ts';
import { makeFolder } from '../fsync.ts';
import { verifyArchive, writeArchive } from './archive-file.ts';

/** Where and when: what HORAI_BACKUP says. */
export interface BackupPlan {
  readonly folder: string;
  /** Minutes after midnight, by the clock of the machine. */
  readonly minute: number;
  /** How many backups stay. */
  readonly keep: number;
}

export interface BackupDeps {
  readonly plan: BackupPlan;
  readonly archive: Omit<Archive, 'load'>;
  readonly epoch: () => string;
  readonly version: string;
  readonly world: World;
  readonly events: OperatorEvents;
}

const checkMs = 60_000;
/** A backup that failed is tried again after this time, in milliseconds. */
const retryMs = 3_600_000;
const fileForm = /^horai-\d{4}-\d\d-\d\dT\d{6}(?:-\d+)?Z\.backup$/;
const partForm = /^horai-\d{4}-\d\d-\d\dT\d{6}(?:-\d+)?Z\.backup\.part$/;

export class ScheduledBackups {
  readonly #deps: BackupDeps;
  /** Milliseconds since 1970 of the newest good backup; 0 without one. */
  #at = 0;
  #failedAt: number | undefined;
  #error: string | undefined;
  #isClosed = false;
  #cancel: () => void = () => undefined;
  #running: Promise<BackupOutcome> | undefined;

  private constructor(deps: BackupDeps) {
    this.#deps = deps;
  }

  /** Looks which backups there are. A folder that cannot be read is reported like a backup that failed. */
  static async open(deps: BackupDeps): Promise<ScheduledBackups> {
    const backups = new ScheduledBackups(deps);
    try {
      makeFolder(deps.plan.folder);
      const newest = (await backups.#files()).at(-1);
      if (newest !== undefined) backups.#at = (await stat(join(deps.plan.folder, newest))).mtimeMs;
    } catch (error) {
      backups.#fail(error);
    }
    return backups;
  }

  /** Starts the schedule. */
  start(): void {
    this.#cancel = this.#deps.world.after(checkMs, () => {
      if (this.#isClosed) return;
      this.start();
      if (this.#isDue()) void this.make();
    });
  }

  /** Of the newest good backup, and whether the last try failed. */
  get state(): { readonly at: number; readonly isFailed: boolean } {
    return { at: this.#at, isFailed: this.#error !== undefined };
  }

  /** Why the last try failed; undefined if it did not. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Makes a backup now. Calls during a backup get its result. */
  make(): Promise<BackupOutcome> {
    this.#running ??= this.#make().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Ends the schedule, and waits for a backup that is being written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  /** Decided anew from the clock each minute, so that a suspended machine or a clock that was set changes nothing for long. */
  #isDue(): boolean {
    const now = this.#deps.world.now();
    const due = lastOccurrence(now, this.#deps.plan.minute);
    // A backup of the future was made while the clock was wrong.
    const isMade = this.#at >= due && this.#at <= now;
    const isTried = this.#failedAt !== undefined && Math.abs(now - this.#failedAt) < retryMs;
    return !isMade && !isTried && this.#running === undefined;
  }

  async #make(): Promise<BackupOutcome> {
    const { plan, archive, epoch, version, world, events } = this.#deps;
    const began = world.now();
    try {
      makeFolder(plan.folder);
      await this.#removeParts();
      const file = await this.#freeName(began);
      const about = { epoch: epoch(), made: began, by: version };
      await writeArchive(archive, about, file, () => undefined);
      const read = await verifyArchive(file, () => undefined);
      if (!read.ok) {
        await rm(file, { force: true });
        throw new Error(read.error);
      }
      const { size: bytes } = await stat(file);
      const { channels, steps } = read.contents;
      this.#at = began;
      this.#failedAt = undefined;
      this.#error = undefined;
      events.report({ event: 'backup_written', file, bytes, seconds: Math.max(0, world.now() - began) / 1_000 });
      for (const old of (await this.#files()).slice(0, -plan.keep)) await rm(join(plan.folder, old), { force: true });
      return { ok: true, file, bytes, channels, steps };
    } catch (error) {
      return { ok: false, error: this.#fail(error) };
    }
  }

  #fail(error: unknown): string {
    const reason = errorMessage(error);
    this.#failedAt = this.#deps.world.now();
    this.#error = reason;
    this.#deps.events.report({ event: 'backup_failed', reason });
    return reason;
  }

  /** The names of the backups, the oldest first. Other files of the folder are not looked at. */
  async #files(): Promise<readonly string[]> {
    const names = (await readdir(this.#deps.plan.folder)).filter((name) => fileForm.test(name));
    return names.sort((one, other) => momentOf(one).localeCompare(momentOf(other)) || numberOf(one) - numberOf(other));
  }

  /** Removes the files of a process that was killed while it wrote. */
  async #removeParts(): Promise<void> {
    const { folder } = this.#deps.plan;
    for (const name of await readdir(folder)) if (partForm.test(name)) await rm(join(folder, name), { force: true });
  }

  async #freeName(at: number): Promise<string> {
    const moment = new Date(at).toISOString().slice(0, 19).replaceAll(':', '');
    const last = (await this.#files()).findLast((name) => momentOf(name) === moment);
    const number = last === undefined ? '' : `-${numberOf(last) + 1}`;
    return join(this.#deps.plan.folder, `horai-${moment}${number}Z.backup`);
  }
}

/** The moment in the name of a backup, to the second. */
function momentOf(name: string): string {
  return name.slice('horai-'.length, 'horai-2026-11-29T030000'.length);
}

/** 1 for the first backup of a second, which has no number in its name. */
function numberOf(name: string): number {
  return Number(/-(\d+)Z/.exec(name.slice('horai-2026-11-29T030000'.length))?.[1] ?? 1);
}

/** @returns the last moment not after `now` at which the clock of this machine showed that minute of a day */
function lastOccurrence(now: number, minute: number): number {
  const day = new Date(now);
  day.setHours(0, minute, 0, 0);
  if (day.getTime() <= now) return day.getTime();
  day.setDate(day.getDate() - 1);
  day.setHours(0, minute, 0, 0);
  return day.getTime();
}

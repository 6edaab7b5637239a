// The hub's work for its store beside reading and writing: scheduled backups, verification on a schedule, and telling the person who runs
// the hub what it finds. compose.ts starts it; the verbs `backup` and `verify` use it.

import type { Hub } from './core/hub.ts';
import type { Archive } from './core/store.ts';
import type { VerifyOutcome } from './core/upkeep.ts';
import type { World } from './core/world.ts';
import { type BackupPlan, ScheduledBackups } from './storage/archive/scheduled-backups.ts';
import type { Operations } from './wire/operations.ts';

/** A verification on the schedule begins this long after the start, and again after this long, in milliseconds. */
const [verifyFirstMs, verifyEveryMs] = [3_600_000, 86_400_000];
/** Damaged places that one line of the log names. */
const mostNamed = 20;

/** The parts of a store that not every store has. */
export interface StoreParts {
  readonly archive: Omit<Archive, 'load'>;
  /** Checks every checksum, without taking the disk from others for long. */
  readonly verify?: (() => Promise<VerifyOutcome>) | undefined;
  /** Calls the listener with a sentence when a read finds a damaged place. */
  readonly onDamage?: (listener: (found: string) => void) => void;
  /** Notes for the person since the start; a sentence each. */
  readonly warnings: readonly string[];
}

export interface StoreUpkeep {
  readonly operations: Operations;
  /** Milliseconds since 1970 of the newest good backup, 0 without one; undefined if no backups are configured. */
  readonly backup: (() => { readonly at: number; readonly isFailed: boolean }) | undefined;
  /** True once a damaged place was found. */
  readonly isDamaged: () => boolean;
  /** Starts the schedules. */
  start(): void;
  close(): Promise<void>;
}

export async function openStoreUpkeep(
  { archive, verify, onDamage, warnings }: StoreParts,
  { hub, world, plan, version }: { hub: Hub; world: World; plan: BackupPlan | undefined; version: string },
): Promise<StoreUpkeep> {
  const { events, notices } = hub;
  let isDamaged = false;
  let isClosed = false;
  let cancel: () => void = () => undefined;
  let running: Promise<VerifyOutcome> | undefined;
  const takeDamage = (found: readonly string[]): void => {
    isDamaged = true;
    notices.set(
      'damage',
      `the store is damaged (${found.length === 1 ? 'one place' : `${found.length} places`}): see the log`,
    );
    events.report({ event: 'store_damaged', found: found.slice(0, mostNamed) });
  };
  onDamage?.((found) => takeDamage([found]));
  for (const [index, warning] of warnings.entries()) {
    world.log.warn({}, warning);
    notices.set(`start ${index}`, warning);
  }
  const verifyOnce = async (check: () => Promise<VerifyOutcome>): Promise<VerifyOutcome> => {
    const began = world.now();
    const outcome = await check();
    const { steps, found } = outcome;
    if (found.length > 0) takeDamage(found);
    else events.report({ event: 'store_verified', steps, seconds: Math.max(0, world.now() - began) / 1_000 });
    return outcome;
  };
  /** Calls during a verification get its result. */
  const verifyNow = (check: () => Promise<VerifyOutcome>): Promise<VerifyOutcome> => {
    running ??= verifyOnce(check).finally(() => {
      running = undefined;
    });
    return running;
  };
  const backups =
    plan === undefined
      ? undefined
      : await ScheduledBackups.open({ plan, archive, epoch: () => hub.store.epoch, version, world, events });
  const noticeBackup = (): void => {
    if (backups?.error === undefined) notices.delete('backup');
    else notices.set('backup', 'the last backup failed: see the log');
  };
  noticeBackup();
  events.listen(({ event }) => {
    if (event === 'backup_written' || event === 'backup_failed') noticeBackup();
  });
  const verifyLater = (ms: number): void => {
    if (verify === undefined) return;
    cancel = world.after(ms, () => {
      if (isClosed) return;
      verifyNow(verify)
        .catch((error: unknown) => world.log.error({ error }, 'the store could not be verified'))
        .finally(() => {
          if (!isClosed) verifyLater(verifyEveryMs);
        });
    });
  };
  return {
    operations: {
      backup: () =>
        backups?.make() ??
        Promise.resolve({ ok: false, error: 'set HORAI_BACKUP to the folder of the backups, and start the hub again' }),
      verify: verify === undefined ? undefined : () => verifyNow(verify),
    },
    backup: backups === undefined ? undefined : () => backups.state,
    isDamaged: () => isDamaged,
    start() {
      backups?.start();
      verifyLater(verifyFirstMs);
    },
    async close() {
      isClosed = true;
      cancel();
      await backups?.close();
    },
  };
}

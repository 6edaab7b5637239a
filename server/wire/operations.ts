// The operations of an administrator on the hub as a whole, by a verb of the wire. compose.ts provides it.

import type { BackupOutcome, VerifyOutcome } from '../core/upkeep.ts';

export interface Operations {
  /** Writes a backup into the folder of scheduled backups, verifies it, and removes the oldest ones. */
  backup(): Promise<BackupOutcome>;
  /** Reads the whole store and checks every checksum. Undefined if the store has no checksums. */
  readonly verify: (() => Promise<VerifyOutcome>) | undefined;
}

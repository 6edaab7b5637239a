// Watches the free space of the disk with the data folder. Below its floor the hub takes no new data, so that the disk never becomes so
// full that SQLite cannot even delete.

import { statfs } from 'node:fs/promises';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { OperatorEvents } from '../core/operator-events.ts';
import type { World } from '../core/world.ts';

const lookMs = 1_000;
/** Milliseconds after which a writer may try again. */
const retryMs = 60_000;
const mebi = 2 ** 20;

export interface FreeSpaceOptions {
  readonly folder: string;
  /** Bytes. */
  readonly floor: number;
  readonly world: World;
  /** Reads the free bytes of the disk with the folder. */
  readonly read?: (folder: string) => Promise<number>;
}

export class FreeSpace {
  readonly #options: Required<FreeSpaceOptions>;
  #free = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => undefined;
  #events: OperatorEvents | undefined;

  private constructor(options: FreeSpaceOptions) {
    this.#options = { read: readFree, ...options };
  }

  /** Resolves when it has looked once. From then on it looks every second. */
  static async watch(options: FreeSpaceOptions): Promise<FreeSpace> {
    const space = new FreeSpace(options);
    await space.#look();
    return space;
  }

  /** Why no new data is taken; undefined while there is space. */
  refusal(): Refusal | undefined {
    const { floor } = this.#options;
    if (this.#free >= floor) return undefined;
    const inMebi = (bytes: number) => Math.floor(bytes / mebi);
    const hint = `the disk has ${inMebi(this.#free)} MiB left, and the hub keeps ${inMebi(floor)} MiB free (HORAI_DISK_FLOOR): make room; try again in ${retryMs / 1_000} s`;
    return { ...refuse('disk', '', hint), limit: { name: 'disk_floor', size: floor }, retryMs };
  }

  /** Reports from now on when the floor is reached, at once if it is, and when there is space again. */
  reportTo(events: OperatorEvents): void {
    this.#events = events;
    if (this.refusal() !== undefined) this.#report('disk_low');
  }

  #report(event: 'disk_low' | 'disk_has_space'): void {
    const { folder, floor: floorBytes } = this.#options;
    this.#events?.report({ event, folder, freeBytes: this.#free, floorBytes });
  }

  close(): void {
    this.#cancel();
    this.#cancel = () => undefined;
  }

  async #look(): Promise<void> {
    const { read, folder, world } = this.#options;
    const before = this.refusal();
    try {
      this.#free = await read(folder);
    } catch (error) {
      world.log.debug({ error }, 'free space: the disk cannot be asked');
    }
    const now = this.refusal();
    if (now !== undefined && before === undefined) this.#report('disk_low');
    if (now === undefined && before !== undefined) this.#report('disk_has_space');
    this.#cancel = world.after(lookMs, () => void this.#look());
  }
}

async function readFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

// The stored state of one target, and the lease by which one of several nodes sends to it. The lease is renewed while it is held, however long
// a delivery takes. A node whose lease another one took stores nothing more: the other one knows better.

import type { CachedChannel } from '../core/cached-channel.ts';
import type { Hub } from '../core/hub.ts';
import { isLeaseFree } from '../core/lease.ts';
import { outboxChannel, stateIn, stateKey, type TargetState, targetKey } from './targets.ts';

const leaseMs = 60_000;
/** Two renewals may fail before the lease ends. */
const renewEveryMs = leaseMs / 3;

export class StoredTarget {
  readonly #hub: Hub;
  /** Names this process in leases. */
  readonly #self: string;
  readonly #account: string;
  readonly #id: string;

  constructor(hub: Hub, self: string, account: string, id: string) {
    this.#hub = hub;
    this.#self = self;
    this.#account = account;
    this.#id = id;
  }

  async change(change: (state: TargetState) => TargetState): Promise<void> {
    const document = await outboxOf(this.#hub, this.#account);
    await document.write(({ items }) => {
      const key = stateKey(this.#id);
      const value = JSON.stringify(change(stateIn(items, this.#id)));
      // A target that was removed meanwhile has no state any more.
      const isSame = !items.has(targetKey(this.#id)) || value === items.get(key)?.value;
      const ops = isSame ? [] : [{ op: 'put', key, value } as const];
      return { ok: true, write: { ops, origin: 'outbox', at: this.#hub.world.now() } };
    });
  }

  /**
   * Takes the lease if it is free.
   * @param mayStart is asked in the same write
   */
  async take(mayStart: (state: TargetState, now: number) => boolean): Promise<HeldTarget | undefined> {
    let taken: TargetState | undefined;
    await this.change((state) => {
      const now = this.#hub.world.now();
      const isFree = isLeaseFree(state.lease, { self: this.#self, isShared: this.#hub.isShared, now });
      taken =
        isFree && mayStart(state, now) ? { ...state, lease: { by: this.#self, until: now + leaseMs } } : undefined;
      return taken ?? state;
    });
    return taken === undefined ? undefined : new HeldTarget(this, this.#hub, this.#self, taken);
  }
}

export class HeldTarget {
  /** As it was when the lease was taken. */
  readonly taken: TargetState;
  readonly #stored: StoredTarget;
  readonly #hub: Hub;
  readonly #self: string;
  readonly #lost = new AbortController();
  #cancel: () => void = () => undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(stored: StoredTarget, hub: Hub, self: string, taken: TargetState) {
    this.#stored = stored;
    this.#hub = hub;
    this.#self = self;
    this.taken = taken;
    // Without other nodes nobody asks how old a lease is.
    if (hub.isShared) this.#renewLater();
  }

  /** Aborted when another node has taken the lease, or the target is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stores how far the target is, and renews the lease. */
  store(state: TargetState): Promise<void> {
    return this.#change((now) => ({ ...state, lease: { by: this.#self, until: now + leaseMs } }));
  }

  async release(state: TargetState): Promise<void> {
    this.#cancel();
    await this.#renewing;
    await this.#change(() => ({ ...state, lease: null }));
  }

  #renewLater(): void {
    this.#cancel = this.#hub.world.after(renewEveryMs, () => {
      this.#renewing = this.#change((now, state) => ({ ...state, lease: { by: this.#self, until: now + leaseMs } }))
        // The next renewal may succeed.
        .catch(() => undefined)
        .then(() => {
          if (!this.#lost.signal.aborted) this.#renewLater();
        });
    });
  }

  #change(change: (now: number, state: TargetState) => TargetState): Promise<void> {
    let isOurs = false;
    return this.#stored
      .change((state) => {
        isOurs = state.lease?.by === this.#self;
        return isOurs ? change(this.#hub.world.now(), state) : state;
      })
      .then(() => {
        if (!isOurs) this.#lost.abort();
      });
  }
}

/** The targets of an account, and how far each is. */
export function outboxOf(hub: Hub, account: string): Promise<CachedChannel> {
  return hub.cachedChannel(`${account}/${outboxChannel}`);
}

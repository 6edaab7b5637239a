// Sends the changes of accounts to the systems that they named. The channels are the queue: a target's state says up to which step each was sent,
// so nothing grows while a receiver is away, and a restart goes on where it was. A message has the same id at every try; what may have
// arrived is sent again, and the receiver leaves out what it has. No write waits for any of this.

import { errorMessage } from '../../protocol/error-message.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import { type Identity, isAllowed, matchesPattern } from '../core/access.ts';
import type { CachedChannel } from '../core/cached-channel.ts';
import type { Channel } from '../core/channel.ts';
import type { Hub } from '../core/hub.ts';
import { isLeaseFree, pauseAfter } from '../core/lease.ts';
import type { Op } from '../core/store.ts';
import { type Delivery, type Destination, deliveriesOf } from './delivery.ts';
import { refuseUrl } from './guarded-request.ts';
import type { PostOutcome, PostRequest } from './post.ts';
import type { AllowedHosts } from './public-address.ts';
import type { Sealer } from './sealed.ts';
import {
  emptyState,
  type NewTarget,
  outboxChannel,
  readSecrets,
  stateIn,
  stateKey,
  type Target,
  type TargetState,
  targetKey,
  targetsIn,
} from './targets.ts';

const mostTargets = 20;
/** Channels of one target. */
const mostChannels = 1_000;
/** Changes read at once, and messages after which the state is stored. */
const pageSize = 100;
const storedEvery = 20;
const leaseMs = 60_000;
/** How often targets are looked at without a change here: another node may have written, or have stopped while it sent. */
const sweepMs = 30_000;
const [firstPauseMs, longestPauseMs, longestRetryAfterMs] = [5_000, 3_600_000, 24 * 3_600_000];
const mostTold = 200;

export interface OutboxDeps {
  readonly hub: Hub;
  /** The names of all accounts. */
  readonly accounts: () => readonly string[];
  readonly sealer: () => Promise<Sealer>;
  readonly allowed: AllowedHosts;
  readonly post: (request: PostRequest, stop: AbortSignal) => Promise<PostOutcome>;
}

/** A target as people see it. */
export interface TargetView {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly to: string;
  readonly channels: readonly string[];
  readonly events: readonly string[];
  readonly created: number;
  /** Steps that were not sent yet. */
  readonly waiting: number;
  readonly delivered: number;
  readonly refused: number;
  readonly refusal: string | null;
  readonly failing: TargetState['failing'];
}

interface Again {
  readonly again: string;
  readonly afterMs: number;
}

type SentOutcome = 'accepted' | { readonly refused: string } | Again;

export class Outbox {
  readonly #deps: OutboxDeps;
  /** Names this process in leases. */
  readonly #self: string;
  /** Accounts that have targets. */
  readonly #accounts = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  /** Accounts that changed while they were sent. */
  readonly #again = new Set<string>();
  #cancels = new Map<string, () => void>();
  #unwatch: () => void = () => undefined;
  #cancelSweep: () => void = () => undefined;
  #isClosed = false;
  readonly #stop = new AbortController();

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#self = deps.hub.world.id();
    this.#unwatch = deps.hub.watch(({ name }) => {
      const slash = name.indexOf('/');
      const account = name.slice(0, Math.max(0, slash));
      if (this.#accounts.has(account) && name.slice(slash + 1) !== outboxChannel) this.#wake(account);
    });
    this.#sweepLater(0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    this.#unwatch();
    this.#cancelSweep();
    for (const cancel of this.#cancels.values()) cancel();
    await Promise.all(this.#running.values());
  }

  async add(
    { account, scopes, device, token }: Identity,
    request: NewTarget,
  ): Promise<{ readonly ok: true; readonly id: string } | Refusal> {
    const { hub, allowed } = this.#deps;
    const { kind, name, secret, channels, events, isFromBeginning } = request;
    let url: URL;
    try {
      url = new URL(request.url);
    } catch {
      return refuse('property', 'url', 'an address such as https://example.org/hook');
    }
    const wrong = refuseUrl(url, allowed);
    if (wrong !== undefined) return refuse('property', 'url', wrong);
    if (channels.length === 0 && events.length === 0)
      return refuse('missing', 'channels', 'name at least one channel or event');
    const who = { account, scopes, device, token };
    const closed = channels.find(
      (channel) => channel.startsWith('@') || !isAllowed(who, 'read', `${account}/${channel}`),
    );
    if (closed !== undefined) return refuse('forbidden', '', `this token may not read ${closed}`);
    const id = hub.world.id();
    const sealed = (await this.#deps.sealer()).seal(JSON.stringify({ url: url.href, secret }), id);
    const at = hub.world.now();
    const target: Target = {
      id,
      kind,
      name,
      to: url.origin,
      channels: [...channels],
      events: [...events],
      sealed,
      created: at,
    };
    // Only what changes from now on is sent.
    const heads = isFromBeginning ? [] : headsOf(target, await this.#channels(account));
    const sent = Object.fromEntries(heads.map(({ channel, seq }) => [channel, { epoch: hub.store.epoch, seq }]));
    const document = await this.#document(account);
    const done = await document.write(({ items }) => {
      if (targetsIn(items).length >= mostTargets)
        return refuse('too_many', '', `an account has at most ${mostTargets} webhooks and relays`);
      const ops: Op[] = [
        { op: 'put', key: targetKey(id), value: JSON.stringify(target) },
        { op: 'put', key: stateKey(id), value: JSON.stringify({ ...emptyState, sent }) },
      ];
      return { ok: true, write: { ops, origin: 'outbox', at } };
    });
    if (!done.ok) return done;
    this.#accounts.add(account);
    // What is there already would otherwise wait for a change, or for the next sweep.
    this.#wake(account);
    return { ok: true, id };
  }

  async remove(account: string, id: string): Promise<{ readonly ok: true } | Refusal> {
    const document = await this.#document(account);
    const done = await document.write(({ items }) =>
      items.has(targetKey(id))
        ? {
            ok: true,
            write: { ops: [targetKey(id), stateKey(id)].map((key) => ({ op: 'remove', key })), ...this.#by() },
          }
        : refuse('not_found', 'webhook or relay'),
    );
    return done.ok ? { ok: true } : done;
  }

  /** Tries at once what waits for its next try. */
  async retry(account: string, id: string): Promise<{ readonly ok: true } | Refusal> {
    const document = await this.#document(account);
    if (!document.view.items.has(targetKey(id))) return refuse('not_found', 'webhook or relay');
    await this.#change(account, id, (state) =>
      state.failing === null ? state : { ...state, failing: { ...state.failing, next: this.#deps.hub.world.now() } },
    );
    this.#wake(account);
    return { ok: true };
  }

  /** Whether anything is sent for an account, as far as this node knows. */
  hasTargets(account: string): boolean {
    return this.#accounts.has(account);
  }

  async list(account: string, kind: Target['kind']): Promise<readonly TargetView[]> {
    const { items } = await (await this.#document(account)).settled();
    const targets = targetsIn(items).filter((target) => target.kind === kind);
    const all = targets.length === 0 ? [] : await this.#channels(account);
    return targets.map((target) => {
      const { id, name, to, channels, events, created } = target;
      const { sent, delivered, refused, refusal, failing } = stateIn(items, id);
      const heads = headsOf(target, all);
      const waiting = heads.reduce((sum, { channel, seq }) => sum + Math.max(0, seq - (sent[channel]?.seq ?? 0)), 0);
      return { id, kind, name, to, channels, events, created, waiting, delivered, refused, refusal, failing };
    });
  }

  #by() {
    return { origin: 'outbox', at: this.#deps.hub.world.now() };
  }

  #document(account: string): Promise<CachedChannel> {
    return this.#deps.hub.cachedChannel(`${account}/${outboxChannel}`);
  }

  /** The channels of an account, without the account, by name. */
  async #channels(account: string): Promise<readonly ChannelHead[]> {
    const prefix = `${account}/`;
    const all = await this.#deps.hub.store.channels(prefix);
    return all.map(({ channel, seq }) => ({ channel: channel.slice(prefix.length), seq }));
  }

  #sweepLater(ms: number): void {
    this.#cancelSweep = this.#deps.hub.world.after(ms, () => {
      void this.#sweep()
        .catch((error: unknown) =>
          this.#deps.hub.world.log.warn({ error: errorMessage(error) }, 'outbox: cannot look for targets'),
        )
        .then(() => {
          if (!this.#isClosed) this.#sweepLater(sweepMs);
        });
    });
  }

  async #sweep(): Promise<void> {
    const { hub, accounts } = this.#deps;
    const names = accounts().map((account) => `${account}/${outboxChannel}`);
    for (const { channel, items } of await hub.store.heads(names, [])) {
      const account = channel.slice(0, channel.indexOf('/'));
      if (items === 0) this.#accounts.delete(account);
      else {
        this.#accounts.add(account);
        this.#wake(account);
      }
    }
  }

  #wake(account: string): void {
    if (this.#isClosed) return;
    if (this.#running.has(account)) {
      this.#again.add(account);
      return;
    }
    const run = this.#run(account)
      .catch((error: unknown) =>
        this.#deps.hub.world.log.warn({ account, error: errorMessage(error) }, 'outbox: could not send'),
      )
      .then(() => {
        this.#running.delete(account);
        if (this.#again.delete(account)) this.#wake(account);
      });
    this.#running.set(account, run);
  }

  async #run(account: string): Promise<void> {
    const document = await this.#document(account);
    await document.channel.sync();
    const { items } = await document.settled();
    const targets = targetsIn(items);
    if (targets.length === 0) return;
    const all = await this.#channels(account);
    // A receiver that is slow holds up no other.
    await Promise.all(targets.map((target) => this.#send(account, target, all)));
  }

  /** Sends what a target does not have, until there is nothing more or it fails. */
  async #send(account: string, target: Target, all: readonly ChannelHead[]): Promise<void> {
    const { id } = target;
    const { world } = this.#deps.hub;
    const { sent } = stateIn((await this.#document(account)).view.items, id);
    const heads = headsOf(target, all).filter(({ channel, seq }) => (sent[channel]?.seq ?? 0) < seq);
    if (heads.length === 0) return;
    const taken = await this.#lease(account, id);
    if (taken === undefined) return;
    let state = taken;
    const secrets = readSecrets((await this.#deps.sealer()).open(target.sealed, id));
    try {
      if (secrets === undefined) {
        state = failed(state, world.now(), sealedElsewhere, longestPauseMs);
        return;
      }
      for (const { channel, seq } of heads) {
        if (this.#isClosed || (state.sent[channel]?.seq ?? 0) >= seq) continue;
        const open = await this.#deps.hub.channel(`${account}/${channel}`);
        state = await this.#sendChannel({ account, target, ...secrets }, open, channel, state);
        if (state.failing !== null) return;
      }
    } finally {
      const last = state;
      await this.#change(account, id, () => ({ ...last, lease: null }));
      if (last.failing !== null) this.#wakeAt(account, id, last.failing.next);
    }
  }

  async #sendChannel(to: Sending, open: Channel, channel: string, before: TargetState): Promise<TargetState> {
    let state = before;
    for (let count = 0; !this.#isClosed; ) {
      const { epoch, seq } = state.sent[channel] ?? { epoch: open.position.epoch, seq: 0 };
      // After a restored backup the positions mean nothing: what changes from now on is sent.
      const since = epoch === open.position.epoch ? await open.since(seq, pageSize) : undefined;
      if (since === undefined || !since.ok)
        return { ...state, sent: { ...state.sent, [channel]: { ...open.position } }, refusal: positionLost };
      const changed = { name: channel, epoch: since.head.epoch, changes: since.changes, told: state.told };
      for (const delivery of deliveriesOf(to, changed)) {
        if (this.#isClosed) return state;
        const { done, again } = await this.#deliver(delivery, state, channel);
        state = done;
        if (this.#isClosed) return state;
        if (again !== undefined) return failed(state, this.#deps.hub.world.now(), again.again, again.afterMs);
        count += 1;
        if (count % storedEvery === 0) state = await this.#store(to, state);
      }
      const last = since.changes.at(-1)?.seq ?? since.head.seq;
      state = { ...state, sent: { ...state.sent, [channel]: { epoch: since.head.epoch, seq: last } } };
      if (!since.more)
        return { ...state, sent: { ...state.sent, [channel]: { epoch: since.head.epoch, seq: since.head.seq } } };
    }
    return state;
  }

  /** Sends one request, and counts what became of its items. @returns why the rest has to wait, if it has to */
  async #deliver(
    delivery: Delivery,
    state: TargetState,
    channel: string,
  ): Promise<{ readonly done: TargetState; readonly again?: Again }> {
    const { through, question } = delivery;
    const outcomes = await this.#post(delivery, state.failing?.tries ?? 0);
    let done = state;
    for (const [index, outcome] of outcomes.entries()) {
      if (typeof outcome === 'object' && 'again' in outcome) return { done, again: outcome };
      const refusal = typeof outcome === 'object' ? outcome.refused : undefined;
      const seq = through[index] ?? 0;
      const epoch = done.sent[channel]?.epoch ?? this.#deps.hub.store.epoch;
      done = {
        ...done,
        sent: { ...done.sent, [channel]: { epoch, seq } },
        delivered: done.delivered + (refusal === undefined ? 1 : 0),
        refused: done.refused + (refusal === undefined ? 0 : 1),
        refusal: refusal ?? done.refusal,
        failing: null,
        told: question === undefined ? done.told : [...done.told, question].slice(-mostTold),
      };
    }
    return { done };
  }

  /** @returns what became of each item of the delivery, up to the first that has to be sent again */
  async #post(delivery: Delivery, tries: number): Promise<readonly SentOutcome[]> {
    const { world } = this.#deps.hub;
    const outcome = await this.#deps.post(delivery.request(world.now()), this.#stop.signal);
    const pauseMs = pauseAfter(tries, [firstPauseMs, longestPauseMs], () => world.random());
    if (!outcome.ok) return [{ again: outcome.error, afterMs: pauseMs }];
    const { status, text, retryAfter } = outcome;
    const afterMs = Math.max(pauseMs, retryAfterMs(retryAfter, world.now()));
    const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, 200)}`;
    const whole = outcomeOf(status, said, afterMs);
    if (whole !== 'accepted') {
      const isRefused = 'refused' in whole;
      return isRefused ? delivery.through.map(() => whole) : [whole];
    }
    if (delivery.statuses === undefined) return ['accepted'];
    const statuses = delivery.statuses(text);
    return statuses === undefined
      ? [{ again: `${status}, with an answer that is not understood`, afterMs }]
      : statuses.map((one) => outcomeOf(one, '', afterMs));
  }

  /** @returns the state, or undefined if it is not this process's turn */
  async #lease(account: string, id: string): Promise<TargetState | undefined> {
    const now = this.#deps.hub.world.now();
    let taken: TargetState | undefined;
    await this.#change(account, id, (state) => {
      const isFree = isLeaseFree(state.lease, { self: this.#self, isShared: this.#deps.hub.isShared, now });
      const isDue = state.failing === null || state.failing.next <= now;
      if (!isDue && state.failing !== null) this.#wakeAt(account, id, state.failing.next);
      taken = isFree && isDue ? { ...state, lease: { by: this.#self, until: now + leaseMs } } : undefined;
      return taken ?? state;
    });
    return taken;
  }

  /** Stores how far a target is, and keeps the lease. */
  async #store({ account, target }: Sending, state: TargetState): Promise<TargetState> {
    const next = { ...state, lease: { by: this.#self, until: this.#deps.hub.world.now() + leaseMs } };
    await this.#change(account, target.id, () => next);
    return next;
  }

  async #change(account: string, id: string, change: (state: TargetState) => TargetState): Promise<void> {
    const document = await this.#document(account);
    await document.write(({ items }) => {
      const before = stateIn(items, id);
      const value = JSON.stringify(change(before));
      // A target that was removed meanwhile has no state any more.
      const isSame = !items.has(targetKey(id)) || value === items.get(stateKey(id))?.value;
      return { ok: true, write: { ops: isSame ? [] : [{ op: 'put', key: stateKey(id), value }], ...this.#by() } };
    });
  }

  #wakeAt(account: string, id: string, at: number): void {
    const { world } = this.#deps.hub;
    this.#cancels.get(id)?.();
    if (this.#isClosed) return;
    const cancel = world.after(Math.max(0, at - world.now()), () => {
      this.#cancels.delete(id);
      this.#wake(account);
    });
    this.#cancels.set(id, cancel);
  }
}

/** The last step of a channel, which is named without its account. */
interface ChannelHead {
  readonly channel: string;
  readonly seq: number;
}

/** Those of a target among the channels of its account. */
function headsOf({ channels, events }: Target, all: readonly ChannelHead[]): readonly ChannelHead[] {
  const patterns = [...channels, ...(events.includes('question') ? ['day/*'] : [])];
  return all
    .filter(({ channel }) => channel !== outboxChannel && patterns.some((pattern) => matchesPattern(pattern, channel)))
    .slice(-mostChannels);
}

interface Sending extends Destination {
  readonly account: string;
}

const sealedElsewhere =
  'its secret was encrypted with another key: set HORAI_SECRET_KEY to the same on all nodes, or make the webhook again';
const positionLost = 'the hub was restored, or forgot the position: what changed before was not sent';

function failed(state: TargetState, now: number, error: string, afterMs: number): TargetState {
  const { since, tries } = state.failing ?? { since: now, tries: 0 };
  return { ...state, failing: { since, tries: tries + 1, next: Math.round(now + afterMs), error } };
}

/** @param said what the receiver said besides */
function outcomeOf(status: number, said: string, afterMs: number): SentOutcome {
  if (status >= 200 && status < 300) return 'accepted';
  if (status >= 300 && status < 400)
    return { again: `${status}: redirects are not followed; name the new address`, afterMs };
  const isTemporary = status >= 500 || [401, 403, 404, 408, 410, 425, 429].includes(status);
  return isTemporary ? { again: `${status}${said}`, afterMs } : { refused: `${status}${said}` };
}

/** `Retry-After` in milliseconds from now: seconds, or a date. 0 without one. */
function retryAfterMs(said: string, now: number): number {
  const ms = /^\d{1,9}$/.test(said) ? Number(said) * 1_000 : Date.parse(said) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), longestRetryAfterMs);
}

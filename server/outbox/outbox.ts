// Sends the changes of accounts to the systems that they named. The channels are the queue: a target's state says up to which step each was sent,
// so nothing grows while a receiver is away, and a restart goes on where it was. A message has the same id at every try; what may have
// arrived is sent again, and the receiver leaves out what it has. No write waits for any of this.

import { errorMessage } from '../../protocol/error-message.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import { type Identity, isAllowed, matchesPattern } from '../core/access.ts';
import type { CachedChannel } from '../core/cached-channel.ts';
import type { Hub } from '../core/hub.ts';
import type { Op } from '../core/store.ts';
import { forgetLinks } from './activitywatch/linked-events.ts';
import { deliveriesFor } from './deliveries-of.ts';
import { mqttSchemes, refuseUrl } from './guarded-address.ts';
import type { HeldConnection } from './held-connection.ts';
import { isMailAddress, type Mailer, noMailServer } from './mail.ts';
import { measureTarget, type QueueMeasure, stepsWaiting, sumByKind, type TargetMeasure } from './measure-targets.ts';
import { longestPauseMs, tryContext } from './outcome.ts';
import type { PostOutcome, PostRequest } from './post.ts';
import type { AllowedHosts } from './public-address.ts';
import type { Sealer } from './sealed.ts';
import { type ChannelHead, type SendDeps, stateAfterFailure, TargetSender } from './send-target.ts';
import { outboxOf, StoredTarget } from './target-state.ts';
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
/** How often targets are looked at without a change here: another node may have written, or have stopped while it sent. */
const sweepMs = 30_000;

export interface OutboxDeps {
  readonly hub: Hub;
  /** The names of all accounts. */
  readonly accounts: () => readonly string[];
  readonly sealer: () => Promise<Sealer>;
  readonly allowed: AllowedHosts;
  readonly post: (request: PostRequest, stop: AbortSignal) => Promise<PostOutcome>;
  /** Keeps the states of an account at a broker. */
  readonly broker: HeldConnection;
  /** undefined if the hub sends no mail. */
  readonly mailer: Mailer | undefined;
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

export class Outbox {
  readonly #deps: OutboxDeps;
  /** Names this process in leases. */
  readonly #self: string;
  /** Accounts that have targets. */
  readonly #accounts = new Set<string>();
  /** Accounts whose targets are looked at, and those that changed meanwhile. */
  readonly #looking = new Map<string, Promise<void>>();
  readonly #lookAgain = new Set<string>();
  /** Targets that are sent to, by id, and those that have more to send by now. */
  readonly #sending = new Map<string, Promise<void>>();
  readonly #sendAgain = new Set<string>();
  /** Ends what is sent to a target, by its id. */
  readonly #ends = new Map<string, AbortController>();
  /** By account. */
  readonly #measures = new Map<string, readonly TargetMeasure[]>();
  #cancels = new Map<string, () => void>();
  #unwatch: () => void = () => undefined;
  #cancelSweep: () => void = () => undefined;
  #isClosed = false;
  readonly #stop = new AbortController();
  readonly #sendDeps: SendDeps;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#self = deps.hub.world.id();
    const { hub, post } = deps;
    this.#sendDeps = { hub, post, deliveries: deliveriesFor(hub, deps.mailer) };
    this.#unwatch = deps.hub.watch(({ name }) => {
      const slash = name.indexOf('/');
      const account = name.slice(0, Math.max(0, slash));
      if (this.#accounts.has(account) && !isOutbox(name.slice(slash + 1))) this.#wake(account);
    });
    this.#sweepLater(0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    this.#unwatch();
    this.#cancelSweep();
    for (const cancel of this.#cancels.values()) cancel();
    await Promise.all(this.#looking.values());
    await Promise.all(this.#sending.values());
  }

  async add(
    { account, scopes, device, token }: Identity,
    request: NewTarget,
  ): Promise<{ readonly ok: true; readonly id: string } | Refusal> {
    const { hub } = this.#deps;
    const { kind, name, secret, channels, events, isFromBeginning } = request;
    let url: URL;
    try {
      url = new URL(request.url);
    } catch {
      return refuse('property', 'url', 'an address such as https://example.org/hook');
    }
    const wrong = this.#refuseAddress(kind, url);
    if (wrong !== undefined) return wrong;
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
      to: kind === 'mail' ? url.href : `${url.protocol}//${url.host}`,
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
    // Existing changes would otherwise wait for a new change, or for the next sweep.
    this.#wake(account);
    return { ok: true, id };
  }

  #refuseAddress(kind: Target['kind'], url: URL): Refusal | undefined {
    const { allowed, mailer } = this.#deps;
    if (kind === 'mail') {
      if (mailer === undefined) return refuse('property', 'kind', noMailServer);
      return isMailAddress(url.href.slice(url.protocol.length))
        ? undefined
        : refuse('property', 'to', 'a mail address');
    }
    const wrong = kind === 'mqtt' ? refuseUrl(url, allowed, mqttSchemes) : refuseUrl(url, allowed);
    return wrong === undefined ? undefined : refuse('property', 'url', wrong);
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
    if (!done.ok) return done;
    // Requests under way are aborted, and not waited for.
    this.#ends.get(id)?.abort();
    const forgetting = Promise.resolve(this.#sending.get(id))
      .then(() => forgetLinks(this.#deps.hub, account, id))
      .catch((error: unknown) =>
        this.#deps.hub.world.log.warn({ account, error: errorMessage(error) }, 'outbox: cannot forget a target'),
      )
      .then(() => void this.#sending.delete(`forget ${id}`));
    this.#sending.set(`forget ${id}`, forgetting);
    return { ok: true };
  }

  /** Tries at once what waits for its next try. */
  async retry(account: string, id: string): Promise<{ readonly ok: true } | Refusal> {
    const document = await this.#document(account);
    if (!document.view.items.has(targetKey(id))) return refuse('not_found', 'webhook or relay');
    await this.#targetOf(account, id).change((state) =>
      state.failing === null ? state : { ...state, failing: { ...state.failing, next: this.#deps.hub.world.now() } },
    );
    this.#wake(account);
    return { ok: true };
  }

  /** True if anything is sent for an account, as far as this node knows. */
  hasTargets(account: string): boolean {
    return this.#accounts.has(account);
  }

  /** The number of waiting messages by kind, as measured at the last look for targets. */
  queues(): ReadonlyMap<Target['kind'], QueueMeasure> {
    return sumByKind([...this.#measures.values()].flat(), this.#deps.hub.world.now());
  }

  async list(account: string, kinds: readonly Target['kind'][]): Promise<readonly TargetView[]> {
    const { items } = await (await this.#document(account)).settled();
    const targets = targetsIn(items).filter(({ kind }) => kinds.includes(kind));
    const all = targets.length === 0 ? [] : await this.#channels(account);
    return targets.map((target) => {
      const { id, kind, name, to, channels, events, created } = target;
      const state = stateIn(items, id);
      const { delivered, refused, refusal, failing } = state;
      const waiting = stepsWaiting(headsOf(target, all), state);
      return { id, kind, name, to, channels, events, created, waiting, delivered, refused, refusal, failing };
    });
  }

  #by() {
    return { origin: 'outbox', at: this.#deps.hub.world.now() };
  }

  #document(account: string): Promise<CachedChannel> {
    return outboxOf(this.#deps.hub, account);
  }

  #targetOf(account: string, id: string): StoredTarget {
    return new StoredTarget(this.#deps.hub, this.#self, account, id);
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
      if (items === 0) {
        this.#accounts.delete(account);
        this.#measures.delete(account);
      } else {
        this.#accounts.add(account);
        this.#wake(account);
        await this.#measure(account);
      }
    }
  }

  #wake(account: string): void {
    if (this.#isClosed) return;
    if (this.#looking.has(account)) {
      this.#lookAgain.add(account);
      return;
    }
    const look = this.#look(account)
      .catch((error: unknown) =>
        this.#deps.hub.world.log.warn({ account, error: errorMessage(error) }, 'outbox: cannot look for changes'),
      )
      .then(() => {
        this.#looking.delete(account);
        if (this.#lookAgain.delete(account)) this.#wake(account);
      });
    this.#looking.set(account, look);
  }

  /** Starts what can be sent. A receiver that is slow holds up no other. */
  async #look(account: string): Promise<void> {
    const document = await this.#document(account);
    await document.channel.sync();
    const { items } = await document.settled();
    const targets = targetsIn(items);
    if (targets.length === 0) return;
    const all = await this.#channels(account);
    for (const target of targets) this.#start(account, target, all);
  }

  #start(account: string, target: Target, all: readonly ChannelHead[]): void {
    const { id } = target;
    if (this.#isClosed) return;
    if (this.#sending.has(id)) {
      this.#sendAgain.add(id);
      return;
    }
    const sending = this.#send(account, target, all)
      .catch((error: unknown) =>
        this.#deps.hub.world.log.warn({ account, error: errorMessage(error) }, 'outbox: could not send'),
      )
      .then(() => {
        this.#sending.delete(id);
        if (this.#sendAgain.delete(id)) this.#wake(account);
      });
    this.#sending.set(id, sending);
  }

  async #measure(account: string): Promise<void> {
    const { items } = (await this.#document(account)).view;
    const targets = targetsIn(items);
    const all = targets.length === 0 ? [] : await this.#channels(account);
    const measures = targets.map((target) =>
      measureTarget(this.#deps.hub, account, target, stateIn(items, target.id), headsOf(target, all)),
    );
    this.#measures.set(account, await Promise.all(measures));
  }

  /** Sends what a target does not have, until there is nothing more or it fails. */
  async #send(account: string, target: Target, all: readonly ChannelHead[]): Promise<void> {
    const { id } = target;
    const { world } = this.#deps.hub;
    const { sent } = stateIn((await this.#document(account)).view.items, id);
    const heads = headsOf(target, all).filter(({ channel, seq }) => (sent[channel]?.seq ?? 0) < seq);
    if (heads.length === 0 && target.kind !== 'mqtt') return;
    const held = await this.#targetOf(account, id).take((state, now) => {
      const isDue = state.failing === null || state.failing.next <= now;
      if (!isDue && state.failing !== null) this.#wakeAt(account, id, state.failing.next);
      return isDue;
    });
    if (held === undefined) return;
    let state = held.taken;
    try {
      const secrets = readSecrets((await this.#deps.sealer()).open(target.sealed, id));
      if (secrets === undefined) {
        state = stateAfterFailure(state, world.now(), { again: sealedElsewhere, afterMs: longestPauseMs });
        return;
      }
      const end = new AbortController();
      this.#ends.set(id, end);
      const stop = AbortSignal.any([this.#stop.signal, end.signal, held.lost]);
      const to = { account, target, ...secrets };
      if (target.kind === 'mqtt') {
        const why = await this.#deps.broker.hold({
          ...to,
          stop,
          isRemoved: () => end.signal.aborted,
          onOpen: () => {
            state = { ...state, delivered: state.delivered + 1, failing: null };
            return held.store(state);
          },
        });
        const { pauseMs } = tryContext(world.now(), state.failing?.tries ?? 0, () => world.random());
        if (why !== undefined) state = stateAfterFailure(state, world.now(), { again: why, afterMs: pauseMs });
        return;
      }
      const sender = new TargetSender(this.#sendDeps, to, stop, held);
      await sender.send(heads).finally(() => {
        state = sender.state;
      });
    } finally {
      this.#ends.delete(id);
      await held.release(state);
      if (state.failing !== null) this.#wakeAt(account, id, state.failing.next);
    }
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

/** @param channel without its account */
function isOutbox(channel: string): boolean {
  return channel === outboxChannel || channel.startsWith(`${outboxChannel}/`);
}

/** The channels of a target, among those of its account. */
function headsOf({ kind, channels, events }: Target, all: readonly ChannelHead[]): readonly ChannelHead[] {
  if (kind === 'mqtt') return [];
  const patterns = [...channels, ...(events.includes('question') ? ['day/*'] : [])];
  return all
    .filter(({ channel }) => !isOutbox(channel) && patterns.some((pattern) => matchesPattern(pattern, channel)))
    .slice(-mostChannels);
}

const sealedElsewhere =
  'its secret was encrypted with another key: set HORAI_SECRET_KEY to the same on all nodes, or make the webhook again';

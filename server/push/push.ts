// Web Push (RFC 8030, 8291, 8292): tells a person something when no page is open. It knows subscriptions and how to send; what is worth a
// notification is decided in question-alerts.ts, ring-alerts.ts and goal-alerts.ts. web-push encrypts and signs. The keys are made at the first start and stored; a
// subscription lives as long as the session that made it, and ends when its push service says that it has.

import { createHash } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import { errorMessage } from '../../protocol/error-message.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Identity } from '../core/access.ts';
import type { Accounts } from '../core/accounts.ts';
import type { CachedChannel } from '../core/cached-channel.ts';
import type { Hub } from '../core/hub.ts';

const keysKey = 'keys';
const subscriptionPrefix = 'subscription/';
const alertPrefix = 'told/';
/** A notification that is older than this, in milliseconds, is not sent again by itself: goals are of a day or a week. */
const alertMemoryMs = 8 * 86_400_000;
/** Subscriptions of one account; the oldest makes room. */
const mostSubscriptions = 20;
/** Seconds that a push service keeps what it cannot deliver. */
const keepSeconds = 3_600;
const patienceMs = 10_000;

/** Hosts of the push services of browsers. The hub posts to no other host that a page names. */
const serviceHosts =
  /^(?:fcm\.googleapis\.com|(?:[\w-]+\.)*push\.services\.mozilla\.com|(?:[\w-]+\.)*notify\.windows\.com|(?:[\w-]+\.)*push\.apple\.com)$/;

const Text = Type.String({ minLength: 1, maxLength: 300 });
const PushTexts = { title: Text, body: Text };
export const PushSubscription = Type.Object({
  endpoint: Type.String({ maxLength: 2_000 }),
  keys: Type.Object({ p256dh: Type.String({ maxLength: 200 }), auth: Type.String({ maxLength: 100 }) }),
  /**
   * In the language of the browser; `{desc}` is filled in. `ring` is for the end of a turn, `goal` for a goal that is reached: without one,
   * the browser is not told of any.
   */
  texts: Type.Object({
    ...PushTexts,
    ring: Type.Optional(Type.Object(PushTexts)),
    goal: Type.Optional(Type.Object(PushTexts)),
  }),
});
export type PushSubscription = Static<typeof PushSubscription>;

const StoredSubscription = Type.Intersect([
  PushSubscription,
  Type.Object({ account: Type.String(), token: Type.String() }),
]);
type StoredSubscription = Static<typeof StoredSubscription>;
const VapidKeys = Type.Object({ publicKey: Type.String(), privateKey: Type.String() });

const checks = { stored: compile(StoredSubscription), keys: compile(VapidKeys) };
const isStored = (value: unknown): value is StoredSubscription => checks.stored(value);
const areKeys = (value: unknown): value is Static<typeof VapidKeys> => checks.keys(value);

export interface PushDeps {
  readonly hub: Hub;
  readonly accounts: Accounts;
  /** Origins of further push services, such as `https://push.example.org`. */
  readonly services: readonly string[];
  /** Whom a push service may tell about trouble: a `mailto:` or `https:` address. */
  readonly contact: string;
}

type PushKind = 'ring' | 'goal';

/** The texts of a notification. */
export interface PushMessage {
  /** Notifications with the same tag replace one another. */
  readonly tag: string;
  /** Where a click leads. */
  readonly path: string;
  /** Which texts of the subscription it has: those of a question unless said. */
  readonly kind?: PushKind;
  /** Fills the texts of the subscription. */
  readonly desc: string;
}

export class Push {
  readonly #deps: PushDeps;
  readonly #stored: CachedChannel;
  #keys: Static<typeof VapidKeys> | undefined;

  private constructor(deps: PushDeps, stored: CachedChannel) {
    this.#deps = deps;
    this.#stored = stored;
  }

  static async open(deps: PushDeps): Promise<Push> {
    return new Push(deps, await deps.hub.cachedChannel('@hub/push'));
  }

  /** The public key with which browsers subscribe. It is made when somebody first asks; nodes agree on the first one that is stored. */
  async publicKey(): Promise<string> {
    return (await this.#vapidKeys()).publicKey;
  }

  async subscribe(identity: Identity, subscription: PushSubscription): Promise<{ readonly ok: true } | Refusal> {
    if (!this.#isService(subscription.endpoint)) {
      return refuse(
        'property',
        'endpoint',
        'no push service of a known browser; HORAI_PUSH_SERVICES lists further ones',
      );
    }
    const { account, token } = identity;
    const value = JSON.stringify({ ...subscription, account, token });
    const key = keyOf(subscription.endpoint);
    return this.#write((view) => {
      const own = view.filter((one) => one.subscription.account === account && one.key !== key);
      const dropped = own.slice(0, Math.max(0, own.length - mostSubscriptions + 1));
      return [...dropped.map((one) => ({ op: 'remove', key: one.key }) as const), { op: 'put', key, value } as const];
    });
  }

  async unsubscribe({ account }: Identity, endpoint: string): Promise<void> {
    const key = keyOf(endpoint);
    await this.#write((view) =>
      view.some((one) => one.key === key && one.subscription.account === account) ? [{ op: 'remove', key }] : [],
    );
  }

  /** True if a browser of the account has texts for such notifications. */
  isWanted(account: string, kind: PushKind): boolean {
    return this.#all().some(
      ({ subscription: { account: owner, texts } }) => owner === account && texts[kind] !== undefined,
    );
  }

  /**
   * Notifies once, whichever node or start is first.
   * @param once names what is told, among all that the account is told once
   * @returns as `notify`; 0 if it was told before
   */
  async notifyOnce(account: string, once: string, message: PushMessage): Promise<number> {
    const key = alertPrefix + createHash('sha256').update(`${account} ${once}`).digest('hex');
    const now = this.#deps.hub.world.now();
    let isFirst = false;
    const written = await this.#stored.write(({ items }) => {
      isFirst = !items.has(key);
      const old = [...items.values()].filter(
        (item) => item.key.startsWith(alertPrefix) && item.at < now - alertMemoryMs,
      );
      const ops = [
        { op: 'add', key, value: JSON.stringify({ account }) } as const,
        ...old.map((item) => ({ op: 'remove', key: item.key }) as const),
      ];
      return { ok: true, write: { ops: isFirst ? ops : [], origin: 'hub', at: now } };
    });
    return written.ok && isFirst ? this.notify(account, message) : 0;
  }

  /** Sends to every browser of an account that wants it. Never rejects. @returns how many push services took it */
  async notify(account: string, message: PushMessage): Promise<number> {
    const meant = this.#all().filter(
      ({ subscription: { account: owner, texts } }) => owner === account && textsOf(texts, message) !== undefined,
    );
    const sent = await Promise.all(meant.map(({ key, subscription }) => this.#send(key, subscription, message)));
    return sent.filter((isTaken) => isTaken).length;
  }

  async #send(key: string, subscription: StoredSubscription, message: PushMessage): Promise<boolean> {
    const { hub, accounts, contact } = this.#deps;
    const { tag, path, desc } = message;
    const { account, token, endpoint, keys } = subscription;
    const texts = textsOf(subscription.texts, message) ?? subscription.texts;
    const isOver = token !== '' && !accounts.tokens(account).some(({ id }) => id === token);
    try {
      if (isOver) {
        await this.#remove(key);
        return false;
      }
      const fill = (text: string) => text.replaceAll('{desc}', desc).slice(0, 500);
      const payload = JSON.stringify({ title: fill(texts.title), body: fill(texts.body), tag, path });
      const vapidDetails = { subject: contact, ...(await this.#vapidKeys()) };
      const { generateRequestDetails } = await loadWebPush();
      const details = generateRequestDetails({ endpoint, keys }, payload, { vapidDetails, TTL: keepSeconds });
      const answer = await fetch(details.endpoint, {
        method: 'POST',
        // A push service does not redirect; whoever does may lead into the hub's own network.
        redirect: 'error',
        signal: AbortSignal.timeout(patienceMs),
        headers: Object.fromEntries(Object.entries(details.headers).filter(([name]) => name !== 'Content-Length')),
        body: details.body,
      });
      await answer.body?.cancel();
      // RFC 8030, 7.3: the subscription has expired, or was taken back.
      if (answer.status === 404 || answer.status === 410) await this.#remove(key);
      else if (!answer.ok) hub.world.log.warn({ account, status: answer.status }, 'push: a push service refused');
      return answer.ok;
    } catch (error) {
      hub.world.log.warn({ account, error: errorMessage(error) }, 'push: could not notify');
      return false;
    }
  }

  #isService(endpoint: string): boolean {
    try {
      const { protocol, hostname, origin } = new URL(endpoint);
      return this.#deps.services.includes(origin) || (protocol === 'https:' && serviceHosts.test(hostname));
    } catch {
      return false;
    }
  }

  #all(): readonly { readonly key: string; readonly subscription: StoredSubscription }[] {
    return [...this.#stored.view.items].flatMap(([key, item]) => {
      const subscription: unknown = key.startsWith(subscriptionPrefix) ? JSON.parse(item.value) : undefined;
      return isStored(subscription) ? [{ key, subscription }] : [];
    });
  }

  async #vapidKeys(): Promise<Static<typeof VapidKeys>> {
    if (this.#keys !== undefined) return this.#keys;
    const { generateVAPIDKeys } = await loadWebPush();
    const made = JSON.stringify(generateVAPIDKeys());
    // `add` keeps the keys that another node, or an earlier start, stored.
    await this.#write(() => [{ op: 'add', key: keysKey, value: made }]);
    const stored: unknown = JSON.parse((await this.#stored.settled()).items.get(keysKey)?.value ?? 'null');
    if (!areKeys(stored)) throw new Error('the keys of Web Push are not stored');
    this.#keys = stored;
    return stored;
  }

  async #remove(key: string): Promise<void> {
    await this.#write(() => [{ op: 'remove', key }]);
  }

  async #write(
    opsOf: (
      all: readonly { readonly key: string; readonly subscription: StoredSubscription }[],
    ) => readonly (
      | { readonly op: 'remove'; readonly key: string }
      | { readonly op: 'put' | 'add'; readonly key: string; readonly value: string }
    )[],
  ): Promise<{ readonly ok: true } | Refusal> {
    const written = await this.#stored.write(() => ({
      ok: true,
      write: { ops: opsOf(this.#all()), origin: 'hub', at: this.#deps.hub.world.now() },
    }));
    return written.ok ? { ok: true } : written;
  }
}

function textsOf(
  texts: PushSubscription['texts'],
  { kind }: PushMessage,
): Static<typeof PushSubscription>['texts']['ring'] {
  return kind === undefined ? texts : texts[kind];
}

/** Loaded when it is needed: most hubs notify nobody. */
async function loadWebPush() {
  return (await import('web-push')).default;
}

function keyOf(endpoint: string): string {
  return subscriptionPrefix + createHash('sha256').update(endpoint).digest('hex');
}

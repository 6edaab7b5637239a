// All buckets of one account, and its settings: their descriptions are in the channel `<account>/aw`, their events in a Bucket each. The
// routes check access before they call this.

import type { CachedChannel } from '../../../core/cached-channel.ts';
import type { Hub } from '../../../core/hub.ts';
import type { Item, Op } from '../../../core/store.ts';
import { type EventOrigin, privacySetting } from '../../../http/privacy-filters.ts';
import { formatInstant } from '../events/instant.ts';
import type { RuleOutcome } from '../rules/rule-messages.ts';
import { RuleThreads } from '../rules/rule-threads.ts';
import { Bucket } from './bucket.ts';
import { type Description, guess, type SuppliedDescription } from './description.ts';
import { Ids } from './ids.ts';

/** How clients save that there are no privacy rules. */
const noRules: ReadonlySet<string> = new Set(['[]', 'null', 'false', '""', '0']);
const bucketKey = 'bucket/';
const settingKey = 'setting/';
/** A bucket without a description whose channel may still hold events: it was deleted, renamed or joined. */
const removedKey = 'gone/';
/** The bucket that a renamed or joined one is now. */
const movedKey = 'moved/';
/** The most renames of one bucket that an old id is followed through. */
const mostMoves = 20;

/** Host names that do not identify a machine. */
const anybodys: ReadonlySet<string> = new Set(['', 'unknown', 'localhost']);

/** This machine, for buckets whose hostname is `!local`. */
export interface Machine {
  readonly hostname: string;
  readonly deviceId: string;
}

/** The writer. `device` is the name of its token; '' on a personal hub. */
export interface Author {
  readonly origin: string;
  readonly device: string;
}

export class Buckets {
  readonly account: string;
  #hub: Hub;
  #document: CachedChannel;
  #ids: Ids;
  #open = new Map<string, Promise<Bucket>>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #rules: RuleThreads;

  private constructor(hub: Hub, account: string, document: CachedChannel, rules: RuleThreads) {
    this.#hub = hub;
    this.#rules = rules;
    this.account = account;
    this.#document = document;
    this.#ids = new Ids(document, hub.world);
  }

  static async open(hub: Hub, account: string, rules = new RuleThreads(hub.world)): Promise<Buckets> {
    return new Buckets(hub, account, await hub.cachedChannel(`${account}/aw`), rules);
  }

  /** Resolves when everything that this object shows is on disk. Await it before answering from here. */
  async settled(): Promise<void> {
    await this.#document.settled();
  }

  /** The name of the channel that holds a bucket's events. */
  channelOf(id: string): string {
    return `${this.account}/aw/${id}`;
  }

  /** The descriptions in order of creation. */
  list(): readonly Description[] {
    const descriptions: Description[] = [];
    for (const item of this.#document.view.items.values()) {
      if (item.key.startsWith(bucketKey)) descriptions.push(readDescription(item));
    }
    return descriptions.sort((a, b) => a.order - b.order);
  }

  find(id: string): Description | undefined {
    const item = this.#document.view.items.get(bucketKey + id);
    return item === undefined ? undefined : readDescription(item);
  }

  /** Opens a bucket that has a description, or is being created. */
  bucket(id: string): Promise<Bucket> {
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const opening = this.#hub
      .channel(this.channelOf(id))
      .then((channel) => new Bucket(channel, this.#ids, this.#hub.world));
    this.#open.set(id, opening);
    opening.catch(() => this.#open.delete(id));
    return opening;
  }

  /**
   * Maps the id that a client uses to the id of the bucket. Names such as `aw-stopwatch` are the same on all machines: a device with a
   * token has a bucket of its own under such a name, once it has begun one.
   */
  resolve(sentId: string, { device }: Author): string {
    const id = this.#followMoves(sentId);
    const own = ownId(id, device);
    return device !== '' && this.find(own)?.device === device ? own : id;
  }

  /** Follows renames and joins: a watcher continues to use the old id of a bucket. */
  #followMoves(sentId: string): string {
    let id = sentId;
    for (let moves = 0; moves < mostMoves && this.find(id) === undefined; moves += 1) {
      const moved = this.#document.view.items.get(movedKey + id);
      if (moved === undefined) return sentId;
      id = JSON.parse(moved.value);
    }
    return this.find(id) === undefined ? sentId : id;
  }

  /** The id of the bucket that a device creates by this name. */
  #placeFor(sentId: string, { device }: Author): string {
    const id = this.#followMoves(sentId);
    const found = this.find(id);
    if (found === undefined || device === '' || found.device === '' || found.device === device) return id;
    const isNamed = !anybodys.has(found.hostname) && id.endsWith(`_${found.hostname}`);
    return isNamed ? id : ownId(id, device);
  }

  /**
   * Makes a bucket, or describes one that a heartbeat made.
   * @returns false if the bucket is described already
   */
  create(
    id: string,
    supplied: SuppliedDescription,
    author: Author,
    more: Partial<Pick<Description, 'data' | 'created' | 'guessed'>> = {},
  ): Promise<boolean> {
    return this.#inTurn(async () => {
      const place = this.#placeFor(id, author);
      // An interrupted delete may have left events, which do not belong to the new bucket.
      if (this.#document.view.items.has(removedKey + place)) await this.#clear(place, author);
      const at = this.#hub.world.now();
      let made = false;
      await this.#write(author.origin, at, () => {
        const before = this.find(place);
        made = before === undefined || (before.guessed === true && more.guessed !== true);
        if (!made) return [];
        const key = bucketKey + place;
        if (before !== undefined) {
          const { guessed: _, ...known } = before;
          const { created = before.created, data = before.data } = more;
          return [{ op: 'put', key, value: JSON.stringify({ ...known, ...supplied, created, data }) }];
        }
        const order = this.list().reduce((most, one) => Math.max(most, one.order), 0) + 1;
        const fresh = { created: formatInstant(at * 1_000), order, data: {}, device: author.device };
        const description: Description = { id: place, ...supplied, ...fresh, ...more };
        return [{ op: 'add', key, value: JSON.stringify(description) }];
      });
      return made;
    });
  }

  /** Changes the given fields. @returns false if there is no such bucket */
  async update(
    id: string,
    changes: Partial<SuppliedDescription & Pick<Description, 'data'>>,
    author: Author,
  ): Promise<boolean> {
    let found = false;
    await this.#write(author.origin, this.#hub.world.now(), () => {
      const before = this.find(id);
      found = before !== undefined;
      return before === undefined
        ? []
        : [{ op: 'put', key: bucketKey + id, value: JSON.stringify({ ...before, ...changes }) }];
    });
    return found;
  }

  /** Deletes a bucket with its events. @returns false if there is no such bucket */
  delete(id: string, author: Author): Promise<boolean> {
    return this.#inTurn(async () => {
      let found = false;
      await this.#write(author.origin, this.#hub.world.now(), () => {
        found = this.find(id) !== undefined;
        if (!found) return [];
        return [
          { op: 'remove', key: bucketKey + id },
          { op: 'put', key: removedKey + id, value: 'true' },
        ];
      });
      if (found) await this.#clear(id, author);
      return found;
    });
  }

  /** The bucket for a heartbeat. A missing one is made, because a watcher would lose all its heartbeats until it restarts. */
  async forHeartbeat(id: string, data: unknown, author: Author): Promise<Bucket> {
    const place = this.#placeFor(id, author);
    if (this.find(place) === undefined) await this.create(id, guess(place, data), author, { guessed: true });
    return this.bucket(place);
  }

  /** The settings by key, as JSON texts. */
  settings(): ReadonlyMap<string, string> {
    const settings = new Map<string, string>();
    for (const item of this.#document.view.items.values()) {
      if (item.key.startsWith(settingKey)) settings.set(item.key.slice(settingKey.length), item.value);
    }
    return settings;
  }

  /**
   * Applies the privacy rules of the settings to the data of events (JSON texts) of one bucket.
   * @returns the parts that may be stored, null for an event that is dropped; or what is wrong with the rules. Rules are checked when they
   *   are saved. Invalid ones were written in another way: then nothing is stored that they may have covered
   */
  async applyPrivacy(where: EventOrigin, data: readonly string[]): Promise<RuleOutcome> {
    // Without rules nothing is awaited, so that heartbeats that arrive together stay in their order.
    if (noRules.has(this.#privacyRules)) return { ok: true, data };
    const { text, key } = await this.privacyText();
    const outcome = await this.#rules.run(this.account, { kind: 'filter', text, where, key, data });
    return outcome.ok ? outcome : { ok: false, error: `${privacySetting}: ${outcome.error}` };
  }

  /** @param text JSON. @returns what is wrong with the regular expressions of a setting; undefined if nothing is */
  async checkSetting(setting: string, text: string): Promise<string | undefined> {
    const outcome = await this.#rules.run(this.account, { kind: 'check', setting, text });
    if (outcome.ok) return undefined;
    return setting === privacySetting ? `${privacySetting}: ${outcome.error}` : outcome.error;
  }

  /** JSON text. */
  get #privacyRules(): string {
    return this.#document.view.items.get(settingKey + privacySetting)?.value ?? '[]';
  }

  /** The privacy rules as text, and the key of the hashes that they make. */
  async privacyText(): Promise<{ readonly text: string; readonly key: string }> {
    return { text: this.#privacyRules, key: await this.remembered('privacy_key', () => this.#hub.world.secret()) };
  }

  /** Saves a setting. @param value JSON text; null deletes the setting */
  async set(key: string, value: string | null, author: Author): Promise<void> {
    await this.#write(author.origin, this.#hub.world.now(), () => [
      value === null ? { op: 'remove', key: settingKey + key } : { op: 'put', key: settingKey + key, value },
    ]);
  }

  /** A text that is stored with the account, made on first use. */
  async remembered(key: string, make: () => string): Promise<string> {
    const known = this.#document.view.items.get(key);
    if (known !== undefined) return JSON.parse(known.value);
    const value = JSON.stringify(make());
    await this.#write('hub', this.#hub.world.now(), () => [{ op: 'add', key, value }]);
    return JSON.parse(this.#document.view.items.get(key)?.value ?? value);
  }

  /** Items of the account's document whose key begins with `prefix`, by the rest of their key: JSON texts. */
  records(prefix: string): ReadonlyMap<string, string> {
    const items = [...this.#document.view.items.values()].filter(({ key }) => key.startsWith(prefix));
    return new Map(items.map(({ key, value }) => [key.slice(prefix.length), value]));
  }

  /** Writes to the account's document, as computed from its newest state. */
  async writeRecords(author: Author, compute: () => readonly Op[]): Promise<void> {
    await this.#write(author.origin, this.#hub.world.now(), compute);
  }

  /** Removes the events that a bucket without a description still has. */
  async clearRemoved(id: string, author: Author): Promise<void> {
    if (this.#document.view.items.has(removedKey + id)) await this.#clear(id, author);
  }

  /** True if the id has no description, and its channel still has events of the earlier bucket. */
  isRemoved(id: string): boolean {
    return this.find(id) === undefined && this.#document.view.items.has(removedKey + id);
  }

  /** True if the bucket was renamed or joined, so that its id means another bucket. */
  isMoved(id: string): boolean {
    return this.find(id) === undefined && this.#document.view.items.has(movedKey + id);
  }

  /** The ops that remove a bucket's description and leave its events. @param to the bucket that its id means from now on */
  opsToMove(id: string, to: string | null): readonly Op[] {
    const moved: Op =
      to === null ? { op: 'remove', key: movedKey + id } : { op: 'put', key: movedKey + id, value: JSON.stringify(to) };
    return [{ op: 'remove', key: bucketKey + id }, { op: 'put', key: removedKey + id, value: 'true' }, moved];
  }

  /** The ops that describe a bucket whose events exist already. */
  opsToDescribe(description: Description): readonly Op[] {
    const { id } = description;
    return [
      { op: 'put', key: bucketKey + id, value: JSON.stringify(description) },
      { op: 'remove', key: removedKey + id },
      { op: 'remove', key: movedKey + id },
    ];
  }

  /** Runs functions that create, move or delete buckets, one after the other. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    return this.#inTurn(act);
  }

  async #clear(id: string, author: Author): Promise<void> {
    await (await this.bucket(id)).clear(author.origin);
    await this.#write(author.origin, this.#hub.world.now(), () => [{ op: 'remove', key: removedKey + id }]);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const acting = this.#turn.then(act);
    this.#turn = acting.catch(() => undefined);
    return acting;
  }

  async #write(origin: string, at: number, compute: () => readonly Op[]): Promise<void> {
    const written = await this.#document.write(() => ({ ok: true, write: { ops: compute(), origin, at } }));
    if (!written.ok) throw new Error(written.error);
  }
}

function ownId(id: string, device: string): string {
  return `${id}_${device}`;
}

/** Parsed descriptions: every heartbeat needs several, and an item never changes. */
const described = new WeakMap<Item, Description>();

/** Only this file writes the items, so they are read without a check. */
function readDescription(item: Item): Description {
  const known = described.get(item);
  if (known !== undefined) return known;
  const read: Description = JSON.parse(item.value);
  described.set(item, read);
  return read;
}

// The merged days of one account: evidence from the readers, rules and projects from the registry, the answer from the engine. An answer
// is remembered as long as the evidence, the rules and the settings that it was made of are the same.

import { createHash } from 'node:crypto';
import { isRuleItem, ruleLimits } from '../../protocol/day.ts';
import { setBounded } from '../core/bounded.ts';
import type { Hub } from '../core/hub.ts';
import { nextTurn } from '../core/next-turn.ts';
import type { MergedDay } from './engine/answer.ts';
import { compareText } from './engine/collections.ts';
import { computeDay, computeSums, type SummedPresence } from './engine/compute-day.ts';
import { boundsOfDay, type DayCalendar, hoursOf, zoneAt } from './engine/day-calendar.ts';
import type { DayClassifier, DayEvidence, DayOptions } from './engine/evidence.ts';
import { AccountEvidence } from './readers/account-evidence.ts';
import type { EvidenceCache } from './readers/evidence-cache.ts';
import type { ChannelEvidence, DaySpan } from './readers/reading.ts';
import type { PatternMatcher } from './registry/patterns.ts';
import { aliasLookup, projectsIn } from './registry/projects.ts';
import { type NamedRule, rulesClassifier } from './registry/rules.ts';
import { type AccountDaySettings, readDaySettings } from './registry/settings.ts';
import { type LockedWeeks, lockOf, readLockedWeeks, submittedKey } from './weeks/submitted-weeks.ts';

/** How often a day is computed again because patterns were not known yet. */
const mostRounds = 20;
const mostRemembered = 40;

export interface DayQuestion {
  /** `2026-11-28` */
  readonly date: string;
  /** Instead of the account's. */
  readonly zone?: string | undefined;
  /** Microseconds, instead of the account's. */
  readonly bridge?: number | undefined;
  /** Asked with the name of a channel without the account. */
  readonly mayRead: (channel: string) => boolean;
  /** True computes the day also if its week was submitted. */
  readonly isAnew?: boolean;
}

export interface DayAnswer extends MergedDay {
  readonly date: string;
  readonly zone: string;
  /** Stored because its evidence expired: rules made later change it no more. */
  readonly final: boolean;
  /** Channels with evidence that the token may not read. */
  readonly without: readonly string[];
}

/** All inputs of a day except its evidence. */
export interface DayRegistry {
  readonly rules: readonly NamedRule[];
  readonly projectOf: (name: string) => string;
  /** Equal for equal rules and projects. */
  readonly fingerprint: string;
}

interface Remembered {
  readonly parts: readonly ChannelEvidence[];
  readonly fingerprint: string;
  readonly answer: DayAnswer;
}

export class AccountDays {
  readonly account: string;
  readonly #hub: Hub;
  readonly #evidence: AccountEvidence;
  readonly #matcher: PatternMatcher;
  readonly #remembered = new Map<string, Remembered>();
  #registry: { readonly position: string; readonly registry: DayRegistry } | undefined;

  constructor(hub: Hub, account: string, cache: EvidenceCache, matcher: PatternMatcher) {
    this.#hub = hub;
    this.account = account;
    this.#evidence = new AccountEvidence(hub, account, cache);
    this.#matcher = matcher;
  }

  async settings(): Promise<AccountDaySettings> {
    return readDaySettings(this.#hub, this.account);
  }

  async day(question: DayQuestion): Promise<DayAnswer> {
    const { date, mayRead } = question;
    const settings = await this.settings();
    const calendar = calendarOf(settings, question.zone);
    const bridge = question.bridge ?? settings.bridge;
    const without = await this.#without(mayRead);
    const isOwn = question.zone === undefined && question.bridge === undefined && without.length === 0;
    const stored = isOwn ? await this.stored(date, question.isAnew) : undefined;
    if (stored !== undefined) return stored;
    const [from, to] = boundsOfDay(date, calendar);
    const registry = await this.registry(mayRead);
    const parts = await this.parts({ from, to }, settings, mayRead);
    const name = JSON.stringify([date, question.zone, bridge, without]);
    const fingerprint = `${registry.fingerprint} ${fingerprintOf(settings)}`;
    const known = this.#remembered.get(name);
    if (known?.fingerprint === fingerprint && isSameList(known.parts, parts)) return known.answer;
    const merged = await this.compute({ from, to }, parts, { settings: { ...settings, bridge }, calendar, registry });
    const answer = { date, zone: zoneAt(calendar, from), ...merged, final: false, without };
    this.#remembered.delete(name);
    setBounded(this.#remembered, name, { parts, fingerprint, answer }, mostRemembered);
    return answer;
  }

  /** Equal objects mean equal evidence. */
  parts(
    span: DaySpan,
    settings: AccountDaySettings,
    mayRead: (channel: string) => boolean,
  ): Promise<readonly ChannelEvidence[]> {
    return this.#evidence.read(span, settings, mayRead, this.#hub.world.now() * 1_000);
  }

  /** Of the channels that are whole in memory. */
  smallParts(span: DaySpan): Promise<readonly ChannelEvidence[]> {
    return this.#evidence.readSmall(span, () => true, this.#hub.world.now() * 1_000);
  }

  /** Names, without the account, of the channels that are read span by span. */
  largeChannels(): Promise<readonly string[]> {
    return this.#evidence.largeChannels();
  }

  /** Of the channels that are read span by span; it does not stay in memory, and changes meanwhile are the caller's to hear. */
  largeParts(span: DaySpan, settings: AccountDaySettings): Promise<readonly ChannelEvidence[]> {
    return this.#evidence.readLarge(span, settings, () => true, false);
  }

  compute(span: DaySpan, parts: readonly ChannelEvidence[], deps: ComputeDeps): Promise<MergedDay> {
    return this.#compute(computeDay, span, parts, deps);
  }

  /** The sums of what `compute` answers, in less time. */
  computeSums(span: DaySpan, parts: readonly ChannelEvidence[], deps: ComputeDeps): Promise<SummedPresence> {
    return this.#compute(computeSums, span, parts, deps);
  }

  /** Computes a day from evidence; patterns that nobody tried yet are asked of their thread, and the day is computed once more. */
  async #compute<T>(
    compute: (evidence: DayEvidence, options: DayOptions) => T,
    { from, to }: DaySpan,
    parts: readonly ChannelEvidence[],
    { settings, calendar, registry }: ComputeDeps,
  ): Promise<T> {
    const book = this.#matcher.book();
    const classifier: DayClassifier = rulesClassifier(registry.rules, {
      patterns: book,
      projectOf: registry.projectOf,
    });
    const { timeout, idle, bridge } = settings;
    const options = { from, to, timeout, idle, bridge, classifier };
    const hours = classifier.readsClock ? hoursOf([from, to], calendar) : [];
    const evidence = {
      events: concatenate(parts.map(({ events }) => events)),
      heartbeats: concatenate(parts.map(({ heartbeats }) => heartbeats)),
    };
    for (let round = 0; ; round += 1) {
      // Many days are asked for at once, and the answers of the store alone would never let others have their turn between them.
      await nextTurn();
      const day = compute(evidence, { ...options, hours });
      if (round === mostRounds || !(await book.fill())) return day;
    }
  }

  /** Rules and projects, as far as the token may read them. */
  async registry(mayRead: (channel: string) => boolean): Promise<DayRegistry> {
    const documents = await Promise.all(
      ['rules', 'projects'].map(async (name) =>
        mayRead(name) ? this.#hub.cachedChannel(`${this.account}/${name}`) : undefined,
      ),
    );
    const position = documents.map((document) => document?.view.seq ?? -1).join(' ');
    if (this.#registry?.position === position) return this.#registry.registry;
    const [rules, projects] = await Promise.all(documents.map((document) => document?.settled()));
    const named = [...(rules?.items.values() ?? [])].flatMap(({ key, value }): NamedRule[] => {
      const rule: unknown = JSON.parse(value);
      return isRuleItem(rule) ? [{ id: key, rule }] : [];
    });
    const all = projects === undefined ? [] : [...projectsIn(projects)];
    named.sort((a, b) => compareText(a.id, b.id));
    all.sort((a, b) => compareText(a.name, b.name));
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([named, all]))
      .digest('base64url');
    const registry = { rules: named.slice(0, ruleLimits.rules), projectOf: aliasLookup(all), fingerprint };
    this.#registry = { position, registry };
    return registry;
  }

  /** Channels with evidence that may not be read. */
  async #without(mayRead: (channel: string) => boolean): Promise<readonly string[]> {
    if (mayRead('*')) return [];
    const existing = await this.#evidence.existing();
    return existing.filter((channel) => !mayRead(channel));
  }

  /** Dates that may have a stored answer. */
  async finalDates(): Promise<ReadonlySet<string>> {
    const prefix = `${this.account}/day/`;
    return new Set((await this.#hub.store.channels(prefix)).map(({ channel }) => channel.slice(prefix.length)));
  }

  /** The stored answer of a day whose evidence expired, or whose week was submitted. */
  async stored(date: string, isAnew = false): Promise<DayAnswer | undefined> {
    const final = await this.final(date);
    if (final !== undefined || isAnew || lockOf(await this.lockedWeeks(), date) === undefined) return final;
    return this.#storedAs(submittedKey, date);
  }

  lockedWeeks(): Promise<LockedWeeks> {
    return readLockedWeeks(this.#hub, this.account);
  }

  /** The stored answer of a day whose evidence expired. */
  final(date: string): Promise<DayAnswer | undefined> {
    return this.#storedAs(finalKey, date);
  }

  async #storedAs(key: string, date: string): Promise<DayAnswer | undefined> {
    const [item] = await this.#hub.store.read(`${this.account}/day/${date}`, { key, limit: 1 });
    if (item === undefined) return undefined;
    const answer: DayAnswer = JSON.parse(item.value);
    return answer;
  }
}

/** The key of the stored answer of a final day in its channel. */
export const finalKey = 'final';

interface ComputeDeps {
  readonly settings: Pick<AccountDaySettings, 'timeout' | 'idle' | 'bridge'>;
  readonly calendar: DayCalendar;
  readonly registry: DayRegistry;
}

export function calendarOf({ calendar }: AccountDaySettings, zone: string | undefined): DayCalendar {
  return zone === undefined ? calendar : { ...calendar, zones: [{ from: 0, zone }] };
}

export function fingerprintOf(settings: AccountDaySettings): string {
  return JSON.stringify(settings);
}

function concatenate<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const filled = lists.filter(({ length }) => length > 0);
  const none: readonly T[] = [];
  return filled.length === 1 ? (filled[0] ?? none) : none.concat(...filled);
}

function isSameList<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

// Known results of matching patterns; the rest is asked of a thread of its own, since compiling and trying patterns of others
// must not hold up the thread that serves everybody.

import type { Worker } from 'node:worker_threads';
import { startUserThread } from '../../adapters/activitywatch/query/thread.ts';
import { addBounded } from '../../core/bounded.ts';
import type { World } from '../../core/world.ts';
import type { PatternAnswer, PatternQuestion } from './pattern-thread.ts';
import type { PatternLookup } from './rules.ts';

/** Answers that are remembered, over all accounts. */
const mostAnswers = 500_000;
const mostInvalid = 10_000;
/** A question that takes longer is given up: its patterns match nothing. */
const patienceMs = 10_000;

export class PatternMatcher {
  readonly #world: World;
  readonly #answers = new Map<string, Map<string, boolean>>();
  readonly #invalid = new Set<string>();
  readonly #waiting = new Map<number, (found: PatternAnswer['found'] | undefined) => void>();
  #worker: Worker | undefined;
  #count = 0;
  #asked = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** @returns the first pattern that RE2 does not know or that is very large; undefined where all are fine */
  async firstInvalid(patterns: readonly string[]): Promise<string | undefined> {
    const unknown = patterns.filter((pattern) => !this.#answers.has(pattern) && !this.#invalid.has(pattern));
    if (unknown.length > 0) await this.#resolve(new Map(unknown.map((pattern) => [pattern, new Set<string>()])));
    return patterns.find((pattern) => this.#invalid.has(pattern));
  }

  /** Looks patterns up for one computation. */
  book(): PatternBook {
    return new PatternBook(
      (pattern, text) => (this.#invalid.has(pattern) ? false : this.#answers.get(pattern)?.get(text)),
      (missing) => this.#resolve(missing),
    );
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #resolve(missing: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    const asked = [...missing].map(([pattern, texts]) => ({ pattern, texts: [...texts] }));
    const found = await this.#ask(asked);
    for (const [index, { pattern, texts }] of asked.entries()) {
      const matched = found?.[index];
      if (found !== undefined && matched === null) addBounded(this.#invalid, pattern, mostInvalid);
      this.#dropOldAnswers();
      const known = this.#answers.get(pattern) ?? new Map<string, boolean>();
      this.#answers.set(pattern, known);
      this.#count -= known.size;
      for (const [at, text] of texts.entries()) known.set(text, matched?.[at] === true);
      this.#count += known.size;
    }
  }

  #dropOldAnswers(): void {
    for (const [pattern, texts] of this.#answers) {
      if (this.#count <= mostAnswers) return;
      this.#answers.delete(pattern);
      this.#count -= texts.size;
    }
  }

  #ask(asked: PatternQuestion['asked']): Promise<PatternAnswer['found'] | undefined> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      const giveUp = this.#world.after(patienceMs, () => {
        this.#world.log.warn({ patterns: asked.length }, 'day: patterns of rules took too long');
        const worker = this.#worker;
        this.#worker = undefined;
        void worker?.terminate();
        for (const answer of [...this.#waiting.values()]) answer(undefined);
      });
      this.#waiting.set(id, (found) => {
        giveUp();
        this.#waiting.delete(id);
        resolve(found);
      });
      const question: PatternQuestion = { id, asked };
      this.#thread().postMessage(question);
    });
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = startUserThread(new URL('./pattern-thread.ts', import.meta.url));
    worker.on('message', ({ id, found }: PatternAnswer) => this.#waiting.get(id)?.(found));
    worker.on('error', (error) => this.#world.log.error({ error }, 'day: the thread of patterns ended'));
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const answer of [...this.#waiting.values()]) answer(undefined);
    });
    this.#worker = worker;
    return worker;
  }
}

/** Remembers what it could not answer, so that it can be asked once and the computation done again. */
export class PatternBook implements PatternLookup {
  readonly #known: (pattern: string, text: string) => boolean | undefined;
  readonly #ask: (missing: ReadonlyMap<string, ReadonlySet<string>>) => Promise<void>;
  #missing = new Map<string, Set<string>>();

  constructor(
    known: (pattern: string, text: string) => boolean | undefined,
    ask: (missing: ReadonlyMap<string, ReadonlySet<string>>) => Promise<void>,
  ) {
    this.#known = known;
    this.#ask = ask;
  }

  matches(pattern: string, text: string): boolean {
    const answer = this.#known(pattern, text);
    if (answer !== undefined) return answer;
    const texts = this.#missing.get(pattern) ?? new Set<string>();
    this.#missing.set(pattern, texts);
    texts.add(text);
    return false;
  }

  /** @returns whether there was anything to ask: then the computation is to be done again */
  async fill(): Promise<boolean> {
    if (this.#missing.size === 0) return false;
    const missing = this.#missing;
    this.#missing = new Map();
    await this.#ask(missing);
    return true;
  }
}

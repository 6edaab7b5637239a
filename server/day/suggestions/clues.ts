// Names in the texts of single items of evidence: a task by its id, or a project by its name or an alias. Pure functions of facts.

import type { DayFacts } from '../engine/evidence.ts';

/** A task that a suggestion may name. */
export interface KnownTask {
  /** The key of its item in `tasks`. */
  readonly key: string;
  readonly id: number;
  readonly desc: string;
  readonly project: string | null;
}

/** A project of the registry, or one that only facts name. */
export interface KnownProject {
  readonly name: string;
  readonly aliases: readonly string[];
  /** In the registry: its names count wherever a text has them as words. */
  readonly registered: boolean;
}

/** The tasks and projects that one text names. */
export interface TextClue {
  readonly kind: 'task id' | 'alias';
  readonly project: string | null;
  readonly task: string | null;
  /** The part of the text that names it, such as `12-watering`. */
  readonly text: string;
  readonly field: 'branch' | 'path' | 'url' | 'title';
}

/** Shorter names are too often a part of something else. */
const shortestName = 3;
const wordForm = /[\p{L}\p{N}]+/gu;

export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(wordForm) ?? [];
}

export class ClueFinder {
  readonly #tasks = new Map<number, KnownTask[]>();
  readonly #taskWords = new Map<string, ReadonlySet<string>>();
  /** Names as parts of a path, an address or a title. */
  readonly #parts = new Map<string, string>();
  readonly #anywhere: RegExp | undefined;
  readonly #known = new WeakMap<DayFacts, readonly TextClue[]>();

  constructor({
    tasks,
    projects,
  }: {
    readonly tasks: readonly KnownTask[];
    readonly projects: readonly KnownProject[];
  }) {
    for (const task of tasks) {
      if (task.id <= 0) continue;
      this.#tasks.set(task.id, [...(this.#tasks.get(task.id) ?? []), task]);
      this.#taskWords.set(task.key, new Set(wordsOf(task.desc).filter((word) => word.length >= shortestName)));
    }
    const anywhere: string[] = [];
    for (const { name, aliases, registered } of projects) {
      for (const one of [name, ...aliases]) {
        if (one.length < shortestName) continue;
        this.#parts.set(one.toLowerCase(), name);
        if (registered) anywhere.push(one.toLowerCase().replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
      }
    }
    if (anywhere.length > 0)
      this.#anywhere = new RegExp(`(?<![\\p{L}\\p{N}])(?:${anywhere.join('|')})(?![\\p{L}\\p{N}])`, 'gu');
  }

  /** Equal facts are looked at once. */
  of(facts: DayFacts): readonly TextClue[] {
    const known = this.#known.get(facts);
    if (known !== undefined) return known;
    const clues = (['branch', 'path', 'url', 'title'] as const).flatMap((field) => {
      const text = facts[field];
      return text === undefined ? [] : [...this.#taskIds(text, field, facts), ...this.#names(text, field)];
    });
    this.#known.set(facts, clues);
    return clues;
  }

  /** The task that a text names, such as the goal of a room. */
  inText(text: string): readonly TextClue[] {
    return [...this.#taskIds(text, 'title', {}), ...this.#names(text, 'title')];
  }

  /**
   * Numbers are everywhere, so a number alone names nothing: the word `task` stands before it, or the rest of the text has a word of the
   * task's description or its project.
   */
  #taskIds(text: string, field: TextClue['field'], { project }: DayFacts): TextClue[] {
    const clues: TextClue[] = [];
    for (const token of text.split(/[\s\\/()[\],?&=]+/)) {
      const [, prefix = '', digits = '', , slug = ''] =
        /^(task[-_#]?|kronos[-_#]?|#)?(\d{1,9})(?:([-_.])([\p{L}\p{N}._-]+))?$/iu.exec(token) ?? [];
      if (digits === '') continue;
      const isNamed = /^(?:task|kronos)/i.test(prefix);
      const words = new Set(wordsOf(slug === '' ? text : slug));
      for (const task of this.#tasks.get(Number(digits)) ?? []) {
        const own = this.#taskWords.get(task.key) ?? new Set();
        const isSupported =
          [...own].some((word) => words.has(word)) ||
          (task.project !== null && (project === task.project || words.has(task.project.toLowerCase())));
        if (isNamed || isSupported)
          clues.push({ kind: 'task id', project: task.project, task: task.key, text: token, field });
      }
    }
    return clues;
  }

  #names(text: string, field: TextClue['field']): TextClue[] {
    const lower = text.toLowerCase();
    const found = new Map<string, string>();
    for (const part of partsOf(lower, field)) {
      const project = this.#parts.get(part);
      if (project !== undefined) found.set(project, part);
    }
    for (const [part] of this.#anywhere === undefined ? [] : lower.matchAll(this.#anywhere)) {
      const project = this.#parts.get(part);
      if (project !== undefined) found.set(project, part);
    }
    return [...found].map(([project, part]) => ({ kind: 'alias', project, task: null, text: part, field }));
  }
}

/** Parts of a path or an address; parts of a title between its separators, and of the paths in it. */
function partsOf(lower: string, field: TextClue['field']): readonly string[] {
  if (field === 'url') return lower.replace(/^[a-z]+:\/\//, '').split(/[/?#&=.:]+/);
  if (field !== 'title') return lower.split(/[\\/]+/);
  const paths = lower.split(/\s+/).filter((word) => /[\\/]/.test(word));
  return [
    ...lower.split(/\s+[—–|·•-]\s+|:\s+/).map((part) => part.trim()),
    ...paths.flatMap((path) => path.split(/[\\/:]+/)),
  ];
}

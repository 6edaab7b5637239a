// The names under which time is listed: projects, languages, editors and so on. Names that differ only in case are one row, because
// editors write them differently. Every answer shows the spelling that is first in the order of code units.

import { type Dictionary, type Field, fields, type HeartbeatContext } from '../index/dictionary.ts';
import { categoryName, editorName, systemName, unknownNames } from '../model/display-names.ts';
import { parseUserAgentOnce } from '../model/user-agent.ts';

export const dimensions = [
  'categories',
  'projects',
  'languages',
  'editors',
  'operating_systems',
  'dependencies',
  'machines',
  'branches',
] as const;
export type Dimension = (typeof dimensions)[number];

/** The names that a context counts for, by dimension. */
export type Labels = Readonly<Record<Dimension, readonly string[]>>;

/** The field that each dimension is read from, and its name for people. Dependencies are a list of their own. */
const readings: Readonly<Record<Exclude<Dimension, 'dependencies'>, readonly [Field, (text: string) => string]>> = {
  categories: ['category', categoryName],
  projects: ['project', (text) => text || unknownNames.project],
  languages: ['language', (text) => text || unknownNames.language],
  editors: ['userAgent', (text) => editorName(parseUserAgentOnce(text).editor)],
  operating_systems: ['userAgent', (text) => systemName(parseUserAgentOnce(text).os)],
  machines: ['machine', (text) => text || unknownNames.machine],
  branches: ['branch', (text) => text || unknownNames.branch],
};

const rawLabels = new WeakMap<HeartbeatContext, Labels>();

/** The names of a context as its heartbeats spell them. Use it to compare ignoring case; `AccountNames.labels` is for answers. */
export function labelsOf(context: HeartbeatContext): Labels {
  const known = rawLabels.get(context);
  if (known !== undefined) return known;
  const nameIn = (dimension: keyof typeof readings): readonly string[] => {
    const [field, nameOf] = readings[dimension];
    return [nameOf(context[field])];
  };
  const labels: Labels = {
    categories: nameIn('categories'),
    projects: nameIn('projects'),
    languages: nameIn('languages'),
    editors: nameIn('editors'),
    operating_systems: nameIn('operating_systems'),
    dependencies: context.dependencies,
    machines: nameIn('machines'),
    branches: nameIn('branches'),
  };
  rawLabels.set(context, labels);
  return labels;
}

/** True if both names are equal when case is ignored. */
export function isSameName(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}

/** One dimension of one account: gives each name a number, ignoring case, and maps texts of the dictionary to these numbers. */
export class NameNumbers {
  readonly #contexts: Dictionary;
  /** Of a context's row; undefined for dependencies. */
  readonly #field: number | undefined;
  readonly #nameOf: (text: string) => string;
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #byText: (number | undefined)[] = [];
  /** Contexts whose names have numbers. */
  #scanned = 0;
  #respelled = 0;

  constructor(contexts: Dictionary, dimension: Dimension) {
    const [field, nameOf] = dimension === 'dependencies' ? [undefined, (text: string) => text] : readings[dimension];
    this.#contexts = contexts;
    this.#field = field === undefined ? undefined : fields.indexOf(field);
    this.#nameOf = nameOf;
  }

  /** How often the spelling of a name has changed because a heartbeat had an earlier one. */
  get respelled(): number {
    this.#scan();
    return this.#respelled;
  }

  /** Calls `take` with the number of each name that a context counts for. */
  visit(context: number, take: (number: number) => void): void {
    if (context >= this.#scanned) this.#scan();
    if (this.#field !== undefined) take(this.#byText[this.#contexts.field(context, this.#field)] ?? 0);
    else for (const text of this.#contexts.dependencies(context)) take(this.#byText[text] ?? 0);
  }

  name(number: number): string {
    return this.#names[number] ?? '';
  }

  /** The account's spelling of a name. */
  spell(name: string): string {
    this.#scan();
    const number = this.#numbers.get(name.toLowerCase());
    return number === undefined ? name : this.name(number);
  }

  #scan(): void {
    for (; this.#scanned < this.#contexts.length; this.#scanned += 1) {
      if (this.#field !== undefined) this.#register(this.#contexts.field(this.#scanned, this.#field));
      else for (const text of this.#contexts.dependencies(this.#scanned)) this.#register(text);
    }
  }

  #register(text: number): void {
    if (this.#byText[text] !== undefined) return;
    const name = this.#nameOf(this.#contexts.texts[text] ?? '');
    const lower = name.toLowerCase();
    const known = this.#numbers.get(lower);
    const number = known ?? this.#names.push(name) - 1;
    this.#numbers.set(lower, number);
    this.#byText[text] = number;
    if (name >= this.name(number)) return;
    this.#names[number] = name;
    this.#respelled += 1;
  }
}

/** All names of one account. */
export class AccountNames {
  readonly #contexts: Dictionary;
  readonly #numbers: Readonly<Record<Dimension, NameNumbers>>;
  #labels = new WeakMap<HeartbeatContext, Labels>();
  #version = 0;

  constructor(contexts: Dictionary) {
    const numbers = (dimension: Dimension) => new NameNumbers(contexts, dimension);
    this.#contexts = contexts;
    this.#numbers = {
      categories: numbers('categories'),
      projects: numbers('projects'),
      languages: numbers('languages'),
      editors: numbers('editors'),
      operating_systems: numbers('operating_systems'),
      dependencies: numbers('dependencies'),
      machines: numbers('machines'),
      branches: numbers('branches'),
    };
  }

  in(dimension: Dimension): NameNumbers {
    return this.#numbers[dimension];
  }

  /** Grows whenever the spelling of a name changes: texts that were written with the old spelling are then out of date. */
  get version(): number {
    return dimensions.reduce((sum, dimension) => sum + this.#numbers[dimension].respelled, 0);
  }

  /** The names of a context in the account's spelling. */
  labels(context: HeartbeatContext): Labels {
    const { version } = this;
    if (version !== this.#version) {
      this.#labels = new WeakMap();
      this.#version = version;
    }
    const known = this.#labels.get(context);
    if (known !== undefined) return known;
    const raw = labelsOf(context);
    const spellings = (dimension: Dimension) => raw[dimension].map((name) => this.#numbers[dimension].spell(name));
    const labels: Labels = {
      categories: spellings('categories'),
      projects: spellings('projects'),
      languages: spellings('languages'),
      editors: spellings('editors'),
      operating_systems: spellings('operating_systems'),
      dependencies: [...new Set(spellings('dependencies'))],
      machines: spellings('machines'),
      branches: spellings('branches'),
    };
    this.#labels.set(context, labels);
    return labels;
  }

  /** The names of the context of a number. */
  labelsAt(context: number): Labels {
    return this.labels(this.#contexts.get(context));
  }
}

const known = new WeakMap<Dictionary, AccountNames>();

export function namesOf({ contexts }: { readonly contexts: Dictionary }): AccountNames {
  const names = known.get(contexts) ?? new AccountNames(contexts);
  known.set(contexts, names);
  return names;
}

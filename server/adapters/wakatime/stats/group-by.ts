// From codes to what people read: sums by context become lists of projects, languages, editors and so on, each sorted by time. How
// an entry is written is amount.ts'; which lists go into which answer is decided there.

import type { Beats, Context } from '../index/columns.ts';
import { type Contexts, type Field, fields } from '../index/dictionary.ts';
import { type Counts, linesBy } from '../index/line-counts.ts';
import { absent, categoryName, editorName } from '../model/display-names.ts';
import { type Agent, parseUserAgent } from '../model/user-agent.ts';
import { Counter, type Sums, type Tally } from './durations-algorithm.ts';

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

/** What a context counts for, by dimension. */
type Labels = Readonly<Record<Dimension, readonly string[]>>;

export interface Row {
  readonly name: string;
  /** Microseconds. */
  readonly sum: number;
}

export interface Folded {
  /** Microseconds. */
  readonly total: number;
  /** Of it, without a language. */
  readonly other: number;
  /** Added up when asked for: most answers want some of the lists. */
  readonly rows: (dimension: Dimension) => readonly Row[];
  /** Of all heartbeats, whatever time they are worth. */
  readonly lines: () => Counts;
  readonly linesBy: (dimension: Dimension) => ReadonlyMap<string, Counts>;
}

const agents = new Map<string, Agent>();
const keptAgents = 10_000;
const labels = new WeakMap<Context, Labels>();

export function agentOf(userAgent: string): Agent {
  const known = agents.get(userAgent);
  if (known !== undefined) return known;
  const agent = parseUserAgent(userAgent);
  if (agents.size >= keptAgents) agents.clear();
  agents.set(userAgent, agent);
  return agent;
}

export function labelsOf(context: Context): Labels {
  const known = labels.get(context);
  if (known !== undefined) return known;
  const agent = agentOf(context.userAgent);
  const made: Labels = {
    categories: [categoryName(context.category)],
    projects: [context.project || absent.project],
    languages: [context.language || absent.language],
    editors: [editorName(agent.editor)],
    operating_systems: [agent.os || absent.os],
    dependencies: context.dependencies,
    machines: [context.machine || absent.machine],
    branches: [context.branch || absent.branch],
  };
  labels.set(context, made);
  return made;
}

/** What each dimension is read off, and how it is called there; dependencies are a list of their own. */
const readings: Readonly<Record<Exclude<Dimension, 'dependencies'>, readonly [Field, (said: string) => string]>> = {
  categories: ['category', categoryName],
  projects: ['project', (said) => said || absent.project],
  languages: ['language', (said) => said || absent.language],
  editors: ['userAgent', (said) => editorName(agentOf(said).editor)],
  operating_systems: ['userAgent', (said) => agentOf(said).os || absent.os],
  machines: ['machine', (said) => said || absent.machine],
  branches: ['branch', (said) => said || absent.branch],
};

/** One dimension of one account: its names by number, and the number of the name of each text. */
class Index {
  readonly names: string[] = [];
  readonly counter = new Counter();
  readonly #contexts: Contexts;
  /** Of a context's row; undefined for dependencies. */
  readonly #field: number | undefined;
  readonly #nameOf: (said: string) => string;
  readonly #codes = new Map<string, number>();
  readonly #byText: (number | undefined)[] = [];

  constructor(contexts: Contexts, dimension: Dimension) {
    const [field, nameOf] = dimension === 'dependencies' ? [undefined, (said: string) => said] : readings[dimension];
    this.#contexts = contexts;
    this.#field = field === undefined ? undefined : fields.indexOf(field);
    this.#nameOf = nameOf;
  }

  add({ codes, amounts }: Sums): void {
    const contexts = this.#contexts;
    const field = this.#field;
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index] ?? 0;
      const amount = amounts[index] ?? 0;
      if (field !== undefined) {
        const text = contexts.field(code, field);
        this.counter.add(this.#byText[text] ?? this.#name(text), amount);
        continue;
      }
      for (const text of contexts.dependencies(code)) this.counter.add(this.#byText[text] ?? this.#name(text), amount);
    }
  }

  take(): readonly Row[] {
    const { codes, amounts } = this.counter.take();
    return sorted(codes.map((code, index) => ({ name: this.names[code] ?? '', sum: amounts[index] ?? 0 })));
  }

  #name(text: number): number {
    const name = this.#nameOf(this.#contexts.texts[text] ?? '');
    const known = this.#codes.get(name);
    const code = known ?? this.names.push(name) - 1;
    if (known === undefined) this.#codes.set(name, code);
    this.#byText[text] = code;
    return code;
  }
}

type Indexes = Readonly<Record<Dimension, Index>>;
const indexes = new WeakMap<Contexts, Indexes>();

function indexesOf(contexts: Contexts): Indexes {
  const known = indexes.get(contexts);
  if (known !== undefined) return known;
  const index = (dimension: Dimension) => new Index(contexts, dimension);
  const made: Indexes = {
    categories: index('categories'),
    projects: index('projects'),
    languages: index('languages'),
    editors: index('editors'),
    operating_systems: index('operating_systems'),
    dependencies: index('dependencies'),
    machines: index('machines'),
    branches: index('branches'),
  };
  indexes.set(contexts, made);
  return made;
}

const languageField = fields.indexOf('language');

export function fold({ contexts }: Beats, tallies: readonly Tally[]): Folded {
  const by = indexesOf(contexts);
  const saidOther = contexts.find(absent.language);
  let [total, other] = [0, 0];
  for (const { contexts: sums } of tallies) {
    const { codes, amounts } = sums;
    for (let index = 0; index < codes.length; index += 1) {
      const sum = amounts[index] ?? 0;
      total += sum;
      // The first of all texts is ''. Some plugins say "Other" themselves.
      const language = contexts.field(codes[index] ?? 0, languageField);
      if (language === 0 || language === saidOther) other += sum;
    }
  }
  const rows = (dimension: Dimension): readonly Row[] => {
    for (const { contexts: sums } of tallies) by[dimension].add(sums);
    return by[dimension].take();
  };
  const lines = tallies.map((one) => one.lines.contexts);
  return {
    total,
    other,
    rows,
    lines: () => linesBy(lines, () => ['']).get('') ?? [],
    linesBy: (dimension) => linesBy(lines, (code) => labelsOf(contexts.get(code))[dimension]),
  };
}

/** The most first. */
export function sorted(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => b.sum - a.sum || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function totalOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + row.sum, 0);
}

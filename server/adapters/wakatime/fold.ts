// From codes to what people read: sums by context become lists of projects, languages, editors and so on, each sorted by time. How
// an entry is written is amount.ts'; which lists go into which answer is decided there.

import type { Beats, Context } from './beats.ts';
import { Counter, type Tally } from './credit.ts';
import { absent, categoryName, editorName } from './names.ts';
import { type Agent, parseUserAgent } from './user-agent.ts';

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

/** One dimension of one account: its names by code, and the codes of each context. */
class Index {
  readonly names: string[] = [];
  readonly of: (readonly number[])[] = [];
  readonly counter = new Counter();
  readonly #codes = new Map<string, number>();

  add(names: readonly string[]): void {
    this.of.push(
      names.map((name) => {
        const known = this.#codes.get(name);
        if (known !== undefined) return known;
        this.#codes.set(name, this.names.length);
        return this.names.push(name) - 1;
      }),
    );
  }

  take(): readonly Row[] {
    const { codes, amounts } = this.counter.take();
    return sorted(codes.map((code, index) => ({ name: this.names[code] ?? '', sum: amounts[index] ?? 0 })));
  }
}

type Indexes = Readonly<Record<Dimension, Index>>;
const indexes = new WeakMap<Beats, Indexes>();

/** With all contexts that there are by now. */
function indexesOf(beats: Beats): Indexes {
  const known = indexes.get(beats) ?? {
    categories: new Index(),
    projects: new Index(),
    languages: new Index(),
    editors: new Index(),
    operating_systems: new Index(),
    dependencies: new Index(),
    machines: new Index(),
    branches: new Index(),
  };
  indexes.set(beats, known);
  for (let code = known.projects.of.length; code < beats.contexts.length; code += 1) {
    const context = beats.contexts[code];
    if (context === undefined) break;
    const its = labelsOf(context);
    for (const dimension of dimensions) known[dimension].add(its[dimension]);
  }
  return known;
}

export function fold(beats: Beats, tallies: readonly Tally[]): Folded {
  const by = indexesOf(beats);
  let [total, other] = [0, 0];
  for (const { contexts } of tallies) {
    const { codes, amounts } = contexts;
    for (let index = 0; index < codes.length; index += 1) {
      const sum = amounts[index] ?? 0;
      total += sum;
      if (beats.contexts[codes[index] ?? 0]?.language === '') other += sum;
    }
  }
  const rows = (dimension: Dimension): readonly Row[] => {
    const list = by[dimension];
    for (const { contexts } of tallies) {
      const { codes, amounts } = contexts;
      for (let index = 0; index < codes.length; index += 1) {
        const names = list.of[codes[index] ?? 0] ?? [];
        for (let at = 0; at < names.length; at += 1) list.counter.add(names[at] ?? 0, amounts[index] ?? 0);
      }
    }
    return list.take();
  };
  return { total, other, rows };
}

/** The most first. */
export function sorted(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => b.sum - a.sum || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function totalOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + row.sum, 0);
}

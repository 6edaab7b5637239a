// From codes to what people read: sums by context become lists of projects, languages, editors and so on, each sorted by time. How
// an entry is written is amount.ts'; which lists go into which answer is decided there.

import type { Context } from './beats.ts';
import type { Tally } from './credit.ts';
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
export type Labels = Readonly<Record<Dimension, readonly string[]>>;

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
  readonly rows: Readonly<Record<Dimension, readonly Row[]>>;
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

export function fold(contexts: readonly Context[], tallies: readonly Tally[]): Folded {
  let [total, other] = [0, 0];
  const sums = dimensions.map((dimension) => ({ dimension, by: new Map<string, number>() }));
  for (const tally of tallies) {
    for (const [code, sum] of tally.contexts) {
      const context = contexts[code];
      if (context === undefined) continue;
      total += sum;
      if (context.language === '') other += sum;
      const its = labelsOf(context);
      for (const { dimension, by } of sums) {
        for (const name of its[dimension]) by.set(name, (by.get(name) ?? 0) + sum);
      }
    }
  }
  const rows = (wanted: Dimension) => sorted(sums.find(({ dimension }) => dimension === wanted)?.by ?? new Map());
  return {
    total,
    other,
    rows: {
      categories: rows('categories'),
      projects: rows('projects'),
      languages: rows('languages'),
      editors: rows('editors'),
      operating_systems: rows('operating_systems'),
      dependencies: rows('dependencies'),
      machines: rows('machines'),
      branches: rows('branches'),
    },
  };
}

/** The most first. */
export function sorted(sums: ReadonlyMap<string, number>): readonly Row[] {
  return [...sums]
    .map(([name, sum]) => ({ name, sum }))
    .sort((a, b) => b.sum - a.sum || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function totalOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + row.sum, 0);
}

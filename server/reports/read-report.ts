// Answers a report: reads the days that it is about, and the terms by which each project is rounded and paid. Sums of days are enough where
// neither tasks nor tags nor single stretches matter; otherwise whole days are read.

import { areReportSettings } from '../../protocol/day.ts';
import type { ReportDimension, ReportRounding, ReportSettingsItem, ReportView } from '../../protocol/day-report.ts';
import type { MergedDays } from '../day/merged-days.ts';
import { type NamedProject, projectsIn } from '../day/registry/projects.ts';
import { type AccountReader, partsOf, readDay, readLabels } from './read-parts.ts';
import { makeTimeReport, type ProjectTerms, type TimePart } from './report.ts';

/** Days whose segments are read for one report, over all people. */
export const mostWholeDays = 400;
const longestParents = 20;

/** All of them must hold; undefined lets everything through. */
export interface TimeFilters {
  /** With the projects below it. */
  readonly project: string | undefined;
  /** The key or the id of a task. */
  readonly task: string | undefined;
  readonly tag: string | undefined;
}

export interface ReportQuestion {
  readonly dates: readonly string[];
  readonly by: readonly ReportDimension[];
  readonly filters: TimeFilters;
  /** Instead of what accounts and projects say; null rounds nothing. */
  readonly rounding: ReportRounding | null | undefined;
}

export type ReportOutcome =
  | { readonly ok: true; readonly report: ReportView }
  | { readonly ok: false; readonly hint: string };

/** @param isAborted asked between days: the answer is of no use any more */
export async function readTimeReport(
  days: MergedDays,
  people: readonly AccountReader[],
  question: ReportQuestion,
  isAborted: () => boolean,
): Promise<ReportOutcome> {
  const { dates, by, rounding } = question;
  const terms = new Map<string, AccountTerms>();
  const parts: TimePart[] = [];
  const without = new Set<string>();
  let whole = 0;
  for (const person of people) {
    const own = await readTerms(days, person, rounding);
    terms.set(person.account, own);
    if (areSumsEnough(question, person, own)) {
      parts.push(...(await partsOfSums(days, person.account, question)));
      continue;
    }
    whole += dates.length;
    if (whole > mostWholeDays)
      return { ok: false, hint: `at most ${mostWholeDays} days of all people, by task or tag or rounded per entry` };
    const labels = await readLabels(days, person);
    for (const date of dates) {
      if (isAborted()) break;
      const day = await readDay(days, person, date, labels);
      parts.push(...partsOf(person.account, day).filter((part) => fits(part, question.filters)));
      for (const channel of day.without) without.add(channel);
    }
  }
  const made = makeTimeReport(parts, by, (person, project) => terms.get(person)?.of(project) ?? noTerms);
  const [from = '', to = ''] = [dates[0], dates.at(-1)];
  const names = people.map(({ account }) => account);
  return { ok: true, report: { from, to, people: names, by: [...by], ...made, without: [...without].sort() } };
}

const noTerms: ProjectTerms = { rounding: undefined, rate: undefined };

function areSumsEnough({ by, filters }: ReportQuestion, person: AccountReader, terms: AccountTerms): boolean {
  const needsSegments = by.some((one) => one === 'task' || one === 'tag');
  const isFiltered = filters.task !== undefined || filters.tag !== undefined;
  return !needsSegments && !isFiltered && !terms.roundsEntries && person.mayReadDays('*');
}

async function partsOfSums(
  days: MergedDays,
  person: string,
  { dates, filters }: ReportQuestion,
): Promise<readonly TimePart[]> {
  const totals = await days.of(person).sums.of(dates);
  return totals.flatMap(({ date: day, projects }) =>
    projects
      .filter(({ time }) => time > 0)
      .map(({ project, time }): TimePart => ({ person, day, project, task: null, tags: [], stretches: [time] }))
      .filter((part) => fits(part, filters)),
  );
}

function fits({ project, task, tags }: TimePart, wanted: TimeFilters): boolean {
  const isProject = wanted.project === undefined || isWithin(project ?? '', wanted.project);
  const isTask = wanted.task === undefined || task?.key === wanted.task || String(task?.id) === wanted.task;
  return isProject && isTask && (wanted.tag === undefined || tags.includes(wanted.tag));
}

/** A project contains those below it: `home` has `home.garden`. */
function isWithin(project: string, of: string): boolean {
  return project === of || project.startsWith(`${of}.`) || project.startsWith(`${of}/`);
}

interface AccountTerms {
  readonly of: (project: string | null) => ProjectTerms;
  /** True if some project may be rounded stretch by stretch. */
  readonly roundsEntries: boolean;
}

async function readTerms(
  { hub }: MergedDays,
  { account, mayRead }: AccountReader,
  override: ReportRounding | null | undefined,
): Promise<AccountTerms> {
  const itemsOf = async (channel: string) => (await hub.cachedChannel(`${account}/${channel}`)).settled();
  const parsed: unknown = mayRead('settings')
    ? JSON.parse((await itemsOf('settings')).items.get('report')?.value ?? 'null')
    : null;
  const settings: ReportSettingsItem = areReportSettings(parsed) ? parsed : {};
  const projects = new Map(
    (mayRead('projects') ? projectsIn(await itemsOf('projects')) : []).map((one) => [one.name, one.project]),
  );
  const roundings =
    override === undefined
      ? [settings.rounding, ...[...projects.values()].map(({ rounding }) => rounding)]
      : [override];
  const known = new Map<string | null, ProjectTerms>();
  return {
    roundsEntries: roundings.some((rounding) => rounding?.per === 'entry'),
    of(project) {
      const before = known.get(project);
      if (before !== undefined) return before;
      const rounding =
        override === undefined
          ? (inheritedTerm(projects, project, 'rounding') ?? settings.rounding)
          : (override ?? undefined);
      const rate = project === null ? undefined : (inheritedTerm(projects, project, 'rate') ?? settings.rate);
      const terms = { rounding, rate };
      known.set(project, terms);
      return terms;
    },
  };
}

type RegisteredProjects = ReadonlyMap<string, NamedProject['project']>;

/** The setting of a project, else that of the nearest of its parents. */
function inheritedTerm<N extends 'rate' | 'rounding'>(
  projects: RegisteredProjects,
  project: string | null,
  name: N,
): NamedProject['project'][N] | undefined {
  let next = project ?? undefined;
  for (let step = 0; next !== undefined && step < longestParents; step += 1) {
    const found: NamedProject['project'] | undefined = projects.get(next);
    if (found?.[name] !== undefined) return found[name];
    next = found?.parent;
  }
  return undefined;
}

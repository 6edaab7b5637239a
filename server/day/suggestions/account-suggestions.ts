// The suggestions of one account for a date: the day, its evidence, the words of the days before it, tasks and projects, without what was
// refused. What the days before taught is remembered as long as their answers are the same.

import { isSuggestionRefusal } from '../../../protocol/day.ts';
import { isRecord } from '../../../protocol/json.ts';
import { projectIn } from '../../../protocol/project-in.ts';
import { setBounded } from '../../core/bounded.ts';
import type { Hub } from '../../core/hub.ts';
import type { AccountDays, DayAnswer } from '../account-days.ts';
import { compareText, groupBy } from '../engine/collections.ts';
import { nextDate } from '../engine/day-calendar.ts';
import type { DayEvent, DayHeartbeat } from '../engine/evidence.ts';
import { textIn } from '../readers/reading.ts';
import { projectsIn } from '../registry/projects.ts';
import { ClueFinder, type KnownProject, type KnownTask } from './clues.ts';
import { certainStretches, type DaySuggestion, suggestionsOf } from './suggest.ts';
import type { VoteContext } from './votes.ts';
import { assignedStretches, countWords, type WordCounts, WordModel } from './words.ts';

/** Words are learned from that many days before the date. */
const learnedDays = 7;
const mostRemembered = 60;
/** A heartbeat speaks for the time until the next one, and for no more than that. */
const longestBeat = 120_000_000;

interface LearnedDay {
  readonly answer: DayAnswer;
  readonly finder: ClueFinder;
  readonly counts: WordCounts;
}

/** A span that was refused, and what was suggested for it. */
interface RefusedSpan {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly project: string;
}

/** The channel, without the account, of refusals. */
export const refusalChannel = 'suggestions';

export class AccountSuggestions {
  readonly #hub: Hub;
  readonly #days: AccountDays;
  #finder: { readonly name: string; readonly finder: ClueFinder } | undefined;
  readonly #learned = new Map<string, LearnedDay>();

  constructor(hub: Hub, days: AccountDays) {
    this.#hub = hub;
    this.#days = days;
  }

  /** @param mayRead asked with the name of a channel without the account: suggestions are made of what the token may read */
  async of(date: string, mayRead: (channel: string) => boolean): Promise<readonly DaySuggestion[]> {
    const answer = await this.#days.day({ date, mayRead });
    // The evidence of a final day is gone.
    if (answer.final || !answer.segments.some(({ project, work }) => project === null && work)) return [];
    const before = await this.#daysBefore(date, mayRead);
    const { projectOf } = await this.#days.registry(mayRead);
    const tasks = await this.#tasks(mayRead, projectOf);
    const projects = await this.#projects(mayRead, [answer, ...before]);
    const finder = this.#finderFor(tasks, projects);
    const learned: WordCounts[] = [];
    for (const one of [answer, ...before]) learned.push(await this.#learn(one, { finder, projectOf }, mayRead));
    const context = { finder, model: new WordModel(learned, tasks), projectOf };
    const refused = await this.#readRefused();
    const events = await this.#eventsOf(answer, mayRead);
    return suggestionsOf(answer, events, context).filter((one) => !refused.some((other) => isRefusedBy(one, other)));
  }

  async #daysBefore(date: string, mayRead: (channel: string) => boolean): Promise<readonly DayAnswer[]> {
    const answers: DayAnswer[] = [];
    for (let back = 1; back <= learnedDays; back += 1) {
      const answer = await this.#days.day({ date: nextDate(date, -back), mayRead });
      if (!answer.final && answer.segments.length > 0) answers.push(answer);
    }
    return answers;
  }

  /** The same object for the same tasks and projects. */
  #finderFor(tasks: readonly KnownTask[], projects: readonly KnownProject[]): ClueFinder {
    const name = JSON.stringify([tasks, projects]);
    if (this.#finder?.name !== name) this.#finder = { name, finder: new ClueFinder({ tasks, projects }) };
    return this.#finder.finder;
  }

  async #learn(
    answer: DayAnswer,
    context: Pick<VoteContext, 'finder' | 'projectOf'>,
    mayRead: (channel: string) => boolean,
  ): Promise<WordCounts> {
    const known = this.#learned.get(answer.date);
    if (known?.answer === answer && known.finder === context.finder) return known.counts;
    const events = await this.#eventsOf(answer, mayRead);
    const counts = countWords([...assignedStretches(answer, events), ...certainStretches(answer, events, context)]);
    setBounded(this.#learned, answer.date, { answer, finder: context.finder, counts }, mostRemembered);
    return counts;
  }

  async #eventsOf({ from, to }: DayAnswer, mayRead: (channel: string) => boolean): Promise<readonly DayEvent[]> {
    const parts = await this.#days.parts({ from, to }, await this.#days.settings(), mayRead);
    return [...parts.flatMap(({ events }) => events), ...beatEvents(parts.flatMap(({ heartbeats }) => heartbeats))];
  }

  async #tasks(
    mayRead: (channel: string) => boolean,
    projectOf: (name: string) => string,
  ): Promise<readonly KnownTask[]> {
    if (!mayRead('tasks')) return [];
    const { items } = await (await this.#hub.cachedChannel(`${this.#days.account}/tasks`)).settled();
    return [...items.values()].flatMap(({ key, value }): KnownTask[] => {
      const task: unknown = JSON.parse(value);
      if (!isRecord(task)) return [];
      const { id } = task;
      const desc = textIn(task, 'desc');
      const project = projectIn(desc) ?? textIn(task, 'project');
      return [{ key, id: typeof id === 'number' ? id : 0, desc, project: project === '' ? null : projectOf(project) }];
    });
  }

  /** Projects of the registry, and projects that facts of these days name. */
  async #projects(
    mayRead: (channel: string) => boolean,
    answers: readonly DayAnswer[],
  ): Promise<readonly KnownProject[]> {
    const document = mayRead('projects')
      ? await (await this.#hub.cachedChannel(`${this.#days.account}/projects`)).settled()
      : undefined;
    const known = new Map<string, KnownProject>();
    for (const { name, project } of document === undefined ? [] : projectsIn(document))
      known.set(name, { name, aliases: project.aliases ?? [], registered: true });
    for (const answer of answers)
      for (const { project } of answer.projects)
        if (project !== null && !known.has(project))
          known.set(project, { name: project, aliases: [], registered: false });
    // In one order, so that equal projects make an equal finder.
    return [...known.values()].sort((a, b) => compareText(a.name, b.name));
  }

  async #readRefused(): Promise<readonly RefusedSpan[]> {
    const { items } = await (await this.#hub.cachedChannel(`${this.#days.account}/${refusalChannel}`)).settled();
    return [...items.values()].flatMap(({ key, value, time, end }): RefusedSpan[] => {
      const parsed: unknown = JSON.parse(value);
      return isSuggestionRefusal(parsed) && time !== null && end !== null
        ? [{ key, from: time, to: end, project: parsed.project }]
        : [];
    });
  }
}

/** Late evidence may move a stretch a little: what mostly lies in a refused span is not asked again. */
function isRefusedBy({ key, from, to, project }: DaySuggestion, refused: RefusedSpan): boolean {
  if (key === refused.key) return true;
  const common = Math.min(to, refused.to) - Math.max(from, refused.from);
  return project === refused.project && common * 2 >= to - from;
}

/** Heartbeats of people as events, each until the next one of its device. */
function beatEvents(heartbeats: readonly DayHeartbeat[]): readonly DayEvent[] {
  const human = heartbeats.filter(({ by }) => by !== 'agent');
  return [...groupBy(human, ({ device }) => device).values()].flatMap((own) => {
    const sorted = [...own].sort((a, b) => a.at - b.at);
    return sorted.map(({ at, device, channel, key, facts }, index): DayEvent => {
      const to = Math.min(sorted[index + 1]?.at ?? at, at + longestBeat);
      return { lane: 'editor', device, kind: 'editor', channel, key, from: at, to, facts };
    });
  });
}

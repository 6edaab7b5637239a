// Which project the words of titles, pages and paths belong to, learned from time that is assigned already. A word counts for a project
// if it is seen almost only there.

import type { MergedDay } from '../engine/answer.ts';
import type { DayEvent, DayFacts } from '../engine/evidence.ts';
import { type KnownTask, wordsOf } from './clues.ts';

/** In how many separate stretches of time each word was seen with each project; '' holds the number of stretches of each project. */
export type WordCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The project and the task that the words of one item name. */
export interface WordLean {
  readonly project: string;
  readonly words: readonly string[];
}

/** A word says nothing if it would be seen as often with its project by chance, with at least that probability. */
const mostChance = 0.03;
/** A word of a task's description counts as seen so often with the project of the task. */
const seenInTasks = 4;
const teachingLength = 1_200_000_000;
/** A word belongs to a project if at least that part of what was seen of it is there. */
const leastShare = 0.8;
/** The same of all words of one item. */
const leastAgreement = 0.7;
/** One word of many is a coincidence: so many words of an item, or that part of them, must belong to the project. */
const leastOwned = 2;
const leastOwnedPart = 0.4;
/** A project that takes most of the time takes most of all words: its own are seen that much more often with it. */
const leastLift = 1.5;
const shortestWord = 3;
const mostWords = 40;
const lanes = new Set(['window', 'web', 'other', 'editor']);

const words = new WeakMap<DayFacts, readonly string[]>();

/** Of title, address, path and branch; each word once. */
export function factWords(facts: DayFacts): readonly string[] {
  const known = words.get(facts);
  if (known !== undefined) return known;
  const { title = '', url = '', path = '', branch = '' } = facts;
  const file = path.split(/[\\/]/).slice(-3).join(' ');
  const address = url.replace(/^[a-z]+:\/\//i, '');
  const all = [title, address, file, branch].flatMap(wordsOf).filter((word) => isTelling(word));
  const made = [...new Set(all)].slice(0, mostWords);
  words.set(facts, made);
  return made;
}

function isTelling(word: string): boolean {
  return word.length >= shortestWord && !/^\d+$/.test(word);
}

/** Time that is about one project for certain: items of it teach words. */
export interface TeachingStretch {
  readonly project: string;
  /** Equal for what belongs together: a word counts once in it, however often it was seen. */
  readonly id: string;
  readonly facts: readonly DayFacts[];
}

/** Assigned time of a day, in parts of twenty minutes. An item belongs to the project in which at least half of it lies. */
export function assignedStretches(
  { segments }: Pick<MergedDay, 'segments'>,
  events: readonly DayEvent[],
): readonly TeachingStretch[] {
  const stretches = new Map<string, { readonly project: string; readonly facts: DayFacts[] }>();
  const assigned = segments.filter(({ project, bridged }) => project !== null && !bridged);
  for (const { lane, from, to, facts } of events) {
    if (!lanes.has(lane) || (lane === 'editor' && facts.project === undefined)) continue;
    const project = projectAt(assigned, from, Math.max(to, from + 1));
    if (project === undefined) continue;
    const id = `${Math.floor(from / teachingLength)} ${project}`;
    const known = stretches.get(id) ?? { project, facts: [] };
    stretches.set(id, known);
    known.facts.push(facts);
  }
  return [...stretches].map(([id, stretch]) => ({ id, ...stretch }));
}

export function countWords(stretches: readonly TeachingStretch[]): WordCounts {
  const counts = new Map<string, Map<string, number>>();
  const add = (word: string, project: string): void => {
    const ofWord = counts.get(word) ?? new Map<string, number>();
    counts.set(word, ofWord);
    ofWord.set(project, (ofWord.get(project) ?? 0) + 1);
  };
  for (const { project, facts } of stretches) {
    add('', project);
    for (const word of new Set([...new Set(facts)].flatMap(factWords))) add(word, project);
  }
  return counts;
}

/** The project in which at least half of a span lies. */
function projectAt(assigned: MergedDay['segments'], from: number, to: number): string | undefined {
  let [low, high] = [0, assigned.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((assigned[middle]?.to ?? 0) <= from) low = middle + 1;
    else high = middle;
  }
  const times = new Map<string, number>();
  for (let index = low; index < assigned.length; index += 1) {
    const segment = assigned[index];
    if (segment === undefined || segment.from >= to) break;
    const { project } = segment;
    const time = Math.min(to, segment.to) - Math.max(from, segment.from);
    if (project !== null) times.set(project, (times.get(project) ?? 0) + time);
  }
  return [...times].find(([, time]) => time * 2 >= to - from)?.[0];
}

export class WordModel {
  readonly #owners = new Map<string, string>();
  readonly #leans = new WeakMap<DayFacts, { readonly lean: WordLean | undefined }>();

  /** @param learned of several days; tasks with a project add the words of their descriptions */
  constructor(learned: readonly WordCounts[], tasks: readonly KnownTask[]) {
    const sums = new Map<string, Map<string, number>>();
    const add = (word: string, project: string, count: number): void => {
      const ofWord = sums.get(word) ?? new Map<string, number>();
      sums.set(word, ofWord);
      ofWord.set(project, (ofWord.get(project) ?? 0) + count);
    };
    for (const counts of learned)
      for (const [word, ofWord] of counts) for (const [project, count] of ofWord) add(word, project, count);
    for (const { desc, project } of tasks)
      if (project !== null) for (const word of wordsOf(desc)) if (isTelling(word)) add(word, project, seenInTasks);
    const stretches = sums.get('') ?? new Map<string, number>();
    const allStretches = [...stretches.values()].reduce((sum, count) => sum + count, 0);
    sums.delete('');
    for (const [word, ofWord] of sums) {
      let [owner, most, all] = ['', 0, 0];
      for (const [project, count] of ofWord) {
        all += count;
        if (count > most) [owner, most] = [project, count];
      }
      const part = Math.max(0.2, (stretches.get(owner) ?? 0) / Math.max(1, allStretches));
      const isOwn = most >= all * leastShare && most >= all * part * leastLift;
      if (isOwn && part ** most <= mostChance) this.#owners.set(word, owner);
    }
  }

  lean(facts: DayFacts): WordLean | undefined {
    const known = this.#leans.get(facts);
    if (known !== undefined) return known.lean;
    const byProject = new Map<string, string[]>();
    let all = 0;
    for (const word of factWords(facts)) {
      const owner = this.#owners.get(word);
      if (owner === undefined) continue;
      all += 1;
      byProject.set(owner, [...(byProject.get(owner) ?? []), word]);
    }
    const least = Math.min(leastOwned, factWords(facts).length * leastOwnedPart);
    const best = [...byProject].find(([, own]) => own.length >= all * leastAgreement && own.length >= least);
    const lean = best === undefined ? undefined : { project: best[0], words: best[1] };
    this.#leans.set(facts, { lean });
    return lean;
  }
}

// The questions of one account: asked from what is stored, answered once. An answer is stored first, and the task is changed after it; a hub
// that ends in between changes the task when it looks at the account again.

import {
  type AnsweredQuestionItem,
  areQuestionSettings,
  isAnsweredQuestion,
  type QuestionReply,
  type QuestionsView,
  type QuestionView,
} from '../../../protocol/day-questions.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { isRecord } from '../../../protocol/json.ts';
import type { Task } from '../../../protocol/messages.ts';
import type { Description } from '../../adapters/activitywatch/buckets/description.ts';
import type { Hub } from '../../core/hub.ts';
import { type AccountDays, calendarOf } from '../account-days.ts';
import { boundsOfDay, dateOfMoment, nextDate } from '../engine/day-calendar.ts';
import { type BucketKind, kindOf, readBucket } from '../readers/buckets.ts';
import { DeviceNames, SharedFacts } from '../readers/reading.ts';
import { stretchesOf } from '../suggestions/stretches.ts';
import { awayStretches, type GivenAnswer, type RunningTask, taskQuestions } from './ask.ts';
import { pauseTask, startedAt } from './stop-task.ts';

/** The channel, without the account, of answers. */
export const answerChannel = 'questions';
/** Absence that began shortly before a task is still that absence. */
const margin = 3_600_000_000;
/** A task left running for longer is read back no further. */
const longestRun = 7 * 86_400_000_000;
/** Shorter unexplained stretches of yesterday are not offered. */
const leastUnexplained = 900_000_000;

interface AfkBucket {
  readonly id: string;
  readonly kind: BucketKind;
}

export class AccountQuestions {
  readonly #hub: Hub;
  readonly #days: AccountDays;
  readonly #shared = new SharedFacts();

  constructor(hub: Hub, days: AccountDays) {
    this.#hub = hub;
    this.#days = days;
  }

  /** Today's date for this account. */
  async today(): Promise<string> {
    return dateOfMoment(this.#now(), calendarOf(await this.#days.settings(), undefined));
  }

  /** The open questions, and whether the guard can ask. */
  async ask(mayRead: (channel: string) => boolean): Promise<QuestionsView> {
    const isOn = await this.#switches();
    const running = mayRead('tasks') ? await this.running() : [];
    const isReadable = mayRead('aw/*');
    const buckets = isReadable ? await this.#afkBuckets() : [];
    const tasks = running.length === 0 ? [] : await this.#askAboutTasks(running, buckets, isOn);
    const unexplained = isOn('unexplained') && mayRead('*') ? await this.#unexplainedQuestions() : [];
    const why = !isOn('idle')
      ? 'it is switched off in the settings'
      : buckets.length === 0
        ? 'no device reports absence: start aw-watcher-afk on one'
        : '';
    return { questions: [...tasks, ...unexplained], watches: why === '', why };
  }

  /** Questions about running tasks alone, for the guard. */
  async askAboutTasks(running: readonly RunningTask[]): Promise<readonly QuestionView[]> {
    return this.#askAboutTasks(running, await this.#afkBuckets(), await this.#switches());
  }

  async running(): Promise<readonly RunningTask[]> {
    const items = await this.#hub.store.read(`${this.#days.account}/tasks`, {});
    return items.flatMap(({ key, value }) => runningTaskIn(key, value) ?? []);
  }

  /**
   * Answers a question. Of two answers at once one counts, and the refusal of the other says which.
   * @param origin the device that answers
   */
  async answer(
    { key, answer }: QuestionReply,
    origin: string,
  ): Promise<{ readonly ok: true; readonly undo: number } | Refusal> {
    const { questions } = await this.ask(() => true);
    const question = questions.find((one) => one.key === key);
    if (question !== undefined && !question.answers.includes(answer))
      return refuse('property', 'answer', question.answers.join(', '));
    const now = this.#now();
    const task = (await this.running()).find((one) => one.key === question?.task);
    const document = await this.#hub.cachedChannel(this.#answerName);
    let undo = 0;
    const done = await document.write(({ items, seq }) => {
      const known = items.get(key);
      const before: unknown = known === undefined ? undefined : JSON.parse(known.value);
      if (isAnsweredQuestion(before)) return refuse('exists', 'answer', `it was answered with ${before.answer}`);
      if (question === undefined) return refuse('not_found', 'question');
      undo = seq;
      const { kind, from, to } = question;
      const run = task === undefined ? {} : { task: task.key, started: task.started };
      const item: AnsweredQuestionItem = { kind, answer, ...run, applied: answer !== 'stop' && answer !== 'split' };
      const span = { time: from, end: Math.max(to ?? now, from + 1) };
      const op = { op: 'put', key, value: JSON.stringify(item), ...span } as const;
      return { ok: true, write: { ops: [op], origin, at: this.#hub.world.now() } };
    });
    if (!done.ok) return done;
    await this.applyAnswers();
    return { ok: true, undo };
  }

  /** Changes the tasks of answers that were stored and not applied yet. Doing it twice changes nothing: the run of the answer is over. */
  async applyAnswers(): Promise<void> {
    for (const { key, from, to, item } of await this.#answers()) {
      if (item.applied !== false) continue;
      if (item.task !== undefined && item.started !== undefined) {
        await this.#applyTo(item.task, item.started, from, item.answer === 'split' ? to : undefined);
      }
      const document = await this.#hub.cachedChannel(this.#answerName);
      const value = JSON.stringify({ ...item, applied: true });
      await document.write(() => ({
        ok: true,
        write: {
          ops: [{ op: 'put', key, value, time: from, end: to }],
          origin: 'questions',
          at: this.#hub.world.now(),
        },
      }));
    }
  }

  async #applyTo(key: string, started: number, from: number, again: number | undefined): Promise<void> {
    const document = await this.#hub.cachedChannel(`${this.#days.account}/tasks`);
    await document.write(({ items }) => {
      const task = taskIn(items.get(key)?.value ?? '{}');
      if (task === undefined || startedAt(key, task) !== started) return refuse('task_not_found');
      const value = JSON.stringify(pauseTask(key, task, from, again));
      return {
        ok: true,
        write: { ops: [{ op: 'put', key, value }], origin: 'questions', at: this.#hub.world.now() },
      };
    });
  }

  async #askAboutTasks(
    tasks: readonly RunningTask[],
    buckets: readonly AfkBucket[],
    isOn: (kind: QuestionView['kind']) => boolean,
  ): Promise<readonly QuestionView[]> {
    const settings = await this.#days.settings();
    const { idle, timeout } = settings;
    const now = this.#now();
    const calendar = calendarOf(settings, undefined);
    const begin = Math.max(Math.min(...tasks.map(({ started }) => started)) - margin, now - longestRun);
    const parts = await Promise.all(
      buckets.map(({ id, kind }) => {
        const channel = `${this.#days.account}/aw/${id}`;
        const span = { from: begin, to: now };
        return readBucket(this.#hub.store, channel, { kind, span, shared: this.#shared, timeout });
      }),
    );
    const away = awayStretches(
      parts.flatMap(({ events }) => events),
      idle,
      now,
    );
    const endOfDay = (moment: number): number => boundsOfDay(dateOfMoment(moment, calendar), calendar)[1];
    return taskQuestions({ tasks, away, answers: await this.#answers(), idle, now, endOfDay, isOn });
  }

  async #unexplainedQuestions(): Promise<readonly QuestionView[]> {
    const date = nextDate(await this.today(), -1);
    const key = `unexplained ${date}`;
    if ((await this.#answers()).some((given) => given.key === key)) return [];
    const answer = await this.#days.day({ date, mayRead: () => true });
    const [longest] = [...stretchesOf(answer, [], () => undefined)].sort((a, b) => b.time - a.time);
    if (longest === undefined || longest.time < leastUnexplained) return [];
    const { from, to } = longest;
    return [{ key, kind: 'unexplained', task: null, desc: '', from, to, answers: ['dismiss'] }];
  }

  async #answers(): Promise<readonly GivenAnswer[]> {
    const items = await this.#hub.store.read(this.#answerName, {});
    return items.flatMap(({ key, value, time, end }): GivenAnswer[] => {
      const item: unknown = JSON.parse(value);
      return isAnsweredQuestion(item) && time !== null && end !== null ? [{ key, from: time, to: end, item }] : [];
    });
  }

  async #switches(): Promise<(kind: QuestionView['kind']) => boolean> {
    const [item] = await this.#hub.store.read(`${this.#days.account}/settings`, { key: 'questions', limit: 1 });
    const settings: unknown = item === undefined ? {} : JSON.parse(item.value);
    return (kind) => !areQuestionSettings(settings) || settings[kind] !== false;
  }

  async #afkBuckets(): Promise<readonly AfkBucket[]> {
    const { devices } = await this.#days.settings();
    const names = new DeviceNames(devices);
    const { items } = await (await this.#hub.cachedChannel(`${this.#days.account}/aw`)).settled();
    return [...items.values()].flatMap(({ key, value }): AfkBucket[] => {
      if (!key.startsWith('bucket/')) return [];
      const description: Description = JSON.parse(value);
      const kind = kindOf(description, names);
      return kind.lane === 'afk' && kind.kind === 'afk' ? [{ id: description.id, kind }] : [];
    });
  }

  get #answerName(): string {
    return `${this.#days.account}/${answerChannel}`;
  }

  /** Microseconds since 1970. */
  #now(): number {
    return this.#hub.world.now() * 1_000;
  }
}

/** @param value the JSON text of an item of `tasks`. @returns undefined if the task does not run */
export function runningTaskIn(key: string, value: string): RunningTask | undefined {
  const task = taskIn(value);
  const started = task === undefined ? 0 : startedAt(key, task);
  return task === undefined || started === 0 ? undefined : { key, desc: task.desc ?? '', started };
}

function taskIn(value: string): Task | undefined {
  const task: unknown = JSON.parse(value);
  return isRecord(task) ? task : undefined;
}

// Looks at the accounts with a running task, also when nobody follows their days, and writes what it asks as the item `questions` of the
// channel `day/<today>`. It changes no time. Tasks are read again only when one that runs has changed: other changes cost their parsing.

import type { QuestionView } from '../../../protocol/day-questions.ts';
import type { Hub } from '../../core/hub.ts';
import type { Change } from '../../core/store.ts';
import { nextDate } from '../engine/day-calendar.ts';
import type { MergedDays } from '../merged-days.ts';
import { runningTaskIn } from './account-questions.ts';

const everyMs = 60_000;
const questionsKey = 'questions';
/** Channels, without the account, whose changes may answer or raise a question at once. */
const prompt = /^(?:questions|settings)$/;

export interface IdleGuardDeps {
  readonly days: MergedDays;
  /** Names of all accounts. */
  readonly accounts: () => readonly string[];
}

/** An account with a running task. */
interface Watched {
  /** The date under which it was looked at last. */
  readonly date: string;
  /** The keys of its running tasks. */
  readonly running: ReadonlySet<string>;
}

/** True if a task runs after the change, or ran before it. */
function mattersTo(running: ReadonlySet<string> | undefined, { key, value }: Change): boolean {
  return running?.has(key) === true || (value !== null && runningTaskIn(key, value) !== undefined);
}

export class IdleGuard {
  readonly #days: MergedDays;
  readonly #hub: Hub;
  readonly #watched = new Map<string, Watched>();
  readonly #due = new Set<string>();
  /** The account that is being looked at, and the tasks that stopped since: they may have been read as running. */
  #checked = '';
  readonly #changedMeanwhile = new Set<string>();
  readonly #stops: readonly (() => void)[];
  #cancel: () => void;
  #running: Promise<void> = Promise.resolve();

  constructor({ days, accounts }: IdleGuardDeps) {
    this.#days = days;
    this.#hub = days.hub;
    this.#stops = [
      this.#hub.watch(({ name }, changes) => {
        const slash = name.indexOf('/');
        const account = name.slice(0, slash);
        const channel = name.slice(slash + 1);
        if (slash <= 0 || name.startsWith('@') || account === 'mob') return;
        if (channel === 'tasks') this.#noteTasks(account, changes);
        else if (prompt.test(channel) && this.#watched.has(account)) this.#look(account);
      }),
      this.#hub.atDrain(() => this.close()),
    ];
    this.#cancel = this.#later();
    // Tasks that ran while no hub did.
    for (const account of accounts()) this.#look(account);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#cancel();
    this.#due.clear();
  }

  /** Resolves when everything that was due by now has been looked at. */
  settled(): Promise<void> {
    return this.#running;
  }

  #later(): () => void {
    return this.#hub.world.after(everyMs, () => {
      this.#cancel = this.#later();
      for (const account of this.#watched.keys()) this.#look(account);
    });
  }

  #noteTasks(account: string, changes: readonly Change[]): void {
    const running = this.#watched.get(account)?.running;
    if (changes.some((change) => mattersTo(running, change))) this.#look(account);
    else if (this.#checked === account) for (const { key } of changes) this.#changedMeanwhile.add(key);
  }

  /** One account after the other; several requests for one are one look. Never rejects. */
  #look(account: string): void {
    if (this.#due.has(account)) return;
    this.#due.add(account);
    this.#running = this.#running.then(async () => {
      if (!this.#due.delete(account)) return;
      try {
        await this.#check(account);
      } catch (error) {
        this.#hub.world.log.error({ account, error }, 'day: could not look for questions');
      }
    });
  }

  async #check(account: string): Promise<void> {
    const { questions } = this.#days.of(account);
    this.#checked = account;
    this.#changedMeanwhile.clear();
    const running = await questions.running();
    const before = this.#watched.get(account)?.date;
    if (running.length === 0) {
      this.#watched.delete(account);
      if (before !== undefined) await this.#write(account, before, []);
      return;
    }
    await questions.applyAnswers();
    const today = await questions.today();
    this.#watched.set(account, { date: today, running: new Set(running.map(({ key }) => key)) });
    this.#checked = '';
    if (running.some(({ key }) => this.#changedMeanwhile.has(key))) this.#look(account);
    // A question under yesterday's date is asked under today's.
    if (before !== today) await this.#write(account, nextDate(today, -1), []);
    await this.#write(account, today, await questions.askAboutTasks(running));
  }

  async #write(account: string, date: string, questions: readonly QuestionView[]): Promise<void> {
    const name = `${account}/day/${date}`;
    const [known] = await this.#hub.store.read(name, { key: questionsKey, limit: 1 });
    const value = JSON.stringify({ questions });
    // A day about which nothing was asked has no such item.
    if (known === undefined ? questions.length === 0 : known.value === value) return;
    const channel = await this.#hub.channel(name);
    await channel.write({ ops: [{ op: 'put', key: questionsKey, value }], origin: 'day', at: this.#hub.world.now() });
  }
}

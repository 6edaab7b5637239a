// Runs the rules of users without delaying anybody else. Rules that are certainly quick run at once. Others run in a thread, with a limit
// of time: a task that takes longer is ended together with its thread. There are two threads, so that an account with slow rules delays
// only accounts with slow rules.

import type { Worker } from 'node:worker_threads';
import { addBounded } from '../../../core/bounded.ts';
import { SerialQueue } from '../../../core/serial-queue.ts';
import type { World } from '../../../core/world.ts';
import { startUserThread } from '../query/thread.ts';
import type { FromRuleWorker, RuleOutcome, RuleTask } from './rule-messages.ts';
import { runRules } from './run-rules.ts';

/** Milliseconds: a task of the quick thread that takes longer is done again by the slow one. */
const quickMs = 50;
const slowMs = 5_000;
/** Characters of rules that are certainly compiled within a few milliseconds, if no repetition and no class of Unicode is among them. */
const lightRules = 4_096;
/** Characters of rules times characters of data that are certainly matched within a few milliseconds. */
const lightWork = 500_000;
/** Accounts whose rules are known to be slow. */
const maxSlow = 1_000;

const tooSlow: RuleOutcome = {
  ok: false,
  error: `the rules take longer than ${slowMs / 1_000} s: use fewer, or simpler regular expressions`,
};

export class RuleThreads {
  readonly #quick: RuleThread;
  readonly #slow: RuleThread;
  readonly #slowAccounts = new Set<string>();

  constructor(world: World) {
    this.#quick = new RuleThread(world, quickMs);
    this.#slow = new RuleThread(world, slowMs);
  }

  async run(account: string, task: RuleTask): Promise<RuleOutcome> {
    if (isLight(task)) return runRules(task);
    if (!this.#slowAccounts.has(account)) {
      const outcome = await this.#quick.run(task);
      if (outcome !== undefined) return outcome;
      addBounded(this.#slowAccounts, account, maxSlow);
    }
    return (await this.#slow.run(task)) ?? tooSlow;
  }

  async close(): Promise<void> {
    await Promise.all([this.#quick.close(), this.#slow.close()]);
  }
}

/** True if rules are certainly quick to compile. @param text their setting, as JSON */
function areLightRules(text: string): boolean {
  return text.length <= lightRules && !/\{\d|\\[pPu]/.test(text);
}

/** True if rules are certainly quick to compile and to apply. @param characters of the data */
export function areQuickRules(text: string, characters: number): boolean {
  // `[]`, `null` and `false` are no rules at all.
  return text.length <= 5 || (areLightRules(text) && text.length * characters <= lightWork);
}

function isLight(task: RuleTask): boolean {
  if (task.kind === 'check') return areLightRules(task.text);
  return areQuickRules(
    task.text,
    task.data.reduce((sum, { length }) => sum + length, 0),
  );
}

class RuleThread {
  readonly #world: World;
  readonly #limitMs: number;
  readonly #queue = new SerialQueue({ failed: () => undefined });
  #worker: Promise<Worker> | undefined;
  #isClosed = false;

  constructor(world: World, limitMs: number) {
    this.#world = world;
    this.#limitMs = limitMs;
  }

  /** @returns undefined if the task took too long, or took too much memory */
  run(task: RuleTask): Promise<RuleOutcome | undefined> {
    return new Promise((resolve, reject) => {
      this.#queue.run(() => this.#run(task).then(resolve, reject));
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = await this.#worker;
    await worker?.terminate();
  }

  async #run(task: RuleTask): Promise<RuleOutcome | undefined> {
    if (this.#isClosed) return undefined;
    this.#worker ??= this.#start();
    const worker = await this.#worker;
    return new Promise((resolve) => {
      const finish = (outcome: RuleOutcome | undefined): void => {
        cancel();
        worker.off('message', onMessage);
        worker.off('exit', onStop);
        if (outcome === undefined) this.#worker = undefined;
        resolve(outcome);
      };
      const onMessage = (message: FromRuleWorker): void => {
        if (message !== 'ready') finish(message);
      };
      const onStop = (): void => finish(undefined);
      const cancel = this.#world.after(this.#limitMs, () => {
        finish(undefined);
        void worker.terminate();
      });
      worker.on('message', onMessage);
      worker.on('exit', onStop);
      worker.postMessage(task);
    });
  }

  /** Resolves when the thread takes tasks: its start does not count as their time. */
  #start(): Promise<Worker> {
    const worker = startUserThread(new URL('./rule-worker.ts', import.meta.url));
    worker.on('error', (error) => this.#world.log.error({ error }, 'activitywatch: a thread of rules ended'));
    const starting = new Promise<Worker>((resolve, reject) => {
      worker.once('message', () => resolve(worker));
      worker.once('exit', () => {
        if (this.#worker === starting) this.#worker = undefined;
        reject(new Error('a thread of rules did not start'));
      });
    });
    return starting;
  }
}

// Runs the command line in the test's process, on a database in memory or one of the test, with a clock that the test moves. A run
// returns its output and its exit code.

import type { CliContext, LastSync } from '../../clients/kronos/cli/cli-context.ts';
import { run } from '../../clients/kronos/cli/program.ts';
import type { ProcessRequest } from '../../clients/kronos/cli/run-process.ts';
import { type DatabaseStore, emptyDatabase, type KronosDatabase } from '../../clients/kronos/data/database.ts';
import type { ListedIds } from '../../clients/kronos/data/listed-ids.ts';
import type { ListedTime } from '../../clients/kronos/data/listed-times.ts';
import { at, zoneOf } from './zones.ts';

export class MemoryDatabase implements DatabaseStore {
  database: KronosDatabase = emptyDatabase;

  read(): KronosDatabase {
    return this.database;
  }

  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase {
    this.database = { ...this.database, ...change(this.database) };
    return this.database;
  }

  compact(): void {}
}

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const zone = 'Europe/Paris';

export class TestCli {
  database: DatabaseStore;
  /** Milliseconds since 1970; at first 2018-03-01 21:21 in `zone`. */
  now = at('2018-03-01T21:21', zone) * 1_000;
  /** Replaces `now`, for tests against a hub with a real clock. */
  clock: (() => number) | undefined;
  env: Record<string, string> = {};
  colour = false;
  width: number | undefined;
  stdin = '';
  syncs = 0;
  lastSync: LastSync | undefined;
  askedDate = '';
  /** True if input and output are a terminal. */
  isTerminal = false;
  /** The answer to a yes-or-no question. */
  answer: 'yes' | 'no' | 'cannot ask' = 'cannot ask';
  readonly questions: string[] = [];
  /** Every progress line, in order. */
  readonly progress: string[] = [];
  listedIds: ListedIds = new Map();
  listedTimes: readonly ListedTime[] | undefined;
  /** The answer to a question for a line; undefined if nobody can be asked. */
  line: string | undefined;
  /** The actions of the person in the editor. */
  editor: (text: string) => string = (text) => text;
  folder = '/nowhere';
  end: () => void = () => undefined;
  /** Called with each line that is printed. */
  onPrint: (line: string) => void = () => undefined;
  /** Called in place of running a program; returns its exit code. */
  onRun: (request: ProcessRequest) => number | Promise<number> = () => 0;
  #names = 0;
  #name: string;

  /** @param name the prefix of the ids that it creates */
  constructor(database: DatabaseStore = new MemoryDatabase(), name = 'task') {
    this.#name = name;
    this.database = database;
  }

  /** @param line a command line; its words are separated by spaces */
  run(line: string): Promise<CliResult> {
    return this.words(line.split(' ').filter((word) => word !== ''));
  }

  async words(words: readonly string[]): Promise<CliResult> {
    let [out, err] = ['', ''];
    const cli: CliContext = {
      database: this.database,
      env: this.env,
      platform: 'linux',
      home: '/nowhere',
      dataDir: this.folder,
      colour: this.colour,
      width: this.width,
      interactive: this.isTerminal,
      zone: zoneOf(zone),
      zoneName: () => zone,
      unbundledReason: '',
      version: () => '0.1.0',
      print: (line) => {
        out += `${line}\n`;
        this.onPrint(line);
      },
      printError: (line) => {
        err += `${line}\n`;
      },
      showProgress: (line) => this.progress.push(line),
      confirm: (question) => {
        this.questions.push(question);
        return Promise.resolve(this.answer);
      },
      askLine: (question) => {
        this.questions.push(question);
        return Promise.resolve(this.line);
      },
      editText: (text) => Promise.resolve({ ok: true, text: this.editor(text), path: '/nowhere/time-edit.txt' }),
      readListedTimes: () => this.listedTimes,
      writeListedTimes: (times) => {
        this.listedTimes = times;
      },
      readListedIds: () => this.listedIds,
      writeListedIds: (ids) => {
        this.listedIds = ids;
      },
      readStdin: () => this.stdin,
      askSecret: () => Promise.resolve(this.stdin),
      now: () => this.clock?.() ?? this.now,
      createId: () => {
        this.#names += 1;
        return `${this.#name}-${this.#names}`;
      },
      formatDate: (seconds) => new Date(seconds * 1_000).toISOString().slice(0, 19),
      runProcess: async (request) => this.onRun(request),
      startBackgroundSync: () => {
        this.syncs += 1;
      },
      readLastSync: () => this.lastSync,
      readAskedDate: () => this.askedDate,
      writeAskedDate: (date) => {
        this.askedDate = date;
      },
      onInterrupt: (act) => {
        this.end = act;
        return () => undefined;
      },
    };
    const code = await run(words, cli);
    return { code, out, err };
  }
}

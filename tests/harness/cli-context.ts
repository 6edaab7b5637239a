// A house to run the command line in: a database in memory or of the caller's, a clock moved by hand, and everything that was printed.

import type { House, LastSync } from '../../clients/kronos/cli/cli-context.ts';
import { run } from '../../clients/kronos/cli/program.ts';
import { type Database, emptyDatabase, type Keeper } from '../../clients/kronos/data/database.ts';
import { at, zoneOf } from './zones.ts';

export class MemoryKeeper implements Keeper {
  database: Database = emptyDatabase;

  read(): Database {
    return this.database;
  }

  write(change: (database: Database) => Partial<Database>): Database {
    this.database = { ...this.database, ...change(this.database) };
    return this.database;
  }
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const zone = 'Europe/Paris';

export class FakeHouse {
  keeper: Keeper;
  /** Milliseconds since 1970: the moment of the text's example. */
  now = at('2018-03-01T21:21', zone) * 1_000;
  env: Record<string, string> = {};
  colour = false;
  width: number | undefined;
  stdin = '';
  syncs = 0;
  lastSync: LastSync | undefined;
  folder = '/nowhere';
  end: () => void = () => undefined;
  /** Called with each line that is printed. */
  heard: (line: string) => void = () => undefined;
  #names = 0;
  #name: string;

  /** @param name begins the names of its tasks */
  constructor(keeper: Keeper = new MemoryKeeper(), name = 'task') {
    this.#name = name;
    this.keeper = keeper;
  }

  /** @param line as it is typed, words apart by spaces */
  run(line: string): Promise<Ran> {
    return this.words(line.split(' ').filter((word) => word !== ''));
  }

  async words(words: readonly string[]): Promise<Ran> {
    let [out, err] = ['', ''];
    const house: House = {
      keeper: this.keeper,
      env: this.env,
      platform: 'linux',
      home: '/nowhere',
      folder: this.folder,
      colour: this.colour,
      width: this.width,
      terminal: false,
      zone: zoneOf(zone),
      unbundled: '',
      version: () => '0.1.0',
      print: (line) => {
        out += `${line}\n`;
        this.heard(line);
      },
      complain: (line) => {
        err += `${line}\n`;
      },
      stdin: () => this.stdin,
      ask: () => Promise.resolve(this.stdin),
      now: () => this.now,
      name: () => {
        this.#names += 1;
        return `${this.#name}-${this.#names}`;
      },
      date: (seconds) => new Date(seconds * 1_000).toISOString().slice(0, 19),
      syncSoon: () => {
        this.syncs += 1;
      },
      lastSync: () => this.lastSync,
      atEnd: (act) => {
        this.end = act;
        return () => undefined;
      },
    };
    const code = await run(words, house);
    return { code, out, err };
  }
}

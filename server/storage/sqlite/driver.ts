// Loads a SQLite driver: better-sqlite3 if it is built, else the one inside Node 22.13 and later. `Database` is the dialect that both
// speak; other files must not use features that only one of them has.

import { importPackage } from '../../runtime.ts';

export type SqliteValue = string | number | null | Uint8Array;

export interface SqliteStatement {
  run(...values: readonly SqliteValue[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  get<Row>(...values: readonly SqliteValue[]): Row | undefined;
  all<Row>(...values: readonly SqliteValue[]): Row[];
  iterate<Row>(...values: readonly SqliteValue[]): Iterable<Row>;
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export type DriverName = 'better-sqlite3' | 'node:sqlite';
export type OpenDatabase = (file: string, readOnly: boolean) => Database;

export const everyDriver: readonly DriverName[] = ['better-sqlite3', 'node:sqlite'];

/** Loads the first driver that works. Without one, the error is a sentence that says what to install. */
export async function loadDriver(
  names: readonly DriverName[],
): Promise<{ ok: true; open: OpenDatabase } | { ok: false; error: string }> {
  for (const name of names) {
    try {
      const driver = await importPackage(name);
      if (name === 'better-sqlite3') {
        // The package loads its native addon with the first database only.
        new driver.default(':memory:').close();
        return { ok: true, open: (file, readOnly) => new driver.default(file, { readonly: readOnly }) };
      }
      return { ok: true, open: (file, readOnly) => new driver.DatabaseSync(file, { readOnly }) };
    } catch {
      // Not installed, not built for this Node, or not part of it: try the next one.
    }
  }
  return {
    ok: false,
    error: `No SQLite driver loads (${names.join(', ')}): run "npm install better-sqlite3", or use Node 22.13 or later.`,
  };
}

// A row of `npm run clients`: one real client, run unmodified against a hub that the run starts.

import type { Workbench } from './workbench.ts';

/** Who provides the client. CI accepts no missing row of the first three. */
export type Source = 'PyPI' | 'npm' | 'Debian' | 'CLIENTS_FROM';

export interface ClientRow {
  readonly name: string;
  readonly source: Source;
  /** True for a client that CI may lack, because no interpreter that can run it is maintained. */
  readonly optional?: boolean;
  /**
   * Runs the client and checks what it did.
   * @throws Missing if a tool that the client needs is not installed; any other error fails the row
   */
  readonly run: (bench: Workbench) => Promise<RunReport>;
}

export interface RunReport {
  /** As the client or its package manager says it. */
  readonly version: string;
  /** The actions of the client, as a phrase in the past tense. */
  readonly did: string;
}

export type Result = 'pass' | 'fail' | 'missing';

export interface RowResult {
  readonly client: string;
  readonly source: Source;
  readonly version: string;
  readonly did: string;
  readonly result: Result;
  readonly seconds: number;
}

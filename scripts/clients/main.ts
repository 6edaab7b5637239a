// `npm run clients [name…]`: real clients, installed by their own package managers, each run unmodified against a hub.
// `npm run clients -- --write` keeps the table in README.md, which also explains `CLIENTS_FROM`.

import { readFileSync, writeFileSync } from 'node:fs';
import { errorMessage } from '../../protocol/error-message.ts';
import { arrival } from '../../tests/harness/eventually.ts';
import { Missing } from './check.ts';
import type { ClientRow, RowResult } from './row.ts';
import { activityWatchRows } from './rows/activitywatch.ts';
import { browserPageRows } from './rows/browser-pages.ts';
import { editorRows } from './rows/editors.ts';
import { eventRelayRows } from './rows/event-relay.ts';
import { proxyRows } from './rows/proxies.ts';
import { referenceRows } from './rows/reference-server.ts';
import { toolRows } from './rows/tools.ts';
import { wakatimeRows } from './rows/wakatime.ts';
import { formatTable, isFailure, replaceResult } from './table.ts';
import { Workbench } from './workbench.ts';

/** Longer than an installation and the waits of a row. */
const rowLimitMs = 400_000;
const isCi = process.env['CI'] === 'true';
const from = process.env['CLIENTS_FROM'] ?? '';
const rows: readonly ClientRow[] = [
  ...activityWatchRows,
  ...referenceRows,
  ...eventRelayRows,
  ...wakatimeRows,
  ...toolRows,
  ...editorRows,
  ...proxyRows,
  ...browserPageRows,
].filter(({ source }) => source !== 'CLIENTS_FROM' || from !== '');

async function runRow(row: ClientRow): Promise<RowResult> {
  const bench = new Workbench(from);
  const began = performance.now();
  const result = (rest: Pick<RowResult, 'version' | 'did' | 'result'>): RowResult => {
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    return { client: row.name, source: row.source, seconds, ...rest };
  };
  let outcome: RowResult;
  try {
    const report = await arrival(row.run(bench), 'the row to end', { deadlineMs: rowLimitMs });
    outcome = result({ ...report, result: 'pass' });
  } catch (error) {
    const kind = error instanceof Missing ? 'missing' : 'fail';
    outcome = result({ version: '', did: errorMessage(error), result: kind });
  }
  const reached = await bench.close();
  if (outcome.result !== 'pass' || reached.length === 0) return outcome;
  return result({ version: outcome.version, did: `reached ${reached.join(', ')}`, result: 'fail' });
}

function describeResult({ result, seconds, client }: RowResult): string {
  return `${result.padEnd(7)} ${seconds.toFixed(1).padStart(5)} s  ${client}`;
}

const args = process.argv.slice(2);
const keepsResult = args.includes('--write');
const names = args.filter((arg) => !arg.startsWith('--'));
const chosen = names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name));
if (chosen.length === 0) {
  console.error(`No such client. There are: ${rows.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
if (keepsResult && names.length > 0) {
  console.error('--write keeps the result of all rows: name none');
  process.exit(2);
}

const results: RowResult[] = [];
let failures = 0;
for (const row of chosen) {
  let result = await runRow(row);
  console.error(describeResult(result));
  if (result.result === 'fail' && isCi) {
    console.error(`failed, and is run again: ${row.name}: ${result.did}`);
    result = await runRow(row);
    console.error(describeResult(result));
  }
  results.push(result);
  if (isFailure(result, isCi, row.optional ?? false)) failures += 1;
}
console.log(formatTable(results));
console.log(`clients: ${results.filter(({ result }) => result === 'pass').length} passed, ${failures} failed`);
if (keepsResult) {
  const page = new URL('./README.md', import.meta.url);
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(page, replaceResult(readFileSync(page, 'utf8'), results, date));
}
process.exit(failures === 0 ? 0 : 1);

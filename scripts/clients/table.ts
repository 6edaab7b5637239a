// The results as text: a table for the terminal, and the page that keeps the last result.

import type { RowResult } from './row.ts';

/** One line for each row, with a Markdown table's bars, so that the terminal and README.md show the same. */
export function formatTable(results: readonly RowResult[]): string {
  const cells = results.map(({ client, source, version, did, result }) => [
    client,
    source,
    version,
    did.replace(/\s+/g, ' ').replaceAll('|', '\\|'),
    result,
  ]);
  const rows = [['client', 'from', 'version', 'what it did', 'result'], ['---', '---', '---', '---', '---'], ...cells];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const begin = '<!-- last result -->';

/**
 * Replaces the kept result of a page.
 * @param date as YYYY-MM-DD
 * @throws if the page has no place for it
 */
export function replaceResult(page: string, results: readonly RowResult[], date: string): string {
  const at = page.indexOf(begin);
  if (at === -1) throw new Error(`the page has no ${begin}`);
  return `${page.slice(0, at)}${begin}\n${date}:\n\n${formatTable(results)}\n`;
}

/**
 * Says which results make the run fail.
 * @param ci true where everything of a registry must be installed
 */
export function isFailure(result: RowResult, ci: boolean, optional: boolean): boolean {
  if (result.result === 'fail') return true;
  return result.result === 'missing' && ci && !optional && result.source !== 'CLIENTS_FROM';
}

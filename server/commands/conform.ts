// `horai conform`: checks whether a server keeps the rules of the wire. clients/conform has the checks; they know no hub but by its wire.

import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { CheckedServer, CheckOutcome, CheckSelection } from '../../clients/conform/run-checks.ts';
import { errorMessage } from '../../protocol/error-message.ts';
import { type CommandContext, exitCodes } from './command-context.ts';

export const tokenVariables = { first: 'HORAI_CHECK_TOKEN', second: 'HORAI_CHECK_SECOND_TOKEN' } as const;

interface ConformOptions {
  readonly tokenFile?: string;
  readonly secondTokenFile?: string;
  readonly tcp?: string;
  readonly rules: string;
  readonly timeout: number;
  readonly quick?: boolean;
  readonly json?: boolean;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}

export function addConform(program: Command, context: CommandContext): void {
  program
    .command('conform <url>')
    .description(
      'check a server by the numbered rules of the wire. With an administrator’s token, or on a personal hub, the checks make accounts and erase them afterwards; ' +
        'with another token they use its account, which must have no tasks',
    )
    .option('--token-file <file>', `the file with the token; - is stdin (${tokenVariables.first}: the token itself)`)
    .option('--second-token-file <file>', `the same of another account (${tokenVariables.second})`)
    .option('--tcp <host:port>', 'the port of raw TCP, to check it too')
    .option('--rules <list>', 'only these: W9,S4.1 or S; comma separated', '')
    .option('--quick', 'leave out the checks that wait for seconds')
    .option('--timeout <seconds>', 'how long an answer may take', positive, 20)
    .option('--json', 'print JSON')
    .action((url: string, options: ConformOptions) => conform(context, url, options));
}

/** @returns the address as `ws:` or `wss:`, with a slash at its end; undefined if it is none */
export function webSocketUrl(address: string): string | undefined {
  try {
    const url = new URL(address.endsWith('/') ? address : `${address}/`);
    return /^(?:https?|wss?):$/.test(url.protocol) ? url.href.replace(/^http/, 'ws') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param variable the environment variable with the token itself, for when no file is named
 * @throws if the file cannot be read
 */
export function readToken(context: CommandContext, file: string | undefined, variable: string): string | undefined {
  const text =
    file === undefined ? context.runtime.sources.env[variable] : readFileSync(file === '-' ? 0 : file, 'utf8');
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

/** Prints why the command line is wrong. */
export function failUsage(context: CommandContext, error: string): void {
  context.printError(error);
  context.exitCode = exitCodes.usage;
}

async function conform(context: CommandContext, address: string, options: ConformOptions): Promise<void> {
  const url = webSocketUrl(address);
  if (url === undefined)
    return failUsage(context, `"${address}" is not the address of a server, such as http://127.0.0.1:5600/.`);
  const rules = options.rules
    .split(',')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '');
  const { runChecks, countOutcomes, unknownRules } = await import('../../clients/conform/run-checks.ts');
  const unknown = unknownRules(rules);
  if (unknown.length > 0) return failUsage(context, `No check is of the rule ${unknown.join(', ')}.`);
  let tokens: readonly (string | undefined)[];
  try {
    tokens = [
      readToken(context, options.tokenFile, tokenVariables.first),
      readToken(context, options.secondTokenFile, tokenVariables.second),
    ];
  } catch (error) {
    return context.fail(`The token cannot be read: ${errorMessage(error)}`);
  }
  const [token, secondToken] = tokens;
  const { tcp } = options;
  const target = {
    url,
    limitMs: options.timeout * 1_000,
    ...(tcp === undefined ? {} : { tcp }),
    ...(token === undefined ? {} : { token }),
    ...(secondToken === undefined ? {} : { secondToken }),
  };
  const selection: CheckSelection = { rules, isQuick: options.quick === true };
  const isText = options.json !== true;
  const checked: CheckedServer = await runChecks(
    target,
    selection,
    (outcome) => {
      if (isText && outcome.outcome === 'broken') context.print(`${lineOf(outcome)}\n`);
    },
    () => {
      if (isText) context.printError('All checks are made. What they made on the server is removed …');
    },
  );
  if (!checked.ok) return context.fail(checked.error);
  const { outcomes } = checked;
  const counts = countOutcomes(outcomes);
  if (options.json === true) {
    context.printJson({ url: address, ...counts, checks: outcomes });
  } else {
    for (const outcome of outcomes.filter((one) => one.outcome === 'not run')) context.print(lineOf(outcome));
    context.print(
      `${outcomes.length} checks: ${counts.kept} kept, ${counts.broken} broken, ${counts['not run']} not run.`,
    );
  }
  if (counts.broken > 0 || counts.kept === 0) context.fail();
}

function lineOf({ rule, says, outcome, why = '' }: CheckOutcome): string {
  return `${outcome === 'broken' ? 'BROKEN' : 'not run'} [${rule}] ${says}\n    ${why}`;
}

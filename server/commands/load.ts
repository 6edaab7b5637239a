// `horai load`: reproduces rows of the benchmarks against any hub. clients/load does it.

import { type Command, InvalidArgumentError } from 'commander';
import type { LoadRowName } from '../../clients/load/run-load.ts';
import { columns } from '../../protocol/columns.ts';
import { errorMessage } from '../../protocol/error-message.ts';
import type { CommandContext } from './command-context.ts';
import { failUsage, positive, readToken, tokenVariables, webSocketUrl } from './conform.ts';

interface LoadOptions {
  readonly tokenFile?: string;
  readonly clients: number;
  readonly seconds: number;
  readonly rows?: string;
  readonly json?: boolean;
}

function count(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It is a whole number.');
  return value;
}

export function addLoad(program: Command, context: CommandContext): void {
  program
    .command('load <url>')
    .description(
      'load a hub with rows of the benchmarks: a change to many followers, durable writes, heartbeats, reads. With an administrator’s token, or on ' +
        'a personal hub, it uses an account of its own and erases it',
    )
    .option('--token-file <file>', `the file with the token; - is stdin (${tokenVariables.first}: the token itself)`)
    .option('--clients <number>', 'how many clients each row has', count, 100)
    .option('--seconds <number>', 'how long each row is measured', positive, 5)
    .option('--rows <list>', 'only these: fan-out, writes, heartbeats, read-all; comma separated')
    .option('--json', 'print JSON')
    .action((url: string, options: LoadOptions) => load(context, url, options));
}

async function load(context: CommandContext, address: string, options: LoadOptions): Promise<void> {
  const url = webSocketUrl(address);
  if (url === undefined)
    return failUsage(context, `"${address}" is not the address of a server, such as http://127.0.0.1:5600/.`);
  const { loadRowNames, runLoad } = await import('../../clients/load/run-load.ts');
  const named = options.rows?.split(',').map((row) => row.trim());
  const unknown = named?.filter((row) => !loadRowNames.some((name) => name === row)) ?? [];
  if (unknown.length > 0)
    return failUsage(context, `There is no row ${unknown.join(', ')}: the rows are ${loadRowNames.join(', ')}.`);
  const rows = loadRowNames.filter((name: LoadRowName) => named === undefined || named.includes(name));
  const { clients, seconds, json } = options;
  const all: object[] = [];
  const lines: string[][] = [];
  const ms = (figure: number) => figure.toFixed(figure < 10 ? 2 : 0);
  try {
    const token = readToken(context, options.tokenFile, tokenVariables.first);
    const target = token === undefined ? { url } : { url, token };
    const rest = await runLoad(target, { clients, seconds, rows }, (figures) => {
      all.push(figures);
      const { name, unit, median, p99, perSecond } = figures;
      lines.push([name, String(figures.clients), ms(median), ms(p99), `${Math.round(perSecond)} ${unit}`]);
      if (json !== true) context.printError(`${name} is measured …`);
    });
    if (rest !== '') context.printError(rest);
  } catch (error) {
    return context.fail(errorMessage(error));
  }
  if (json === true) context.printJson({ url: address, seconds, rows: all });
  else context.print(columns(['ROW', 'CLIENTS', 'MEDIAN MS', 'P99 MS', 'PER SECOND'], lines).join('\n'));
}

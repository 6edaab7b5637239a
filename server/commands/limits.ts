// `horai limits` shows the limits of the hub, or of one account, and sets them. `horai compact` gives space back.

import type { Command } from 'commander';
import { columns } from '../../protocol/columns.ts';
import type { Requests } from '../../protocol/messages.ts';
import { type CommandContext, exitCodes } from './command-context.ts';
import { requestHub } from './request-hub.ts';
import type { AnswerTo } from './response-schemas.ts';

interface LimitOptions {
  readonly account?: string;
  readonly json?: boolean;
}

type ShownLimit = AnswerTo<'limits'>['limits'][number];

const minuteMs = 60_000;
const units = ['', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function addLimits(program: Command, context: CommandContext): void {
  const limits = program
    .command('limits')
    .description('the limits of accounts, rooms, addresses and tokens')
    .option('--account <name>', 'those of this account, and what it uses of them')
    .option('--json', 'print JSON')
    .action((options: LimitOptions) =>
      requestHub(
        context,
        (hub) => hub.request('limits', options.account === undefined ? {} : { account: options.account }),
        (answer) => show(context, answer, options),
      ),
    );
  limits
    .command('set <limit> <size>')
    .description('set a limit: a number, a size such as 500MiB, "none", or "default"')
    .option('--account <name>', 'of this account only')
    .action((name: string, text: string, _: object, command: Command) => {
      const { account }: LimitOptions = command.optsWithGlobals();
      const size = parseSize(text);
      if (size === undefined) {
        context.printError(`"${text}" is not a size: give a number, a size such as 500MiB, "none" or "default".`);
        context.exitCode = exitCodes.usage;
        return undefined;
      }
      return requestHub(
        context,
        (hub) => hub.request('limits', { name, size, ...(account === undefined ? {} : { account }) }),
        ({ limits: [limit] }) => {
          if (limit !== undefined) context.print(`${limit.name} is ${sizeText(limit)} ${limit.about}.`);
        },
      );
    });
}

/** `horai compact`: gives free space of the store's file back to the disk. */
export function addCompact(program: Command, context: CommandContext): void {
  program
    .command('compact')
    .description('write the store’s file anew without free space; the hub may be running, and its writes wait')
    .option('--json', 'print JSON')
    .action(({ json }: LimitOptions) =>
      requestHub(
        context,
        (hub) => hub.request('compact', {}),
        ({ before, after }) => {
          if (json === true) context.printJson({ before, after });
          else context.print(`The store takes ${amount(after, 'bytes')} now, after ${amount(before, 'bytes')}.`);
        },
      ),
    );
}

function show(context: CommandContext, { limits }: AnswerTo<'limits'>, { json }: LimitOptions): void {
  if (json === true) {
    context.printJson(limits);
    return;
  }
  const rows = limits.map((limit) => [
    limit.name,
    sizeText(limit),
    limit.used === undefined ? '' : amount(limit.used, limit.unit),
    limit.size === limit.default ? '' : amount(limit.default, limit.unit),
    limit.about,
  ]);
  context.print(columns(['LIMIT', 'SIZE', 'USED', 'DEFAULT', 'WHAT COUNTS'], rows).join('\n'));
}

function sizeText({ size, unit, period_ms: period }: ShownLimit): string {
  if (size === 'none') return 'none';
  const each = period === undefined ? '' : period === minuteMs ? ' a minute' : ' a day';
  return `${amount(size, unit)}${unit === 'bytes' ? '' : ` ${unit}`}${each}`;
}

function amount(number: number, unit: string): string {
  if (unit !== 'bytes') return number.toLocaleString('en');
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, number)) / 10)));
  return power === 0 ? `${number} bytes` : `${Number((number / 1_024 ** power).toFixed(1))} ${units[power]}`;
}

/** @returns undefined for a text that is not a size */
export function parseSize(text: string): Requests['limits']['size'] {
  if (text === 'none') return 'none';
  if (text === 'default') return null;
  const [, digits, letter = '', binary] = /^(\d{1,15}(?:\.\d{1,3})?) ?(?:([KMGT])(i)?B?)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const power = ['', 'K', 'M', 'G', 'T'].indexOf(letter.toUpperCase());
  const size = Math.round(Number(digits) * (binary === undefined ? 1_000 : 1_024) ** power);
  return Number.isSafeInteger(size) ? size : undefined;
}

// `horai import …`: defines the options, prints the progress and the outcome.

import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { World } from '../../core/world.ts';
import type { CommandContext } from '../command-context.ts';
import { describeOutcome, importSource, isComplete, openSource } from './activitywatch.ts';
import { importCalendar } from './calendar.ts';
import { Checkpoint } from './checkpoint.ts';
import { ImportHub } from './hub.ts';
import { importHeartbeats } from './wakatime.ts';
import { WakatimeAccount } from './wakatime-account.ts';
import { openHeartbeatFile } from './wakatime-file.ts';
import { noNames } from './wakatime-source.ts';

const wakatimeApi = 'https://wakatime.com/api/v1';

interface Options {
  readonly key?: string;
  readonly apiKey?: string;
  readonly apiUrl?: string;
  readonly name?: string;
}

const isUrl = (source: string): boolean => /^https?:\/\//.test(source);

function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** Runs `act` with progress, and prints its lines. */
type RunImport = (
  options: Options,
  act: (
    hub: ImportHub,
    onProgress: (progress: string) => void,
    config: Config,
    world: World,
  ) => Promise<readonly string[]>,
) => Promise<void>;

export function addImport(program: Command, context: CommandContext): void {
  const run: RunImport = async ({ key }, act) => {
    const configured = context.readConfig();
    if (configured === undefined) return;
    const { config, world } = configured;
    const onProgress = context.progress(world, (progress: string) => progress);
    try {
      for (const line of await act(await ImportHub.of(config.data, key), onProgress, config, world))
        context.print(line);
    } catch (error) {
      context.fail(error);
      context.printError('Run it again to continue: nothing is imported twice.');
    }
  };

  const importing = program
    .command('import')
    .description(
      'import data from other programs; a second run changes nothing, and an interrupted run can be continued',
    );

  importing
    .command('wakatime <source>')
    .description('import heartbeats into the running hub from a WakaTime data dump, a Wakapi CSV, or a live account')
    .option('--key <token>', 'a token of the account to import into; the owner’s account by default')
    .option(
      '--api-key <key>',
      'API key of the source account; or WAKATIME_API_KEY. With a dump, it resolves the editor ids in it',
    )
    .option('--api-url <url>', 'with a dump: the API of the source account', wakatimeApi)
    .addHelpText(
      'after',
      `
Examples:
  horai import wakatime wakatime-dump.json
  horai import wakatime wakatime-dump.json --api-key waka_…
  horai import wakatime wakapi_heartbeats.csv
  WAKATIME_API_KEY=… horai import wakatime https://wakapi.dev`,
    )
    .action((from: string, options: Options) =>
      run(options, async (hub, onProgress, config, world) => {
        const apiKey = options.apiKey ?? context.runtime.sources.env['WAKATIME_API_KEY'];
        if (isUrl(from) && apiKey === undefined) throw new Error('A live account needs --api-key or WAKATIME_API_KEY.');
        const account = async (url: string, key: string) => WakatimeAccount.open(url, key, world);
        const source =
          isUrl(from) && apiKey !== undefined
            ? await account(from, apiKey)
            : await openHeartbeatFile(
                from,
                apiKey === undefined ? noNames : await (await account(options.apiUrl ?? wakatimeApi, apiKey)).names(),
              );
        const checkpoint = new Checkpoint(config.data, 'wakatime', source.identity, options.key ?? '');
        const { stored, refused, remarks } = await importHeartbeats(source, hub, checkpoint, onProgress);
        const rest = refused === 0 ? '' : `; ${countOf(refused, 'heartbeat')} refused`;
        return [`${countOf(stored, 'heartbeat')} stored${rest}.`, ...remarks];
      }),
    );

  addCalendarImport(importing, run);

  importing
    .command('activitywatch <source>')
    .description(
      'import buckets and settings into the running hub from an export, a running server, or a server’s own files',
    )
    .option('--key <token>', 'a token of the account to import into; the owner’s account by default')
    .option('--api-key <key>', 'API key of the running server, if it needs one')
    .addHelpText(
      'after',
      `
Examples:
  horai import activitywatch aw-buckets-export.json
  horai import activitywatch http://localhost:5666
  horai import activitywatch ~/.local/share/activitywatch/aw-server/peewee-sqlite.v2.db
  horai import activitywatch ~/.config/activitywatch/aw-server/settings.json
  horai import activitywatch ~/.local/share/activitywatch/aw-server-rust/sqlite.db`,
    )
    .action((from: string, options: Options) =>
      run(options, async (hub, onProgress) => {
        const source = await openSource(from, options.apiKey);
        try {
          const outcome = await importSource(source, hub, onProgress);
          if (!isComplete(outcome)) context.fail();
          return describeOutcome(outcome);
        } finally {
          source.close();
        }
      }),
    );
}

function addCalendarImport(importing: Command, run: RunImport): void {
  importing
    .command('ics <file>')
    .description('import a calendar file into the running hub: its events are the meetings of the merged day')
    .option('--key <token>', 'a token of the account to import into; the owner’s account by default')
    .option('--name <name>', 'what the calendar is called; the name in the file by default')
    .addHelpText(
      'after',
      `
A file of the same name replaces the one before. All-day, cancelled and free events are no meetings.

Examples:
  horai import ics work.ics
  horai import ics export.ics --name work`,
    )
    .action((file: string, options: Options) => run(options, (hub) => importCalendar(hub, file, options.name ?? '')));
}

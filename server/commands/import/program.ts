// `horai import …`: its options, its progress, and its outcome.

import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { World } from '../../core/world.ts';
import type { CommandContext } from '../command-context.ts';
import { describeOutcome, importSource, isComplete, openSource } from './activitywatch.ts';
import { Checkpoint } from './checkpoint.ts';
import { ImportHubDeps } from './hub.ts';
import { importHeartbeats } from './wakatime.ts';
import { WakatimeAccount } from './wakatime-account.ts';
import { heartbeatsInFile } from './wakatime-file.ts';
import { noNames } from './wakatime-source.ts';

const wakatimeApi = 'https://wakatime.com/api/v1';

interface Options {
  readonly key?: string;
  readonly apiKey?: string;
  readonly apiUrl?: string;
}

const isUrl = (source: string): boolean => /^https?:\/\//.test(source);

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

export function addImport(program: Command, context: CommandContext): void {
  /** Runs `act` with progress, and prints its lines. */
  const run = async (
    { key }: Options,
    act: (
      hub: ImportHubDeps,
      onProgress: (progress: string) => void,
      config: Config,
      world: World,
    ) => Promise<readonly string[]>,
  ): Promise<void> => {
    const configured = context.configured();
    if (configured === undefined) return;
    const { config, world } = configured;
    const onProgress = context.progress(world, (progress: string) => progress);
    try {
      for (const line of await act(await ImportHubDeps.of(config.data, key), onProgress, config, world))
        context.print(line);
    } catch (error) {
      context.fail(error);
      context.complain('Run it again to continue: what is imported already is not doubled.');
    }
  };

  const importing = program
    .command('import')
    .description('bring in what you have elsewhere; a second time changes nothing, after an interruption it goes on');

  importing
    .command('wakatime <source>')
    .description('heartbeats, into the running hub: out of a WakaTime data dump, a Wakapi CSV, or a live account')
    .option('--key <token>', 'a token of the account that they are for; the owner’s account without it')
    .option(
      '--api-key <key>',
      'of the account they come from; or WAKATIME_API_KEY. With a dump, it names the editors in it',
    )
    .option('--api-url <url>', 'with a dump: where that account is', wakatimeApi)
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
        const apiKey = options.apiKey ?? context.runtime.surroundings.env['WAKATIME_API_KEY'];
        if (isUrl(from) && apiKey === undefined)
          throw new Error('A live account is opened with --api-key, or WAKATIME_API_KEY.');
        const account = async (url: string, key: string) => WakatimeAccount.open(url, key, world);
        const source =
          isUrl(from) && apiKey !== undefined
            ? await account(from, apiKey)
            : await heartbeatsInFile(
                from,
                apiKey === undefined ? noNames : await (await account(options.apiUrl ?? wakatimeApi, apiKey)).names(),
              );
        const checkpoint = new Checkpoint(config.data, 'wakatime', source.identity, options.key ?? '');
        const { taken, refused, remarks } = await importHeartbeats(source, hub, checkpoint, onProgress);
        const none = refused === 0 ? '' : `; ${refused} were none`;
        return [`${counted(taken, 'heartbeat')} are there now${none}.`, ...remarks];
      }),
    );

  importing
    .command('activitywatch <source>')
    .description(
      'buckets and settings, into the running hub: out of an export, a running server, or a server’s own files',
    )
    .option('--key <token>', 'a token of the account that they are for; the owner’s account without it')
    .option('--api-key <key>', 'of the running server, if it asks for one')
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

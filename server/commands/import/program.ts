// The words of `horai import …`: what they mean, how far it is, and how it ended.

import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { World } from '../../core/world.ts';
import { describeOutcome, importSource, isComplete, openSource } from './activitywatch.ts';
import { Checkpoint } from './checkpoint.ts';
import { HubDeps } from './hub.ts';
import { importHeartbeats } from './wakatime.ts';
import { Account } from './wakatime-account.ts';
import { heartbeatsInFile } from './wakatime-file.ts';
import { nobody } from './wakatime-source.ts';

const toldEveryMs = 2_000;
const wakatimeApi = 'https://wakatime.com/api/v1';

export interface Importing {
  /** undefined: what is wrong with the configuration has been told. */
  configured(): Config | undefined;
  world(log: Config['log']): World;
  print(text: string): void;
  complain(text: string): void;
  fail(): void;
  /** The key for WakaTime that the environment has. */
  readonly wakatimeKey: string | undefined;
}

interface Options {
  readonly key?: string;
  readonly apiKey?: string;
  readonly apiUrl?: string;
}

const isUrl = (source: string): boolean => /^https?:\/\//.test(source);

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

export function addImport(program: Command, house: Importing): void {
  /** Runs it, and tells what there is to tell, now and then. */
  const run = async (
    { key }: Options,
    act: (hub: HubDeps, told: (progress: string) => void, config: Config, world: World) => Promise<readonly string[]>,
  ): Promise<void> => {
    const config = house.configured();
    if (config === undefined) return;
    const world = house.world(config.log);
    let last = world.now();
    const told = (progress: string) => {
      if (world.now() - last < toldEveryMs) return;
      last = world.now();
      house.complain(progress);
    };
    try {
      for (const line of await act(await HubDeps.of(config.data, key), told, config, world)) house.print(line);
    } catch (error) {
      house.complain(error instanceof Error ? error.message : String(error));
      house.complain('Run it again to go on: what is there already is not doubled.');
      house.fail();
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
    .action((said: string, options: Options) =>
      run(options, async (hub, told, config, world) => {
        const apiKey = options.apiKey ?? house.wakatimeKey;
        if (isUrl(said) && apiKey === undefined)
          throw new Error('A live account is opened with --api-key, or WAKATIME_API_KEY.');
        const account = async (url: string, key: string) => Account.open(url, key, world);
        const source =
          isUrl(said) && apiKey !== undefined
            ? await account(said, apiKey)
            : await heartbeatsInFile(
                said,
                apiKey === undefined ? nobody : await (await account(options.apiUrl ?? wakatimeApi, apiKey)).names(),
              );
        const checkpoint = new Checkpoint(config.data, 'wakatime', source.identity, options.key ?? '');
        const { taken, refused, remarks } = await importHeartbeats(source, hub, checkpoint, told);
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
    .action((said: string, options: Options) =>
      run(options, async (hub, told) => {
        const source = await openSource(said, options.apiKey);
        try {
          const outcome = await importSource(source, hub, told);
          if (!isComplete(outcome)) house.fail();
          return describeOutcome(outcome);
        } finally {
          source.close();
        }
      }),
    );
}

// The command line: `horai`, `horai token …`, `horai account …`. It turns words into one question to the hub and the answer
// into a table or JSON. What it is run in (environment, streams, exit) is main.ts' business.

import { Command, CommanderError } from 'commander';
import { type Config, configure, describe, type Surroundings } from '../config.ts';
import type { World } from '../core/world.ts';
import type { EdgeConfig } from '../edge/edge.ts';
import { addBackup } from './backup.ts';
import { addBuckets } from './buckets.ts';
import { columns, when } from './columns.ts';
import { reach } from './connect-to-hub.ts';
import { configureEdge, type EdgeOptions } from './edge.ts';
import { addImport } from './import/program.ts';
import { addMigrate } from './migrate.ts';
import type { Asked, Dialogue } from './rpc-client.ts';

export interface House {
  readonly surroundings: Surroundings;
  readonly version: string;
  print(text: string): void;
  complain(text: string): void;
  world(log: Config['log']): World;
  /** Runs a hub until it is told to stop. @returns the exit code */
  serve(config: Config): Promise<number>;
  /** Runs an edge until it is told to stop. @returns the exit code */
  edge(config: EdgeConfig, log: Config['log']): Promise<number>;
}

const failure = 1;
const usage = 2;

/** @returns the exit code: 0 it is done, 1 it failed, 2 it was not understood */
export async function run(args: readonly string[], house: House): Promise<number> {
  let code = 0;
  const configured = (): Config | undefined => {
    const read = configure(house.surroundings);
    if (read.ok) return read.config;
    for (const error of read.errors) house.complain(error);
    code = failure;
    return undefined;
  };

  /** Asks the hub of the data folder one thing and prints the answer. */
  const ask = async <T>(question: (hub: Dialogue) => Promise<Asked<T>>, show: (answer: T) => void): Promise<void> => {
    const config = configured();
    if (config === undefined) return;
    const hub = await reach(config, house.world(config.log));
    const asked = hub.ok ? await question(hub.dialogue) : hub;
    if (hub.ok) await hub.close();
    if (asked.ok) {
      show(asked.answer);
      return;
    }
    house.complain(asked.error);
    code = failure;
  };
  const showJson = (value: unknown) => house.print(JSON.stringify(value, null, 2));
  const showSecret = (answer: { readonly secret: string }, json: boolean | undefined) => {
    if (json === true) {
      showJson(answer);
      return;
    }
    house.print(answer.secret);
    house.complain('This token is shown only now: keep it where you keep passwords.');
  };

  const program = new Command('horai')
    .description('A self-hosted realtime sync hub for time. Without a command it starts.')
    .version(house.version)
    .showHelpAfterError('Try "horai --help".')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => house.print(text.trimEnd()),
      writeErr: (text) => house.complain(text.trimEnd()),
    })
    .addHelpText('after', () => `\nEnvironment (default):\n${describe(house.surroundings)}`);

  program
    .command('start', { isDefault: true })
    .description('run the hub until SIGINT or SIGTERM')
    .action(async () => {
      const config = configured();
      if (config !== undefined) code = await house.serve(config);
    });

  program
    .command('edge')
    .description(
      'run the local process that watchers, plugins and Kronos clients of this machine reach a remote hub by',
    )
    .option('--hub <url>', 'the hub, https://… (HORAI_EDGE_HUB)')
    .option('--token-file <file>', 'the file with the token of this machine; - is stdin')
    .option('--token <token>', 'the token itself; HORAI_EDGE_TOKEN or --token-file keep it out of sight')
    .option('--rules <file>', 'privacy rules: what is dropped or redacted before it leaves this machine')
    .option('--keep <days>', 'how long what the hub has had stays here, for reads without it', '7')
    .option('--ca <file>', 'certificates that are believed besides those of the system')
    .option('--insecure', 'http to a hub on another machine, readable by anyone on the way')
    .action(async (options: EdgeOptions) => {
      const config = configured();
      if (config === undefined) return;
      const read = configureEdge(options, config, house.surroundings);
      if (!read.ok) house.complain(read.error);
      else for (const warning of read.warnings) house.complain(`Warning: ${warning}`);
      code = read.ok ? await house.edge(read.config, config.log) : usage;
    });

  const token = program
    .command('token')
    .description('tokens: secrets that open an account, one for each device or tool');
  token
    .command('create')
    .description('make a token and print its secret, this once')
    .option('--account <name>', 'whose token', 'owner')
    .option('--name <name>', 'what it is for', 'made by hand')
    .option('--scopes <list>', 'read, write, admin, read:<channel>, write:<prefix/*>; comma separated', 'read,write')
    .option('--json', 'print JSON')
    .action((options: { account: string; name: string; scopes: string; json?: boolean }) => {
      const scopes = options.scopes.split(',').map((scope) => scope.trim());
      return ask(
        (hub) => hub.ask('token', { account: options.account, name: options.name, scopes }),
        ({ secret, token }) => showSecret({ secret, ...token }, options.json),
      );
    });
  token
    .command('list')
    .description('all tokens, without their secrets')
    .option('--account <name>', 'only of this account')
    .option('--json', 'print JSON')
    .action((options: { account?: string; json?: boolean }) =>
      ask(
        (hub) => hub.ask('tokens', options.account === undefined ? {} : { account: options.account }),
        ({ tokens }) => {
          if (options.json === true) showJson(tokens);
          else {
            house.print(
              columns(
                ['ID', 'ACCOUNT', 'NAME', 'SCOPES', 'CREATED', 'LAST USED'],
                tokens.map((row) => [
                  row.id,
                  row.account,
                  row.name,
                  row.scopes.join(','),
                  when(row.created),
                  when(row.used),
                ]),
              ),
            );
          }
        },
      ),
    );
  token
    .command('revoke <id>')
    .description('end a token; connections it opened are closed at once')
    .action((id: string) =>
      ask(
        (hub) => hub.ask('revoke', { token: id }),
        () => house.print(`Token ${id} is revoked.`),
      ),
    );

  const account = program.command('account').description('accounts: the people of this hub');
  account
    .command('create <name>')
    .description('make an account and print the secret of its first token, this once')
    .option('--json', 'print JSON')
    .action((name: string, options: { json?: boolean }) =>
      ask(
        (hub) => hub.ask('account', { name }),
        ({ secret, token }) => showSecret({ secret, ...token }, options.json),
      ),
    );
  account
    .command('list')
    .description('all accounts')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      ask(
        (hub) => hub.ask('accounts', {}),
        ({ accounts }) => {
          if (options.json === true) showJson(accounts);
          else {
            house.print(
              columns(
                ['NAME', 'CREATED'],
                accounts.map((row) => [row.name, when(row.created)]),
              ),
            );
          }
        },
      ),
    );

  const desk = {
    configured,
    world: (log: Config['log']) => house.world(log),
    print: (text: string) => house.print(text),
    complain: (text: string) => house.complain(text),
    fail() {
      code = failure;
    },
  };
  addImport(program, { ...desk, wakatimeKey: house.surroundings.env['WAKATIME_API_KEY'] });
  addBackup(program, { ...desk, version: house.version });
  addMigrate(program, desk);
  addBuckets(program, desk);

  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : usage;
  }
}

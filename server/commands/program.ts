// The command line `horai`: its commands and options. A command for tokens or accounts sends one request to the hub, and prints the answer as
// a table or JSON. main.ts provides the process.

import { Command, CommanderError } from 'commander';
import { columns } from '../../protocol/columns.ts';
import { type Config, describe } from '../config.ts';
import { addAccountChanges, addTokenChange } from './accounts.ts';
import { addBackup } from './backup.ts';
import { addBuckets } from './buckets.ts';
import { CommandContext, type CommandRuntime, exitCodes } from './command-context.ts';
import { addConform } from './conform.ts';
import { connectToHub } from './connect-to-hub.ts';
import { addDemo } from './demo/demo.ts';
import { configureEdge, type EdgeOptions } from './edge.ts';
import { formatMoment } from './format-moment.ts';
import { addImport } from './import/program.ts';
import { addCompact, addLimits } from './limits.ts';
import { addLoad } from './load.ts';
import { addMcp } from './mcp.ts';
import { addMigrate } from './migrate.ts';
import { parseDate } from './parse-end.ts';
import { requestHub } from './request-hub.ts';
import { startHub } from './start.ts';
import { addVerify } from './verify.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** @returns the exit code: 0 done, 1 failed, 2 the command line is wrong */
export async function run(args: readonly string[], runtime: CommandRuntime): Promise<number> {
  const context = new CommandContext(runtime);
  const program = new Command('horai')
    .description('A self-hosted realtime sync hub for time. Without a command, it starts the hub.')
    .version(runtime.version)
    .showHelpAfterError('Try "horai --help".')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => runtime.print(text.trimEnd()),
      writeErr: (text) => runtime.printError(text.trimEnd()),
    })
    .addHelpText('after', () => `\nEnvironment (default):\n${describe(runtime.sources)}`);
  addStart(program, context);
  addEdge(program, context);
  addToken(program, context);
  addAccount(program, context);
  addLimits(program, context);
  addLoginLink(program, context);
  addCompact(program, context);
  addVerify(program, context);
  addImport(program, context);
  addBackup(program, context);
  addMigrate(program, context);
  addMcp(program, context);
  addBuckets(program, context);
  addDemo(program, context);
  addConform(program, context);
  addLoad(program, context);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : exitCodes.usage;
  }
}

function showSecret(context: CommandContext, answer: { readonly secret: string }, { json }: JsonOption): void {
  if (json === true) {
    context.printJson(answer);
    return;
  }
  context.print(answer.secret);
  context.printError('This token is shown only once: store it in a password manager.');
}

function addStart(program: Command, context: CommandContext): void {
  program
    .command('start', { isDefault: true })
    .description('run the hub until SIGINT or SIGTERM')
    .option('--accept-loss', 'start although the database has lost commits; what is missing stays missing')
    .action((options: { acceptLoss?: boolean }) => startHub(context, options));
}

function addEdge(program: Command, context: CommandContext): void {
  program
    .command('edge')
    .description(
      'run the local process through which this machine’s watchers, plugins and Kronos clients reach a remote hub',
    )
    .option('--hub <url>', 'the hub, https://… (HORAI_EDGE_HUB)')
    .option('--token-file <file>', 'the file with the token of this machine; - is stdin')
    .option('--token <token>', 'the token itself; HORAI_EDGE_TOKEN or --token-file keep it out of the process list')
    .option('--rules <file>', 'privacy rules: what is dropped or redacted before it leaves this machine')
    .option('--keep <days>', 'days that delivered data stays on this machine, for reads while the hub is away', '7')
    .option('--ca <file>', 'certificates to trust in addition to those of the system')
    .option('--insecure', 'allow http to a hub on another machine, readable by anyone on the way')
    .action(async (options: EdgeOptions) => {
      const configured = context.readConfig();
      if (configured === undefined) return;
      const { config } = configured;
      const read = configureEdge(options, config, context.runtime.sources);
      if (!read.ok) {
        context.printError(read.error);
        context.exitCode = exitCodes.usage;
        return;
      }
      for (const warning of read.warnings) context.printError(`Warning: ${warning}`);
      context.exitCode = await context.runtime.edge(read.config, config.log);
    });
}

function addToken(program: Command, context: CommandContext): void {
  const token = program
    .command('token')
    .description('tokens: secrets that give access to an account, one for each device or tool');
  token
    .command('create')
    .description('create a token and print its secret once')
    .option('--account <name>', 'whose token', 'owner')
    .option('--name <name>', 'what it is for', 'made by hand')
    .option(
      '--scopes <list>',
      'read, write, admin, read:<channel>, write:<prefix/*>, mcp:read, mcp:projects, mcp:redacted, mcp:write; comma separated',
      'read,write',
    )
    .option('--expires <date>', 'YYYY-MM-DD; without it, it does not expire')
    .option('--json', 'print JSON')
    .action((options: { account: string; name: string; scopes: string; expires?: string } & JsonOption) => {
      const { account, name, expires } = options;
      const end = expires === undefined ? undefined : parseDate(expires);
      if (expires !== undefined && end === undefined) return context.fail('--expires is a date such as 2027-12-31');
      const scopes = options.scopes.split(',').map((scope) => scope.trim());
      return requestHub(
        context,
        (hub) => hub.request('token', { account, name, scopes, ...(end === undefined ? {} : { expires: end }) }),
        (answer) => showSecret(context, { secret: answer.secret, ...answer.token }, options),
      );
    });
  token
    .command('list')
    .description('all tokens, without their secrets')
    .option('--account <name>', 'only of this account')
    .option('--json', 'print JSON')
    .action((options: { account?: string } & JsonOption) =>
      requestHub(
        context,
        (hub) => hub.request('tokens', options.account === undefined ? {} : { account: options.account }),
        ({ tokens }) => {
          if (options.json === true) return context.printJson(tokens);
          const head = ['ID', 'ACCOUNT', 'NAME', 'SCOPES', 'CREATED', 'EXPIRES', 'LAST USED', 'FROM', 'BY'];
          const rows = tokens.map(({ id, account, name, scopes, created, used, expires, address, client }) => [
            id,
            account,
            name,
            scopes.join(','),
            formatMoment(created),
            expires === undefined ? 'never' : formatMoment(expires),
            formatMoment(used),
            address ?? '',
            client ?? '',
          ]);
          context.print(columns(head, rows).join('\n'));
        },
      ),
    );
  token
    .command('revoke <id>')
    .description('revoke a token and close its connections')
    .action((id: string) =>
      requestHub(
        context,
        (hub) => hub.request('revoke', { token: id }),
        () => context.print(`Token ${id} is revoked.`),
      ),
    );
  addTokenChange(token, context);
}

function addLoginLink(program: Command, context: CommandContext): void {
  program
    .command('login-link')
    .description('print a link that signs a browser in, once, within 15 minutes')
    .option('--account <name>', 'whom it signs in', 'owner')
    .option('--url <address>', 'the address by which that browser reaches the hub')
    .option('--json', 'print JSON')
    .action(async (options: { account: string; url?: string } & JsonOption) => {
      const configured = context.readConfig();
      if (configured === undefined) return;
      const hub = await connectToHub(configured.config, configured.world);
      if (!hub.ok) return context.fail(hub.error);
      const base = options.url ?? addressOf(configured.config, hub.url);
      const result = await hub.client.request('link', { account: options.account });
      await hub.close();
      if (!result.ok) return context.fail(result.error);
      const { code, account, expires } = result.answer;
      const url = `${base.replace(/\/*$/, '')}/sign-in#${code}`;
      if (options.json === true) return context.printJson({ url, account, expires });
      context.print(url);
      context.printError(`It signs ${account} in, once, until ${formatMoment(expires)}.`);
    });
}

/** The address of the hub for a browser: its name where it has one, behind a proxy with TLS; else as this machine reaches it. */
function addressOf({ hosts, host, port, basePath }: Config, url: string | undefined): string {
  const [name] = hosts;
  return (name === undefined ? (url ?? `http://${host}:${port}`).replace(/\/$/, '') : `https://${name}`) + basePath;
}

function addAccount(program: Command, context: CommandContext): void {
  const account = program.command('account').description('accounts: the people of this hub');
  account
    .command('create <name>')
    .description('create an account and print the secret of its first token once')
    .option('--json', 'print JSON')
    .action((name: string, options: JsonOption) =>
      requestHub(
        context,
        (hub) => hub.request('account', { name }),
        (answer) => showSecret(context, { secret: answer.secret, ...answer.token }, options),
      ),
    );
  account
    .command('list')
    .description('all accounts')
    .option('--json', 'print JSON')
    .action((options: JsonOption) =>
      requestHub(
        context,
        (hub) => hub.request('accounts', {}),
        ({ accounts }) => {
          if (options.json === true) return context.printJson(accounts);
          const rows = accounts.map(({ name, created }) => [name, formatMoment(created)]);
          context.print(columns(['NAME', 'CREATED'], rows).join('\n'));
        },
      ),
    );
  addAccountChanges(account, context);
}

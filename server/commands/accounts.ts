// `horai account rename | disable | enable | export | erase` and `horai token change`: what happens to an account or a token that exists.

import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { readHubFile } from '../hub-file.ts';
import type { CommandContext } from './command-context.ts';
import { connectToHub } from './connect-to-hub.ts';
import { parseDate } from './parse-end.ts';
import { requestHub } from './request-hub.ts';

export function addAccountChanges(account: Command, context: CommandContext): void {
  const change = (name: string, fields: { new_name?: string; disabled?: boolean }, done: string) =>
    requestHub(
      context,
      (hub) => hub.request('change-account', { name, ...fields }),
      () => context.print(done),
    );
  account
    .command('rename <name> <to>')
    .description('give an account another name; its data and tokens stay')
    .action((name: string, to: string) => change(name, { new_name: to }, `The account ${name} is ${to} now.`));
  account
    .command('disable <name>')
    .description('accept none of the account’s tokens and links; its data stays')
    .action((name: string) => change(name, { disabled: true }, `The account ${name} is disabled.`));
  account
    .command('enable <name>')
    .description('accept the account’s tokens and links again')
    .action((name: string) => change(name, { disabled: false }, `The account ${name} is enabled.`));
  account
    .command('export <name> <file>')
    .description('write all items of an account to a file, one line of JSON each; the hub must run')
    .action((name: string, file: string) => exportTo(context, name, file));
  account
    .command('erase <name>')
    .description('erase an account with all its data, for ever; backups keep what they have')
    .option('--yes', 'really; without it, nothing is erased')
    .action(async (name: string, options: { yes?: boolean }) => {
      if (options.yes !== true) {
        context.fail(
          `This erases ${name} and all its data, for ever. Export it first if somebody may want it; then add --yes.`,
        );
        return;
      }
      await requestHub(
        context,
        (hub) => hub.request('erase-account', { name, confirm: 'erase' }),
        ({ channels }) => context.print(`The account ${name} is erased, with its ${channels} channels.`),
      );
    });
}

export function addTokenChange(token: Command, context: CommandContext): void {
  token
    .command('change <id>')
    .description('rename a token, or change its scopes or its end')
    .option('--name <name>', 'what it is for')
    .option('--scopes <list>', 'comma separated')
    .option('--expires <date>', 'YYYY-MM-DD, or never')
    .action((id: string, options: { name?: string; scopes?: string; expires?: string }) => {
      const { name, scopes, expires } = options;
      const end = expires === undefined || expires === 'never' ? null : parseDate(expires);
      if (end === undefined) return context.fail('--expires is a date such as 2027-12-31, or never');
      return requestHub(
        context,
        (hub) =>
          hub.request('change-token', {
            token: id,
            ...(name === undefined ? {} : { name }),
            ...(scopes === undefined ? {} : { scopes: scopes.split(',').map((scope) => scope.trim()) }),
            ...(expires === undefined ? {} : { expires: end }),
          }),
        () => context.print(`Token ${id} is changed.`),
      );
    });
}

async function exportTo(context: CommandContext, name: string, file: string): Promise<void> {
  const configured = context.readConfig();
  if (configured === undefined) return;
  const hub = await connectToHub(configured.config, configured.world);
  if (!hub.ok) return context.fail(hub.error);
  const { url } = hub;
  await hub.close();
  const secret = (await readHubFile(configured.config.data))?.secret;
  if (url === undefined || secret === undefined)
    return context.fail('No hub runs on this data folder: start it first.');
  const answer = await fetch(`${url}-/export?${new URLSearchParams({ account: name })}`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  if (!answer.ok || answer.body === null) return context.fail(`The hub refused: ${await answer.text()}`);
  await pipeline(answer.body, createWriteStream(file, { mode: 0o600 }));
  context.print(`The data of ${name} is in ${file}.`);
}

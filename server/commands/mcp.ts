// `horai mcp`: offers the tools of a hub to a language model over standard input and output. server/mcp/stdio.ts does it.

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { errorMessage } from '../../protocol/error-message.ts';
import { readHubFile } from '../hub-file.ts';
import type { CommandContext } from './command-context.ts';

const hubVariable = 'HORAI_MCP_HUB';
const tokenVariable = 'HORAI_MCP_TOKEN';

interface McpOptions {
  readonly hub?: string;
  readonly tokenFile?: string;
}

export function addMcp(program: Command, context: CommandContext): void {
  program
    .command('mcp')
    .description('offer the hub’s tools to a language model over standard input and output (MCP)')
    .option('--hub <url>', `the hub; the one of this machine unless given (${hubVariable})`)
    .option(
      '--token-file <file>',
      `the file with the token (${tokenVariable}: the token itself); a personal hub needs none to read`,
    )
    .action((options: McpOptions) => serve(context, options));
}

async function serve(context: CommandContext, { hub: hubOption, tokenFile }: McpOptions): Promise<void> {
  const configured = context.readConfig();
  if (configured === undefined) return;
  const { env } = context.runtime.sources;
  const address =
    hubOption ?? env[hubVariable] ?? (await readHubFile(configured.config.data))?.url.replace(/^ws/, 'http');
  if (address === undefined)
    return context.fail(`No hub runs on this machine: run "horai start", or name one with --hub or ${hubVariable}.`);
  const hub = httpUrl(address);
  if (hub === undefined)
    return context.fail(`"${address}" is not the address of a hub, such as https://hub.example.org/.`);
  let token: string;
  try {
    token = tokenFile === undefined ? (env[tokenVariable] ?? '') : readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    return context.fail(`The token cannot be read: ${errorMessage(error)}`);
  }
  const { version } = context.runtime;
  try {
    const { serveMcpOverStdio } = await import('../mcp/stdio.ts');
    await serveMcpOverStdio({ hub, token, version });
  } catch (error) {
    context.fail(
      `The package @modelcontextprotocol/server does not load (${errorMessage(error)}): npm install it next to Horai.`,
    );
  }
}

/** With a slash at its end. */
function httpUrl(address: string): string | undefined {
  try {
    const url = new URL(address.endsWith('/') ? address : `${address}/`);
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

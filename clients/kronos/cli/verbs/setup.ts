// The command `setup`: prints the configuration that connects a tool to this hub. It writes no file.

import { parseHubUrl } from '../../sync/hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const usage = 'setup wakatime|activitywatch|mob|vim';

interface Hub {
  readonly url: URL;
  readonly token: string;
}

const instructions: Readonly<Record<string, (hub: Hub) => readonly string[]>> = {
  wakatime: ({ url, token }) => [
    '# In ~/.wakatime.cfg, for the plugins of all editors:',
    '[settings]',
    `api_url = ${url.href}api/v1`,
    `api_key = ${token || '<a token: horai token create --name wakatime>'}`,
  ],
  activitywatch: ({ url }) =>
    isLoopback(url)
      ? url.port === '5600'
        ? [
            '# Stop aw-server; the watchers find the hub, which is on their port. Restart them:',
            'aw-watcher-window &',
            'aw-watcher-afk &',
          ]
        : [
            `# The watchers look for port 5600, and the hub is on ${url.port}. In ~/.config/activitywatch/aw-client/aw-client.toml:`,
            '[server]',
            `hostname = "${toIpv4Host(url)}"`,
            `port = "${url.port}"`,
          ]
      : [
          '# The watchers can neither log in nor speak TLS, so they reach only a hub on their own machine.',
          '# Run one there: npx horai start',
        ],
  mob: ({ url }) => [
    '# In the profile of your shell:',
    `export MOB_TIMER_URL=${addTrailingSlash(url)}`,
    'export MOB_TIMER_ROOM=my-room',
  ],
  vim: ({ url, token }) => [
    '" In your vimrc:',
    'let g:kronos_sync = 1',
    `let g:kronos_sync_host = '${toIpv4Host(url)}:5000'`,
    `" At its first start it asks for a token: ${token || 'answer that you have none'}`,
  ],
};

/** The mob timer needs a slash at the end. */
function addTrailingSlash({ href }: URL): string {
  return href.endsWith('/') ? href : `${href}/`;
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

/** Replaces `localhost`, which ActivityWatch and Vim may resolve to ::1, where the hub does not listen. */
function toIpv4Host(url: URL): string {
  return url.hostname === 'localhost' ? '127.0.0.1' : url.hostname;
}

export const setup: RunCommand = ({ words }, cli: CliContext) => {
  const [name = '', ...more] = words;
  const formatInstructions = Object.hasOwn(instructions, name) ? instructions[name] : undefined;
  if (formatInstructions === undefined || more.length > 0) return printUsage(cli, usage);
  const { sync_host: host, sync_user_id: token } = cli.database.read();
  const url = parseHubUrl(host, 'http');
  if (url === undefined) {
    cli.printError(`${host} is not the address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
  }
  for (const line of formatInstructions({ url, token })) cli.print(line);
  return exitCode.ok;
};

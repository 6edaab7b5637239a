// What to paste where, so that the tools people have talk to the hub. Only facts of this hub are printed; nothing is written.

import { parseHubUrl } from '../../sync/hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const usage = 'setup wakatime|activitywatch|mob|vim';

interface Hub {
  readonly url: URL;
  readonly token: string;
}

const lines: Readonly<Record<string, (hub: Hub) => readonly string[]>> = {
  wakatime: ({ url, token }) => [
    '# In ~/.wakatime.cfg, for the plugins of all editors:',
    '[settings]',
    `api_url = ${url.href}api/v1`,
    `api_key = ${token || '<a token: horai token create --name wakatime>'}`,
  ],
  activitywatch: ({ url }) =>
    isHere(url)
      ? url.port === '5600'
        ? [
            '# Stop aw-server; the watchers find the hub, which is on their port. Restart them:',
            'aw-watcher-window &',
            'aw-watcher-afk &',
          ]
        : [
            `# The watchers look for port 5600, and the hub is on ${url.port}. In ~/.config/activitywatch/aw-client/aw-client.toml:`,
            '[server]',
            `hostname = "${bare(url)}"`,
            `port = "${url.port}"`,
          ]
      : [
          '# The watchers can neither log in nor speak TLS, so they reach only a hub on their own machine.',
          '# Run one there: npx horai start',
        ],
  mob: ({ url }) => [
    '# In the profile of your shell:',
    `export MOB_TIMER_URL=${root(url)}`,
    'export MOB_TIMER_ROOM=my-room',
  ],
  vim: ({ url, token }) => [
    '" In your vimrc:',
    'let g:kronos_sync = 1',
    `let g:kronos_sync_host = '${bare(url)}:5000'`,
    `" At its first start it asks for a token: ${token || 'say that you have none'}`,
  ],
};

/** With the slash that is to be at its end. */
function root({ href }: URL): string {
  return href.endsWith('/') ? href : `${href}/`;
}

function isHere({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

/** ActivityWatch and Vim are not to wait for an address that the hub does not listen on. */
function bare(url: URL): string {
  return url.hostname === 'localhost' ? '127.0.0.1' : url.hostname;
}

export const setup: RunCommand = ({ words }, cli: CliContext) => {
  const [name = '', ...more] = words;
  const say = Object.hasOwn(lines, name) ? lines[name] : undefined;
  if (say === undefined || more.length > 0) return printUsage(cli, usage);
  const { sync_host: host, sync_user_id: token } = cli.database.read();
  const url = parseHubUrl(host, 'http');
  if (url === undefined) {
    cli.printError(`${host} is no address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
  }
  for (const line of say({ url, token })) cli.print(line);
  return exitCode.ok;
};

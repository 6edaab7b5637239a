// The text that a start prints: where the hub is, and on the first start with a data folder also the owner's token and the configuration
// of each kind of client. The text describes this hub as it runs.

import type { RunningHub } from './compose.ts';
import type { Config } from './config.ts';
import { version } from './version.ts';

export function greeting(hub: RunningHub, config: Config): string {
  const lines = [
    `Horai ${version} is at ${hub.url} (${hub.engine}; ${hub.isPersonal ? 'personal: no token needed' : 'clients need a token'}).`,
    `Socket engine: ${hub.engineNote}.`,
    `Kronos clients: ${hub.kronos ?? 'off'}.`,
    ...(hub.webUi === null ? [] : [`ActivityWatch’s web UI: ${hub.webUi}`]),
    `Data: ${config.store === 'memory' ? 'in memory' : config.store === 'sqlite' ? config.data : 'in PostgreSQL'}.`,
  ];
  return (hub.ownerSecret === undefined ? lines : [...lines, '', ...firstStart(hub, config, hub.ownerSecret)]).join(
    '\n',
  );
}

function firstStart(hub: RunningHub, config: Config, secret: string): readonly string[] {
  // A token from the environment is known already, so it is not printed again.
  const isFromEnvironment = config.ownerToken !== undefined;
  const token = isFromEnvironment ? '<the token in HORAI_OWNER_TOKEN>' : secret;
  return [
    isFromEnvironment
      ? 'The owner’s token is the one in HORAI_OWNER_TOKEN.'
      : `The owner’s token, shown only now: ${token}`,
    ...(config.store === 'memory' ? [] : ['Create more, one for each device or tool: npm run horai -- token create']),
    '',
    'From a terminal:',
    `  npx wscat -c ${hub.url.replace('http', 'ws')}`,
    `  > {"type":"login","user_id":"${token}"}`,
    ...(hub.kronos === null
      ? []
      : [
          '',
          'Vim (kronos.vim), which then asks for the token:',
          '  let g:kronos_sync = 1',
          `  let g:kronos_sync_host = '${hub.kronos}'`,
        ]),
    '',
    'WakaTime plugins, in ~/.wakatime.cfg:',
    '  [settings]',
    `  api_url = ${hub.url}api/v1`,
    `  api_key = ${token}`,
    // `mob` has no way to send a token.
    ...(config.rooms === 'open' || hub.isPersonal
      ? ['', 'Mob timer (mob), in your shell’s profile:', `  export MOB_TIMER_URL=${hub.url}`]
      : []),
  ];
}

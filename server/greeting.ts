// What a start prints: a few quiet lines, and the first time on a data folder the owner's token with what to paste into each
// client. Every line printed is true of this hub as it runs now.

import type { RunningHub } from './compose.ts';
import type { Config } from './config.ts';
import { version } from './version.ts';

export function greeting(hub: RunningHub, config: Config): string {
  const lines = [
    `Horai ${version} is at ${hub.url} (${hub.engine}; ${hub.personal ? 'personal: whoever reaches it is its owner' : 'a token opens it'}).`,
    `Kronos clients: ${hub.kronos ?? 'off'}.`,
    ...(hub.webUi === null ? [] : [`ActivityWatch’s web UI: ${hub.webUi}`]),
    `Data: ${config.store === 'memory' ? 'in memory' : config.store === 'sqlite' ? config.data : 'in PostgreSQL'}.`,
  ];
  return (hub.ownerSecret === undefined ? lines : [...lines, '', ...firstStart(hub, config, hub.ownerSecret)]).join(
    '\n',
  );
}

function firstStart(hub: RunningHub, config: Config, secret: string): readonly string[] {
  // A token that came from the environment is known to whoever set it; it does not go into yet another place.
  const given = config.ownerToken !== undefined;
  const token = given ? '<the token in HORAI_OWNER_TOKEN>' : secret;
  return [
    given ? 'The owner’s token is the one in HORAI_OWNER_TOKEN.' : `The owner’s token, shown only now: ${token}`,
    ...(config.store === 'memory' ? [] : ['More of them, one for each device or tool: npm run horai -- token create']),
    '',
    'By hand:',
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
    ...(config.rooms === 'open' || hub.personal
      ? ['', 'Mob timer (mob), in your shell’s profile:', `  export MOB_TIMER_URL=${hub.url}`]
      : []),
  ];
}

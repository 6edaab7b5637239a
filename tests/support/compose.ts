// A whole hub in this process, on free ports, through the door that main.ts uses.

import { compose, type Running } from '../../server/compose.ts';
import { type Config, configure } from '../../server/config.ts';
import { realWorld } from '../../server/world.ts';

/** The configuration of a hub in memory on free ports, but for what `said` says. */
export function testConfig(said: Partial<Config> = {}): Config {
  const configured = configure({ env: {}, platform: 'linux', home: '/nowhere' });
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  return { ...configured.config, port: 0, kronosPort: null, store: 'memory', log: 'silent', ...said };
}

export async function startComposed(said: Partial<Config> = {}): Promise<Running> {
  const config = testConfig(said);
  const composed = await compose(config, realWorld(config.log));
  if (!composed.ok) throw new Error(composed.error);
  return composed.hub;
}

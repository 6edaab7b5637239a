// A whole hub in this process, on free ports, through the door that main.ts uses.

import { compose, type Running } from '../../server/compose.ts';
import { type Config, configure } from '../../server/config.ts';
import type { World } from '../../server/core/world.ts';
import { realWorld } from '../../server/world.ts';

/** The configuration of a hub in memory on free ports, but for what `said` says. */
export function testConfig(said: Partial<Config> = {}): Config {
  const configured = configure({ env: {}, platform: 'linux', home: '/nowhere' });
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  return { ...configured.config, port: 0, kronosPort: null, store: 'memory', log: 'silent', ...said };
}

/** @param world the real one unless said */
export async function startComposed(said: Partial<Config> = {}, world?: World): Promise<Running> {
  const config = testConfig(said);
  const composed = await compose(config, world ?? realWorld(config.log));
  if (!composed.ok) throw new Error(composed.error);
  return composed.hub;
}

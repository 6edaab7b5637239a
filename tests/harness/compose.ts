// A whole hub in this process, on free ports, started by the function that main.ts uses.

import { assemble, compose, openPorts, type RunningHub } from '../../server/compose.ts';
import { type Config, configure } from '../../server/config.ts';
import type { Store } from '../../server/core/store.ts';
import type { World } from '../../server/core/world.ts';
import { realWorld } from '../../server/world.ts';

/** The configuration of a hub in memory on free ports. @param overrides replace single values */
export function testConfig(overrides: Partial<Config> = {}): Config {
  const configured = configure({ env: {}, platform: 'linux', home: '/nowhere' });
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  return { ...configured.config, port: 0, kronosPort: null, store: 'memory', log: 'silent', ...overrides };
}

/** @param world the real one by default */
export async function startComposed(overrides: Partial<Config> = {}, world?: World): Promise<RunningHub> {
  const config = testConfig(overrides);
  const composed = await compose(config, world ?? realWorld(config.log));
  if (!composed.ok) throw new Error(composed.error);
  return composed.hub;
}

export interface Node {
  readonly hub: RunningHub;
  readonly store: Store;
  /** Resolves when this node has published all changes that other nodes have committed so far. */
  catchUp(): Promise<void>;
}

/** Starts the nodes of one hub. */
export type Start = (overrides: Partial<Config>, world: World) => Promise<readonly Node[]>;

export async function startNode(overrides: Partial<Config>, world: World): Promise<Node> {
  const config = testConfig(overrides);
  const assembled = await assemble(config, world);
  if (!assembled.ok) throw new Error(assembled.error);
  const composed = await openPorts(assembled.parts, config, world);
  if (!composed.ok) throw new Error(composed.error);
  return { hub: composed.hub, store: assembled.parts.hub.store, catchUp: () => assembled.parts.hub.refresh() };
}

export const oneNode: Start = async (overrides, world) => [await startNode(overrides, world)];

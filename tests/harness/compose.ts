// A whole hub in this process, on free ports, started by the function that main.ts uses.

import { assemble, compose, openPorts, type RunningHub } from '../../server/compose.ts';
import { type Config, configure } from '../../server/config.ts';
import type { Hub } from '../../server/core/hub.ts';
import type { Store } from '../../server/core/store.ts';
import type { World } from '../../server/core/world.ts';
import { realWorld } from '../../server/world.ts';
import type { TestWorld } from './world.ts';

/** The configuration of a hub in memory on free ports. @param overrides replace single values */
export function testConfig(overrides: Partial<Config> = {}): Config {
  const configured = configure({ env: {}, platform: 'linux', home: '/nowhere' });
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  return { ...configured.config, port: 0, kronosPort: null, store: 'memory', drainMs: 0, log: 'silent', ...overrides };
}

/** @param world the real one by default */
export async function startComposed(overrides: Partial<Config> = {}, world?: World): Promise<RunningHub> {
  const config = testConfig(overrides);
  const composed = await compose(config, world ?? realWorld(config.log));
  if (!composed.ok) throw new Error(composed.error);
  return composed.hub;
}

/** A node of a hub as its clients see it. It may run in another process. */
export interface ReachableNode {
  readonly hub: Pick<RunningHub, 'url' | 'kronos' | 'ownerSecret' | 'engineNote' | 'stop'>;
  /** Resolves when this node has published all changes that other nodes have committed so far. */
  catchUp(): Promise<void>;
}

export interface Node extends ReachableNode {
  readonly hub: RunningHub;
  /** Its channels and sessions. */
  readonly core: Hub;
  readonly store: Store;
}

/** Starts the nodes of one hub. */
export type Start = (overrides: Partial<Config>, world: TestWorld) => Promise<readonly ReachableNode[]>;

export async function startNode(overrides: Partial<Config>, world: World): Promise<Node> {
  // A database does not answer while a clock is moved by hand, so no list of tokens would be young enough afterwards (L8.2).
  const config = testConfig({ ...(world.isSimulated && { tokensMaxAgeMs: Number.POSITIVE_INFINITY }), ...overrides });
  const assembled = await assemble(config, world);
  if (!assembled.ok) throw new Error(assembled.error);
  const composed = await openPorts(assembled.parts, config, world);
  if (!composed.ok) throw new Error(composed.error);
  const { hub: core } = assembled.parts;
  return { hub: composed.hub, core, store: core.store, catchUp: () => core.refresh() };
}

export const oneNode: Start = async (overrides, world) => [await startNode(overrides, world)];

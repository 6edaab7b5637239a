// Starts a hub without limits of rates and rooms: a benchmark sends more in a second than people do in a month.

import { assemble, openPorts, type RunningHub } from '../../server/compose.ts';
import type { Config } from '../../server/config.ts';
import { type LimitName, limitNames } from '../../server/core/limits.ts';
import { realWorld } from '../../server/world.ts';

const isOfSender = (name: LimitName) => name.startsWith('address_') || name === 'token_rate' || name.startsWith('room');

export async function startUnlimited(config: Config): Promise<RunningHub> {
  const world = realWorld(config.log);
  const assembled = await assemble(config, world);
  if (!assembled.ok) throw new Error(assembled.error);
  for (const name of limitNames.filter(isOfSender)) await assembled.parts.limits.set(name, 'none', '');
  const opened = await openPorts(assembled.parts, config, world);
  if (!opened.ok) throw new Error(opened.error);
  return opened.hub;
}

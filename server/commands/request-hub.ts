// Sends one request of a command to the hub of the data folder, whether it runs or not.

import type { CommandContext } from './command-context.ts';
import { connectToHub } from './connect-to-hub.ts';
import type { RpcClient, RpcResult } from './rpc-client.ts';

/** Shows the answer, or fails the command with the reason. */
export async function requestHub<T>(
  context: CommandContext,
  send: (hub: RpcClient) => Promise<RpcResult<T>>,
  show: (answer: T) => void,
): Promise<void> {
  const configured = context.readConfig();
  if (configured === undefined) return;
  const hub = await connectToHub(configured.config, configured.world);
  const result = hub.ok ? await send(hub.client) : hub;
  if (hub.ok) await hub.close();
  if (result.ok) show(result.answer);
  else context.fail(result.error);
}

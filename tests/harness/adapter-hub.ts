// A hub with the routes of one adapter and the hub's own protocol, on a real port and with a clock that the test moves.

import { openTaskClients } from '../../server/adapters/kronos/task-requests.ts';
import { Accounts } from '../../server/core/accounts.ts';
import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import type { Route } from '../../server/http/types.ts';
import { type EngineName, listen, type OpenPorts } from '../../server/transport/listen.ts';
import { openWire } from '../../server/wire/conversation.ts';
import type { ItemForm } from '../../server/wire/item-forms.ts';
import { type Guest, visit } from './clients.ts';
import { newStore } from './store.ts';
import { TestWorld } from './world.ts';

export interface AdapterHubOptions {
  readonly engine?: EngineName;
  readonly personal?: boolean;
  readonly store?: Store;
  readonly world?: TestWorld;
  /** The owner's token of an earlier start on the same store. */
  readonly owner?: string;
}

export interface AdapterHub {
  readonly hub: Hub;
  readonly world: TestWorld;
  readonly accounts: Accounts;
  /** The owner's token. */
  readonly owner: string;
  readonly port: number;
  readonly listening: OpenPorts;
  /** Opens a WebSocket that has logged in as the owner. */
  socket(): Promise<Guest>;
  close(): Promise<void>;
}

interface Adapter {
  readonly routes: readonly Route[];
  readonly forms?: readonly ItemForm[];
  readonly hasKronosPort?: boolean;
}

export async function openAdapterHub(
  options: AdapterHubOptions,
  createAdapter: (hub: Hub, trust: { readonly accounts: Accounts; readonly personal: boolean }) => Adapter,
): Promise<AdapterHub> {
  const world = options.world ?? new TestWorld();
  const { engine = 'uWebSockets.js', personal = false } = options;
  const hub = new Hub({ store: options.store ?? (await newStore()), relay: noopRelay, world });
  const accounts = await Accounts.open(hub);
  const owner = (await accounts.createOwner(options.owner)) ?? options.owner ?? '';
  const tasks = await openTaskClients({ hub, accounts });
  const { routes, forms = [], hasKronosPort = false } = createAdapter(hub, { accounts, personal });
  const converse = openWire({ hub, accounts, tasks, personal, signup: 'closed', version: '0.0.0', forms });
  const result = await listen(
    { routes, admit: () => undefined, converse },
    { host: '127.0.0.1', port: 0, kronosPort: hasKronosPort ? 0 : null, isKronosRequired: hasKronosPort },
    { log: world.log, engine },
  );
  if (!result.ok) throw new Error(result.error);
  const { listening } = result;
  hub.addPublisher(listening.publisher);
  const { port } = listening;
  return {
    hub,
    world,
    accounts,
    owner,
    port,
    listening,
    async socket() {
      const client = await visit(port);
      client.send(JSON.stringify({ type: 'login', user_id: owner, device_id: 'd' }));
      await client.messages.next();
      return client;
    },
    async close() {
      await listening.close();
      await hub.close();
    },
  };
}

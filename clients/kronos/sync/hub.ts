// Connections to the hub: addresses from what a person typed, and the SDK over Node's WebSocket or, on Node 20, over `ws`.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../../typescript/api.ts';
import { storageKey } from '../../typescript/channel-persistence.ts';
import { FileStorage } from '../../typescript/file-storage.ts';
import { connect } from '../../typescript/index.ts';
import { isStoredChannel } from '../../typescript/replica.ts';
import { MemoryStorage, type Storage } from '../../typescript/storage.ts';
import type { KronosDatabase } from '../data/database.ts';

const port = 5600;
/** The hub's port for plain Kronos clients. It accepts WebSockets, but no other HTTP. */
const kronosPort = '5000';

/**
 * @param host `host`, `host:port` or a URL
 * @returns undefined if it is none of these
 */
export function parseHubUrl(host: string, protocol: 'ws' | 'http'): URL | undefined {
  const named = /^(?:ws|http)s?:\/\//i.test(host) ? host : `ws://${host}`;
  if (!URL.canParse(named)) return undefined;
  const url = new URL(named);
  const bare = named !== host;
  if (url.hostname === '' || (bare && url.pathname !== '/')) return undefined;
  if (bare && url.port === '') url.port = `${port}`;
  if (protocol === 'http' && url.port === kronosPort) url.port = `${port}`;
  url.protocol = /^(?:wss|https):$/.test(url.protocol) ? `${protocol}s:` : `${protocol}:`;
  return url;
}

function storagePath(folder: string): string {
  return join(folder, 'sync.json');
}

/** Deletes what was stored about the hub, when another one takes its place. */
export function forgetHub(folder: string): void {
  rmSync(storagePath(folder), { force: true });
}

/** How many writes the SDK has stored that the hub has not confirmed. */
export async function countStoredWrites(folder: string): Promise<number> {
  const stored = await new FileStorage(storagePath(folder)).read(storageKey('tasks')).catch(() => undefined);
  return isStoredChannel(stored) ? stored.pending.length : 0;
}

type HubAccount = Pick<KronosDatabase, 'sync_host' | 'sync_user_id' | 'sync_device_id'>;

/**
 * Connects as this device, with its state stored in the folder. Sends nothing before it is asked to.
 * @returns undefined if the host is not an address
 */
export async function connectDevice(database: KronosDatabase, folder: string): Promise<Connection | undefined> {
  // It is not known which hub these tasks come from, so what is stored is about another one.
  if (database.sync_epoch === '') forgetHub(folder);
  return connectWith(database, new FileStorage(storagePath(folder)));
}

/** Connects to ask something, and stores nothing. It is this device only if `sync_device_id` names one. */
export async function connectOnce(database: HubAccount): Promise<Connection | undefined> {
  return connectWith(database, new MemoryStorage());
}

async function connectWith(database: HubAccount, storage: Storage): Promise<Connection | undefined> {
  const url = parseHubUrl(database.sync_host, 'ws');
  if (url === undefined) return undefined;
  const { sync_user_id: token, sync_device_id: device } = database;
  const webSocket = 'WebSocket' in globalThis ? undefined : (await import('ws')).WebSocket;
  return connect({
    url: url.href,
    name: 'kronos',
    storage,
    ...(token === '' ? {} : { token }),
    ...(device === '' ? {} : { device }),
    ...(webSocket === undefined ? {} : { webSocket }),
  });
}

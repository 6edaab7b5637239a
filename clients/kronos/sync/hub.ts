// Connects to the hub: parses the address that a person typed, and runs the SDK over Node's WebSocket, or over `ws` on Node 20.

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
 * @returns undefined if the host is none of these
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

/** Deletes the stored state of the hub. Called when another hub replaces it. */
export function forgetHub(folder: string): void {
  rmSync(storagePath(folder), { force: true });
}

/** Counts the stored writes of the SDK that the hub has not confirmed. */
export async function countStoredWrites(folder: string): Promise<number> {
  const stored = await new FileStorage(storagePath(folder)).read(storageKey('tasks')).catch(() => undefined);
  return isStoredChannel(stored) ? stored.pending.length : 0;
}

type HubAccount = Pick<KronosDatabase, 'sync_host' | 'sync_user_id' | 'sync_device_id'>;

/**
 * Connects as this device, with its state stored in the folder. Does not connect before the first request.
 * @returns undefined if the host is not an address
 */
export async function connectDevice(database: KronosDatabase, folder: string): Promise<Connection | undefined> {
  // The tasks were not synced with this hub yet, so the stored state belongs to another hub.
  if (database.sync_epoch === '') forgetHub(folder);
  return connectWith(database, new FileStorage(storagePath(folder)));
}

/** Connects for a few requests, and stores nothing. Acts as this device only if `sync_device_id` is set. */
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

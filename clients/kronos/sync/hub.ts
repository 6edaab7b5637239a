// Where the hub is and how it is spoken to: addresses from what a person wrote, and the SDK over a WebSocket of Node's own or, on
// Node 20, of `ws`. What is said is sync.ts' and the verbs'.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../../typescript/api.ts';
import { FileStorage } from '../../typescript/file-storage.ts';
import { connect } from '../../typescript/index.ts';
import { MemoryStorage, type Storage } from '../../typescript/storage.ts';
import type { KronosDatabase } from '../data/database.ts';

const port = 5600;
/** Of the same hub, for plain Kronos clients: it takes WebSockets too, but nothing else of HTTP. */
const kronosPort = '5000';

/**
 * @param host `host`, `host:port` or a URL
 * @returns undefined for what is none of these
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

/** What is known of a hub, when another one takes its place. */
export function forgetHub(folder: string): void {
  rmSync(storagePath(folder), { force: true });
}

type Linked = Pick<KronosDatabase, 'sync_host' | 'sync_user_id' | 'sync_device_id'>;

/**
 * Speaks for this device's tasks, and remembers in the folder how far it got. Nothing is sent before it is asked to.
 * @returns undefined where the host is no address
 */
export async function connectDevice(database: KronosDatabase, folder: string): Promise<Connection | undefined> {
  // Of which hub these tasks are is not known: what is remembered is of another.
  if (database.sync_epoch === '') forgetHub(folder);
  return linkTo(database, new FileStorage(storagePath(folder)));
}

/** Only asks, and remembers nothing. As this device only where one is named. */
export async function connectOnce(database: Linked): Promise<Connection | undefined> {
  return linkTo(database, new MemoryStorage());
}

async function linkTo(database: Linked, storage: Storage): Promise<Connection | undefined> {
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

// Data that this browser stores of a person: settings, tasks and waiting changes, what is cached for offline use, and, from earlier versions, a
// token. When somebody else signs in, all of it is removed; other tabs notice it, and load anew (frame.ts).

import { databaseName } from './address.ts';
import { forgetSettings } from './settings.ts';

const storeName = 'values';
const identityName = 'identity';

export async function forgetPerson(): Promise<void> {
  forgetSettings();
  removeTypedToken();
  navigator.serviceWorker?.controller?.postMessage('forget');
  // Emptied instead of deleted: a deletion waits for every tab that has the database open.
  await Promise.all([inDatabase((values) => values.clear()), removeCaches()]);
}

/** The token of an earlier version, where a person typed it, or where the SDK kept the one that the hub made. @returns '' if there is none */
export async function readStoredToken(): Promise<string> {
  const typed = readTypedToken();
  if (typed !== '') return typed;
  const identity: unknown = await inDatabase((values) => values.get(identityName));
  const known = typeof identity === 'object' && identity !== null && 'token' in identity ? identity.token : '';
  return typeof known === 'string' ? known : '';
}

export function removeTypedToken(): void {
  try {
    localStorage.removeItem('token');
  } catch {
    // Nothing is stored there.
  }
}

function readTypedToken(): string {
  try {
    return localStorage.getItem('token') ?? '';
  } catch {
    return '';
  }
}

/** The database of the SDK's BrowserStorage. @returns undefined if this browser has none */
async function inDatabase(act: (values: IDBObjectStore) => IDBRequest): Promise<unknown> {
  if (typeof indexedDB === 'undefined') return undefined;
  const opening = indexedDB.open(databaseName, 1);
  return new Promise((resolve) => {
    opening.onupgradeneeded = () => opening.result.createObjectStore(storeName);
    opening.onerror = () => resolve(undefined);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(storeName, 'readwrite');
      const request = act(transaction.objectStore(storeName));
      const finish = () => {
        opening.result.close();
        resolve(request.error === null ? request.result : undefined);
      };
      transaction.oncomplete = finish;
      transaction.onabort = finish;
    };
  });
}

/** Browsers have caches only on https and on this machine's own addresses. */
async function removeCaches(): Promise<void> {
  if (typeof caches === 'undefined') return;
  const names = await caches.keys().catch(() => []);
  await Promise.all(names.filter((name) => name.startsWith('horai-')).map((name) => caches.delete(name)));
}

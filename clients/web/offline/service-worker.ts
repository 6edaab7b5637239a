// The service worker: what was seen once opens without the hub. Files with a hash are taken from the cache; pages and the hub's answers
// about days come from the hub where it answers, and from the cache where it does not. Everything else passes. The rules are in
// cache-rules.ts.

import { cacheKey, kindOf } from './cache-rules.ts';

/** The part of a service worker's scope that is used; the pages are compiled with the types of a window. */
interface ServiceWorkerScope {
  addEventListener(
    type: 'install' | 'activate',
    act: (event: { waitUntil(done: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(type: 'message', act: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'push', act: (event: PushedEvent) => void): void;
  addEventListener(type: 'notificationclick', act: (event: ClickedEvent) => void): void;
  addEventListener(type: 'fetch', act: (event: FetchEvent) => void): void;
  skipWaiting(): Promise<void>;
  readonly registration: { showNotification(title: string, options: NotificationOptions): Promise<void> };
  readonly clients: {
    claim(): Promise<void>;
    openWindow(url: string): Promise<unknown>;
    get(id: string): Promise<{ postMessage(message: unknown): void } | undefined>;
  };
}
interface PushedEvent {
  /** As server/push/push.ts sends it. */
  readonly data: {
    json(): { readonly title: string; readonly body: string; readonly tag: string; readonly path: string };
  };
  waitUntil(done: Promise<unknown>): void;
}
interface ClickedEvent {
  readonly notification: Notification;
  waitUntil(done: Promise<unknown>): void;
}
interface FetchEvent {
  readonly request: Request;
  readonly clientId: string;
  respondWith(response: Promise<Response>): void;
}
declare const self: ServiceWorkerScope;

const filesCache = 'horai-files';
const seenCache = 'horai-seen';
/** When a cached answer came, in milliseconds since 1970. */
const seenHeader = 'x-horai-seen';

/** The address of the hub, without a last slash: this script is at its top. */
const hub = location.href.replace(/\/[^/]*$/, '');

/** Counts the people who left: what was asked for one of them is not stored afterwards. */
let departures = 0;

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', ({ data }) => {
  if (data === 'forget') departures += 1;
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const kind = kindOf(request, hub);
  if (kind === 'file') event.respondWith(fileOf(request));
  else if (kind !== 'other') event.respondWith(newest(request, event.clientId, kind));
});

self.addEventListener('push', (event) => {
  const { title, body, tag, path } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body, tag, data: path }));
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const path: unknown = event.notification.data;
  event.waitUntil(self.clients.openWindow(hub + (typeof path === 'string' ? path : '/day')));
});

async function fileOf(request: Request): Promise<Response> {
  const cache = await caches.open(filesCache);
  const known = await cache.match(request);
  if (known !== undefined) return known;
  const response = await fetch(request);
  // A cache that is full, or that another tab empties, withholds no answer of the hub.
  if (response.ok) await cache.put(request, response.clone()).catch(() => undefined);
  return response;
}

async function newest(request: Request, clientId: string, kind: 'page' | 'answer'): Promise<Response> {
  const key = hub + cacheKey(request.url.slice(hub.length), kind);
  const before = departures;
  try {
    const response = await fetch(request);
    if (response.ok && before === departures) await keep(key, response.clone()).catch(() => undefined);
    // A person who may not see it any more does not see it offline either.
    if (response.status === 401 || response.status === 403) await (await caches.open(seenCache)).delete(key);
    return response;
  } catch {
    const known = await (await caches.open(seenCache)).match(key);
    if (known === undefined) return kind === 'page' ? unseenPage() : unseenAnswer();
    const client = await self.clients.get(clientId);
    if (kind === 'answer') client?.postMessage({ seen: Number(known.headers.get(seenHeader)) });
    return known;
  }
}

async function keep(key: string, response: Response): Promise<void> {
  const headers = new Headers(response.headers);
  headers.set(seenHeader, String(Date.now()));
  const { status } = response;
  const copy = new Response(await response.blob(), { status, headers });
  await (await caches.open(seenCache)).put(key, copy);
}

function unseenPage(): Response {
  const text = 'The hub cannot be reached, and this browser has not seen this page yet.';
  return new Response(text, { status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

function unseenAnswer(): Response {
  const body = JSON.stringify({ error: 'the hub cannot be reached', code: 'offline' });
  return new Response(body, { status: 503, headers: { 'content-type': 'application/json' } });
}

// Where the hub is, for all addresses that pages make: at the top of its origin, or below a path that a proxy serves it at
// (HORAI_BASE_PATH). The scripts of the pages stand there.

import { basePathOf } from './base-path.ts';

const base = basePathOf(import.meta.url);

/** @param path on the hub, such as `/day`. @returns the address for a link or a request */
export function pathTo(path: string): string {
  return base + path;
}

/** The path of this page on the hub. */
export function pagePath(): string {
  const { pathname } = location;
  return pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname;
}

/** The name of the browser's database of this hub: another one on the same origin has its own. */
export const databaseName = `horai${base}`;

/** The address of the hub, as the SDK takes it. */
export function hubUrl(): string {
  return location.origin + base;
}

/** The address of the hub's WebSocket. Proxies redirect a folder without the slash, and a WebSocket follows no redirect. */
export function socketUrl(): string {
  return `${hubUrl().replace(/^http/, 'ws')}/`;
}

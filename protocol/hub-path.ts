// The address of a path on a hub, for clients. A proxy may serve the hub below a path of its origin.

/**
 * @param hub the address of the hub: `https://hub.example.org`, `https://example.org/horai/`
 * @param path on the hub: `/-/day/today`
 * @returns `https://example.org/horai/-/day/today`
 */
export function hubPath(hub: string | URL, path: string): URL {
  const url = new URL(hub);
  const query = path.indexOf('?');
  url.search = query < 0 ? '' : path.slice(query);
  url.pathname = url.pathname.replace(/\/$/, '') + (query < 0 ? path : path.slice(0, query));
  return url;
}

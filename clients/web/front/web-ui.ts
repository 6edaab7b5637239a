// Redirects bookmarks of ActivityWatch's web UI, such as `http://localhost:5600/#/timeline`. The hub's front page has that port. If the hub
// serves the web UI on another port, the page goes there.

/**
 * @param port where the hub serves ActivityWatch's web UI; '' if nowhere
 * @returns the same place of the web UI on its own port; undefined if the address is not one of the web UI
 */
export function webUiAddress(
  { protocol, hostname, hash }: { readonly protocol: string; readonly hostname: string; readonly hash: string },
  port: string,
): string | undefined {
  return port !== '' && hash.startsWith('#/') ? `${protocol}//${hostname}:${port}/${hash}` : undefined;
}

/** The path of the page that answers a bookmark of ActivityWatch's web UI where the hub does not serve that: `#/activity/host/day/2026-11-28`. */
export function pageOfBookmark(hash: string): string | undefined {
  const [, date] = /^#\/activity\/[^/]*\/day\/(\d{4}-\d\d-\d\d)/.exec(hash) ?? [];
  return date === undefined ? undefined : `/day/${date}`;
}

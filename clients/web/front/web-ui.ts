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

// Bookmarks of ActivityWatch's web UI: it keeps its place in the fragment, such as `http://localhost:5600/#/timeline`, on the port that
// the hub's own front page has. Where the hub serves that web UI on another port, such an address leads there.

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

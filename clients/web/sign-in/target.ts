// Where a sign-in leads to. Pure.

/** @param search `?to=/week/2026-11-28` @returns a path of this hub: an address of another site is never followed */
export function targetOf(search: string): string {
  const to = new URLSearchParams(search).get('to') ?? '';
  return /^\/(?![/\\])[\w\-./%]*$/.test(to) ? to : '/day';
}

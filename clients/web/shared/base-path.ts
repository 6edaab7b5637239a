// The path below which a proxy serves the hub. Pure; address.ts has the one of this page.

/** @param script the address of a script of the pages. @returns `/horai`; '' for the top of the origin */
export function basePathOf(script: string): string {
  return /^https?:\/\/[^/]+(.*?)\/-\/assets\//.exec(script)?.[1] ?? '';
}

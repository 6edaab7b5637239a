// Serves ActivityWatch's own web UI from a folder, as its own server does: any file at the root, each with an ETag, and 404 for paths that
// are not files (the UI keeps its place in the fragment). The API is on the same port, because the UI's content policy lets it reach its
// own origin only.

import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { Reply, Request, Route } from '../../../http/types.ts';

const types: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json'],
  ['.map', 'application/json'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.ico', 'image/x-icon'],
  ['.woff', 'font/woff'],
  ['.woff2', 'font/woff2'],
  ['.ttf', 'font/ttf'],
  ['.txt', 'text/plain; charset=utf-8'],
]);

export type OpenedWebUi =
  | { readonly ok: true; readonly routes: readonly Route[] }
  | { readonly ok: false; readonly error: string };

/** @param folder a built aw-webui: the `dist` that its `npm run build` makes */
export async function openWebUi(folder: string): Promise<OpenedWebUi> {
  const root = await realpath(folder).catch(() => undefined);
  if (root === undefined || (await fileAt(root, 'index.html')) === undefined) {
    return { ok: false, error: `there is no built aw-webui in ${folder}: it has no index.html` };
  }
  const handle = async (request: Request): Promise<Reply> => {
    const path = decodePath(request.path);
    const found = path === undefined ? undefined : await fileAt(root, path === '/' ? 'index.html' : path.slice(1));
    if (found === undefined)
      return { status: 404, headers: { 'content-type': types.get('.txt') ?? '' }, body: 'Not found' };
    const headers = {
      'content-type': types.get(extname(found.path)) ?? 'application/octet-stream',
      'cache-control': 'no-cache',
      etag: found.etag,
    };
    if (request.headers.get('if-none-match') === found.etag) return { status: 304, headers, body: '' };
    return { status: 200, headers, body: await readFile(found.path) };
  };
  return { ok: true, routes: [{ method: 'GET', path: '/*', handle }] };
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** A file inside the folder, after links are resolved; undefined for anything else. */
async function fileAt(
  root: string,
  path: string,
): Promise<{ readonly path: string; readonly etag: string } | undefined> {
  if (path.includes('\0')) return undefined;
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (real === undefined || !real.startsWith(root + sep)) return undefined;
  const facts = await stat(real);
  if (!facts.isFile()) return undefined;
  const mark = createHash('sha256').update(`${facts.size} ${facts.mtimeMs} ${facts.ino}`).digest('base64url');
  return { path: real, etag: `"${mark.slice(0, 22)}"` };
}

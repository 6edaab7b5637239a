// The texts of a request body: the body itself, or every file and field of a `multipart/form-data` form, as the web UI uploads them.

import { buffer } from 'node:stream/consumers';

/** The reference server's message for a body that is not JSON. */
export const brokenBody = 'The browser (or proxy) sent a request that this server could not understand.';

/** @param limit the limit that the body exceeds; '' for none */
export function explainBrokenBody(limit: string): string {
  return limit === '' ? brokenBody : `${brokenBody} (${limit})`;
}

/** True if the Content-Type of a form names the boundary between its parts. */
export function hasBoundary(contentType: string): boolean {
  return /;\s*boundary=(?:"[^"]+"|[^;\s"]+)/i.test(contentType);
}

/**
 * Reads the texts of a body, in their order.
 * @param form the Content-Type of a form; null if the body itself is the text
 * @returns undefined if the body is not a whole form
 */
export async function readTexts(body: Buffer, form: string | null): Promise<readonly string[] | undefined> {
  if (form === null) return [body.toString()];
  const { Busboy } = await import('@fastify/busboy');
  const parts: Promise<Buffer>[] = [];
  const parser = new Busboy({ headers: { 'content-type': form }, isPartAFile: () => true });
  parser.on('file', (_name, stream) => {
    parts.push(buffer(stream));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      parser.once('finish', resolve);
      parser.once('error', reject);
      parser.end(body);
    });
    return (await Promise.all(parts)).map((part) => part.toString());
  } catch {
    await Promise.allSettled(parts);
    return undefined;
  }
}

// A request's body as handlers read it: decompressed, without a byte order mark, and without lone surrogates. The transport calls this
// once for all routes, so no adapter repeats it.

import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { replaceLoneSurrogatesIn } from '../../protocol/well-formed.ts';

export type ReadableBody =
  | { readonly ok: true; readonly body: Buffer }
  /** `too_large`: the decompressed body exceeds the limit. `corrupt`: it is not what its encoding says. */
  | { readonly ok: false; readonly reason: 'too_large' | 'corrupt' };

type Decompress = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const decompressors: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** How to decompress a body; undefined where it is not compressed, or its encoding is none that the hub knows (`utf-8`, say). */
export function decompressorOf(headers: ReadonlyMap<string, string>): Decompress | undefined {
  return decompressors.get(headers.get('content-encoding')?.trim().toLowerCase() ?? '');
}

/** @param limit bytes that the decompressed body may have */
export async function decompress(bytes: Buffer, inflateBytes: Decompress, limit: number): Promise<ReadableBody> {
  try {
    return { ok: true, body: await inflateBytes(bytes, { maxOutputLength: limit }) };
  } catch (error) {
    const isTooLarge =
      typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return { ok: false, reason: isTooLarge ? 'too_large' : 'corrupt' };
  }
}

/** The body without its byte order mark. Lone surrogates in it are replaced in place. */
export function readable(bytes: Buffer): Buffer {
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const body = isMarked ? bytes.subarray(3) : bytes;
  replaceLoneSurrogatesIn(body);
  return body;
}

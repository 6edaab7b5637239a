// The form in which a token is stored: the hub compares hashes, so its files and backups give no token away.

import { createHash } from 'node:crypto';

/**
 * @param secret the token as a client sends it, with or without the `waka_` that WakaTime has before its keys
 * @returns SHA-256 in lower-case hexadecimal digits. Tokens are random, so the hash needs no salt
 */
export function hashToken(secret: string): string {
  return createHash('sha256')
    .update(secret.replace(/^waka_/, ''))
    .digest('hex');
}

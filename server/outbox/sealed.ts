// Secrets of other systems, encrypted at rest with AES-256-GCM. The key is not in the store: it is HORAI_SECRET_KEY, or a file in the data folder.
// So a copy of the store or a backup alone opens nothing.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const version = 1;
const [ivLength, tagLength] = [12, 16];
const fileName = 'secret.key';

export interface Sealer {
  /** @param about what the secret belongs to: it opens under the same name only */
  seal(text: string, about: string): string;
  /** @returns undefined if it was sealed with another key, or for something else */
  open(sealed: string, about: string): string | undefined;
}

/** @param secret any text of 16 characters and more */
export function sealerOf(secret: string): Sealer {
  const key = createHash('sha256').update(`horai outbox ${secret}`).digest();
  return {
    seal(text, about) {
      const iv = randomBytes(ivLength);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about));
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([version]), iv, cipher.getAuthTag(), encrypted]).toString('base64');
    },
    open(sealed, about) {
      const bytes = Buffer.from(sealed, 'base64');
      const encrypted = bytes.subarray(1 + ivLength + tagLength);
      if (bytes[0] !== version || bytes.length < 1 + ivLength + tagLength) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 1 + ivLength)).setAAD(
          Buffer.from(about),
        );
        decipher.setAuthTag(bytes.subarray(1 + ivLength, 1 + ivLength + tagLength));
        return Buffer.concat([decipher.update(encrypted), decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * Reads the key of a data folder; makes it at the first call.
 * @param folder undefined for a store in memory, whose key ends with the process
 */
export async function readSealer(secretKey: string | undefined, folder: string | undefined): Promise<Sealer> {
  if (secretKey !== undefined) return sealerOf(secretKey);
  const made = randomBytes(32).toString('base64url');
  if (folder === undefined) return sealerOf(made);
  const file = join(folder, fileName);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // `wx` keeps the key that is there.
  await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' }).catch(() => undefined);
  return sealerOf((await readFile(file, 'utf8')).trim());
}

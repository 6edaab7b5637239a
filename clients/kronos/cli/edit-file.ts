// Opens a file in the person's editor.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { EditedText } from './cli-context.ts';

/** Writes the text to the file, runs `$VISUAL`, `$EDITOR` or vi on it, and reads it again. The editor may have arguments: `code --wait`. */
export function editFile(path: string, text: string, env: Readonly<Record<string, string | undefined>>): EditedText {
  const editor = env['VISUAL'] || env['EDITOR'] || 'vi';
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
    const quoted = process.platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", `'\\''`)}'`;
    const { status, error } = spawnSync(`${editor} ${quoted}`, { stdio: 'inherit', shell: true });
    if (error !== undefined) return { ok: false, error: `${editor} could not be run: ${error.message}` };
    if (status !== 0)
      return { ok: false, error: `${editor} ended with ${status}: nothing was changed. Set EDITOR to another editor` };
    return { ok: true, text: readFileSync(path, 'utf8'), path };
  } catch (error) {
    return { ok: false, error: errorMessage(error) };
  }
}

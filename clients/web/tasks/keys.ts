// When a key on the page of tasks is a command, and when it belongs to somebody else: a field, a button, the browser. Which key is
// which command is the same as in the terminal.

import { keyBindings as everywhere, findCommand, type KeyBinding, type KeyCommand } from '../../kronos/gui/keys.ts';
import type { Press } from '../room/keys.ts';

/** A page is live, and is left by other means. */
const elsewhere: readonly KeyCommand[] = ['refresh', 'quit'];

export const bindings: readonly KeyBinding[] = everywhere.filter(({ command }) => !elsewhere.includes(command));

export function commandAt(press: Press): KeyCommand | undefined {
  const command = press.modified || press.taken ? undefined : findCommand(press.key);
  if (command === undefined || elsewhere.includes(command)) return undefined;
  // A key that is held down moves on, and does nothing else twice.
  return press.repeated && command !== 'down' && command !== 'up' ? undefined : command;
}

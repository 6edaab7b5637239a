// When a key on the page of tasks is a command, and when it belongs to a field, a button or the browser instead. The commands are those of
// the terminal.

import { keyBindings as everywhere, findCommand, type KeyBinding, type KeyCommand } from '../../kronos/gui/keys.ts';
import type { Press } from '../room/keys.ts';

/** Commands of the terminal that a page does not need: it is always live, and a tab is closed by other means. */
const elsewhere: readonly KeyCommand[] = ['refresh', 'quit'];

export const bindings: readonly KeyBinding[] = everywhere.filter(({ command }) => !elsewhere.includes(command));

export function commandAt(press: Press): KeyCommand | undefined {
  const command = press.modified || press.taken ? undefined : findCommand(press.key);
  if (command === undefined || elsewhere.includes(command)) return undefined;
  // A key that is held down moves the selection, and repeats nothing else.
  return press.repeated && command !== 'down' && command !== 'up' ? undefined : command;
}

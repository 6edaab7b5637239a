// When a key on the page of tasks is a command, and when it belongs to somebody else: a field, a button, the browser. Which key is
// which command is the same as in the terminal.

import { type Binding, type Command, commandOf, bindings as everywhere } from '../../kronos/gui/keys.ts';
import type { Press } from '../room/keys.ts';

/** A page is live, and is left by other means. */
const elsewhere: readonly Command[] = ['refresh', 'quit'];

export const bindings: readonly Binding[] = everywhere.filter(({ command }) => !elsewhere.includes(command));

export function commandAt(press: Press): Command | undefined {
  const command = press.modified || press.taken ? undefined : commandOf(press.key);
  if (command === undefined || elsewhere.includes(command)) return undefined;
  // A key that is held down moves on, and does nothing else twice.
  return press.repeated && command !== 'down' && command !== 'up' ? undefined : command;
}

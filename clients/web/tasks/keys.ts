// Decides whether a key on the page of tasks is a command, or belongs to a field, a button or the browser. The commands are those of the
// terminal GUI.

import { keyBindings as allBindings, findCommand, type KeyCommand } from '../../kronos/gui/keys.ts';
import type { Press } from '../room/keys.ts';

/** Commands of the terminal that a page does not need: it is always live, and a tab is closed by other means. */
export type PageKeyCommand = Exclude<KeyCommand, 'refresh' | 'quit'>;

function isOfPage(command: KeyCommand): command is PageKeyCommand {
  return command !== 'refresh' && command !== 'quit';
}

export const bindings = allBindings.flatMap(({ command, ...keys }) =>
  isOfPage(command) ? [{ ...keys, command }] : [],
);

export function commandAt(press: Press): PageKeyCommand | undefined {
  const command = press.modified || press.taken ? undefined : findCommand(press.key);
  if (command === undefined || !isOfPage(command)) return undefined;
  // Holding a key down repeats only commands that move the selection.
  return press.repeated && command !== 'down' && command !== 'up' ? undefined : command;
}

// Handles keys on a page, and lists them in a dialog. room/keys.ts and tasks/keys.ts define what a key means. Single letters are off for
// whoever switched them off (shared/palette.tsx).

import { useEffect, useRef } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import type { Press } from '../room/keys.ts';
import { Dialog, type DialogProps } from './dialog.tsx';
import { areLettersOff } from './settings.ts';

/** @param meaning returns the command of a key, or undefined if the key has another use; must be the same function at each render */
export function useKeys<Command>(
  meaning: (press: Press) => Command | undefined,
  act: (command: Command) => void,
): void {
  const newest = useRef(act);
  newest.current = act;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : document.body;
      if (event.key.length === 1 && areLettersOff()) return;
      // The focus stays in a dialog for a moment after it closes.
      const at = target.closest('dialog:not([open])') === null ? target : document.body;
      const command = meaning({
        key: event.key,
        modified: event.ctrlKey || event.altKey || event.metaKey,
        repeated: event.repeat,
        taken:
          event.defaultPrevented ||
          at.closest('input, textarea, select, button, a, summary') !== null ||
          document.querySelector('dialog[open]') !== null,
      });
      if (command === undefined) return;
      event.preventDefault();
      newest.current(command);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [meaning]);
}

export interface KeysDialogProps extends Omit<DialogProps, 'title' | 'closeText'> {
  readonly texts: Texts;
  readonly keys: readonly { readonly label: string; readonly does: string }[];
}

export function KeysDialog({ keys, texts, ...dialog }: KeysDialogProps) {
  return (
    <Dialog title={texts.text('keys')} closeText={texts.text('close')} {...dialog}>
      <dl class="keys">
        {keys.map(({ label, does }) => (
          <div key={label}>
            <dt>
              {label.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

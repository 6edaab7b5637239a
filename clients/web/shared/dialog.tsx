// A dialog over the page: it has the keys from the moment it opens until it is closed, by its button or by Escape. What is in it,
// and when it opens, is the page's.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly close: () => void;
  /** How its button looks: as the page's first one where there is no other to press. */
  readonly button?: 'close' | 'primary';
}

/** What is in it is made anew each time it opens. */
export function Dialog({
  title,
  open,
  close,
  button = 'close',
  children,
}: DialogProps & { readonly children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the next key is pressed, which is to be the dialog's.
  useLayoutEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="card" aria-label={title} onClose={close}>
      <h2>{title}</h2>
      {open && children}
      <button type="button" class={button} onClick={close}>
        Close
      </button>
    </dialog>
  );
}

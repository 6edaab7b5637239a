// A dialog over the page. It has the keys until its button or Escape closes it. The page decides what is in it and when it opens.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly close: () => void;
  /** The look of its button: primary where no other button is. */
  readonly button?: 'close' | 'primary';
}

/** The content is created anew each time it opens. */
export function Dialog({
  title,
  open,
  close,
  button = 'close',
  children,
}: DialogProps & { readonly children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Focus before the next key, which belongs to the dialog.
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

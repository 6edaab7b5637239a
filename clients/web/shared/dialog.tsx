// A dialog over the page. It receives all keys until its button or Escape closes it. The page provides its content and opens it.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly close: () => void;
  /** The style of its button: primary if the dialog has no other button. */
  readonly button?: 'close' | 'primary';
  /** The text of its button. */
  readonly closeText: string;
}

/** The content is created each time the dialog opens, so it keeps no state. */
export function Dialog({
  title,
  open,
  close,
  button = 'close',
  closeText,
  children,
}: DialogProps & { readonly children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  // A layout effect moves the focus before the next key, which belongs to the dialog.
  useLayoutEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="card" aria-label={title} onClose={close}>
      <h2>{title}</h2>
      {open && children}
      <button type="button" class={button} onClick={close}>
        {closeText}
      </button>
    </dialog>
  );
}

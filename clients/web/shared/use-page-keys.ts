// Listens for the keys of a page. They are off where somebody types, in an open dialog, with Ctrl, Alt or Meta, and for who switched them off; a button or link that
// was clicked keeps the focus and only has its own keys.

import { useEffect, useMemo, useRef } from 'preact/hooks';
import { type PageKey, PageKeyReader } from './page-keys.ts';
import { areLettersOff } from './settings.ts';

/** @param bindings must be the same list at each render */
export function usePageKeys<Command>(bindings: readonly PageKey<Command>[], act: (command: Command) => void): void {
  const newest = useRef(act);
  newest.current = act;
  const reader = useMemo(() => new PageKeyReader(bindings), [bindings]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      if (areLettersOff()) return;
      const command = reader.read({ key: event.key, at: performance.now() });
      if (command === undefined) return;
      event.preventDefault();
      newest.current(command);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [reader]);
}

function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

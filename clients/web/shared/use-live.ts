// Keeps what a page shows open while the page is drawn.

import { useEffect, useMemo, useReducer } from 'preact/hooks';

/** @param make opens it; a change of `inputs` opens another. It is drawn anew when something arrives, and each second. */
export function useLive<Source extends { close(): void }>(
  make: (changed: () => void) => Source,
  inputs: readonly unknown[],
): Source {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const live = useMemo(() => make(() => redraw(0)), inputs);
  useEffect(() => () => live.close(), [live]);
  useEffect(() => {
    const timer = setInterval(() => redraw(0), 1_000);
    return () => clearInterval(timer);
  }, []);
  return live;
}

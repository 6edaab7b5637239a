// A view that is asked for again and again while the page is visible, for pages whose answer is no channel.

import { useEffect, useMemo, useReducer } from 'preact/hooks';
import { ask } from './ask.ts';

export interface Polled<T> {
  /** The last answer; it stays while the hub is away. */
  readonly value: T | undefined;
  /** Why the last question failed; '' if it did not. */
  readonly problem: string;
  /** The HTTP status of the last answer; 0 if the hub did not answer. */
  readonly status: number;
  /** Milliseconds since 1970: when `value` came. */
  readonly at: number | undefined;
  /** Asks now. */
  readonly again: () => Promise<void>;
}

const everyMs = 5_000;

export function usePolled<T>(path: string): Polled<T> {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const state = useMemo(() => {
    const kept: { value: T | undefined; problem: string; status: number; at: number | undefined } = {
      value: undefined,
      problem: '',
      status: 200,
      at: undefined,
    };
    const again = async () => {
      const asked = await ask<T>('GET', path);
      if (asked.ok) Object.assign(kept, { value: asked.value, problem: '', status: 200, at: Date.now() });
      else Object.assign(kept, { problem: asked.reason, status: asked.status });
      redraw(0);
    };
    return Object.assign(kept, { again });
  }, [path]);
  useEffect(() => {
    void state.again();
    const timer = setInterval(() => {
      if (!document.hidden) void state.again();
    }, everyMs);
    const onWake = () => void state.again();
    addEventListener('online', onWake);
    document.addEventListener('visibilitychange', onWake);
    return () => {
      clearInterval(timer);
      removeEventListener('online', onWake);
      document.removeEventListener('visibilitychange', onWake);
    };
  }, [state]);
  return state;
}

// Requests to the hub from its own pages, with answers in JSON. The browser sends the session's cookie, and the page's origin, by itself.

import { pathTo } from './address.ts';

export type HubAnswer<T> =
  | { readonly ok: true; readonly value: T }
  /** `status` is 0 if the hub did not answer. */
  | { readonly ok: false; readonly status: number; readonly reason: string };

const patienceMs = 30_000;

/** @param body sent as JSON */
export async function ask<T>(method: string, path: string, body?: object): Promise<HubAnswer<T>> {
  try {
    const answer = await fetch(pathTo(path), {
      method,
      cache: 'no-store',
      signal: AbortSignal.timeout(patienceMs),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const value = text === '' ? undefined : JSON.parse(text);
    return answer.ok ? { ok: true, value } : { ok: false, status: answer.status, reason: reasonIn(value) };
  } catch (error) {
    return { ok: false, status: 0, reason: String(error) };
  }
}

/** The hub's text for a refusal: its hint says what to do. */
export function reasonIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { error = '', hint }: { error?: unknown; hint?: unknown } = value;
  return typeof hint === 'string' && hint !== '' ? `${error}: ${hint}` : String(error);
}

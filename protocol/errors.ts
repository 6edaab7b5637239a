// The table of refusals: one row for each. A refusal is a value that the caller must handle; it is never thrown. Kronos clients of both
// generations show the texts to their users unchanged.

interface Row {
  /** Shown to people; `%` stands for the field or thing concerned. */
  readonly text: string;
  /** The HTTP status of the same refusal. */
  readonly status: number;
  /** The WebSocket close code, if the refusal ends the conversation. */
  readonly close?: number;
  /** When the request may be sent again: never as it is, after a change (another base, another key), or later. */
  readonly retry: 'never' | 'changed' | 'later';
}

export const errors = {
  payload: { text: 'invalid payload', status: 400, retry: 'never' },
  payload_type: { text: 'invalid payload type', status: 400, retry: 'never' },
  property: { text: 'invalid %', status: 400, retry: 'never' },
  missing: { text: 'missing %', status: 400, retry: 'never' },
  too_large: { text: 'message too large', status: 413, close: 1009, retry: 'never' },
  unframed: { text: 'invalid payload', status: 400, close: 1007, retry: 'never' },
  user_not_found: { text: 'user not found', status: 401, retry: 'never' },
  device_not_found: { text: 'device not found', status: 403, retry: 'never' },
  login_first: { text: 'user not found', status: 401, retry: 'changed' },
  revoked: { text: 'token revoked', status: 401, close: 4401, retry: 'never' },
  forbidden: { text: 'forbidden', status: 403, retry: 'never' },
  task_not_found: { text: 'task not found', status: 404, retry: 'never' },
  task_exists: { text: 'task already exist', status: 409, retry: 'never' },
  item_not_found: { text: 'item not found', status: 404, retry: 'never' },
  item_exists: { text: 'item already exist', status: 409, retry: 'changed' },
  not_found: { text: '% not found', status: 404, retry: 'never' },
  exists: { text: '% already exist', status: 409, retry: 'changed' },
  stale: { text: 'stale', status: 409, retry: 'changed' },
  gone: { text: 'position forgotten', status: 410, retry: 'changed' },
  unreadable: { text: '% could not be read', status: 400, retry: 'never' },
  protected: { text: 'protected', status: 409, retry: 'changed' },
  too_many: { text: 'too many requests', status: 429, retry: 'later' },
  quota: { text: 'quota exceeded', status: 429, retry: 'later' },
  disk: { text: 'disk full', status: 503, retry: 'later' },
  silent: { text: 'no login within 10 seconds', status: 408, close: 4408, retry: 'later' },
  slow: { text: 'reading too slowly', status: 503, close: 4413, retry: 'later' },
  kicked: { text: 'closed by an administrator', status: 403, close: 4403, retry: 'later' },
  away: { text: 'the hub is restarting', status: 503, close: 1012, retry: 'later' },
  host: { text: 'host not allowed', status: 421, retry: 'never' },
  origin: { text: 'origin not allowed', status: 403, retry: 'never' },
  broken: { text: 'internal error', status: 500, retry: 'later' },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errors;

/** A refusal: `error` is for people, `code` for programs, `hint` says what to do instead. */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly error: string;
  readonly hint?: string;
  /** The limit that was reached (Q1). */
  readonly limit?: { readonly name: string; readonly size: number };
  /** Milliseconds after which the same request may be accepted. */
  readonly retryMs?: number;
}

/** @returns undefined for a refusal that does not end the conversation */
export function closeCode(code: ErrorCode): number | undefined {
  const row: Row = errors[code];
  return row.close;
}

/** @param subject replaces the `%` of the row */
export function refuse(code: ErrorCode, subject = '', hint = ''): Refusal {
  const error = errors[code].text.replace('%', subject);
  return hint === '' ? { ok: false, code, error } : { ok: false, code, error, hint };
}

/** @returns the fields of a refusal as the wire and HTTP answers show them; absent ones are undefined */
export function refusalFields({ code, error, hint, limit, retryMs }: Refusal): Readonly<Record<string, unknown>> {
  return { error, code, hint, limit: limit?.name, size: limit?.size, retry_ms: retryMs };
}

/** @returns the refusal as a message of the wire */
export function refusalText(refusal: Refusal, ref?: string | number): string {
  return JSON.stringify({ success: false, ...refusalFields(refusal), ref });
}

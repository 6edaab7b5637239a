// A bucket's description as the account's channel stores it and as clients see it, and the description that is guessed for a bucket that
// no client has described before its first heartbeat.

import { formatSpaced, repr } from '../events/python-compat.ts';

export interface Description {
  readonly id: string;
  readonly type: string;
  readonly client: string;
  readonly hostname: string;
  /** ISO 8601 in UTC, as clients see it. */
  readonly created: string;
  /** Counts up with every bucket of the account; lists are sorted by it. */
  readonly order: number;
  /** Always an object: the web UI reads its fields without checking. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The name of the token of the device that made the bucket; '' if it belongs to no device. */
  readonly device: string;
  /** A heartbeat made the bucket: type, client and hostname are guesses, until a client describes the bucket. */
  readonly guessed?: boolean;
}

/** The part of a description that a client supplies. */
export interface SuppliedDescription {
  readonly type: string;
  readonly client: string;
  readonly hostname: string;
}

export type Fields = ReadonlyMap<string, unknown>;

/** Reads a description. `errors` names the missing or mistyped fields in the reference's words. */
export function readDescriptionBody(
  fields: Fields,
):
  | { readonly ok: true; readonly supplied: SuppliedDescription }
  | { readonly ok: false; readonly errors: Record<string, string> } {
  const errors: [string, string][] = [];
  const text = (name: string): string => {
    const value = fields.get(name);
    if (typeof value === 'string') return value;
    errors.push([
      name,
      fields.has(name) ? `${repr(value)} is not of type 'string'` : `'${name}' is a required property`,
    ]);
    return '';
  };
  const supplied = { type: text('type'), client: text('client'), hostname: text('hostname') };
  return errors.length === 0 ? { ok: true, supplied } : { ok: false, errors: Object.fromEntries(errors) };
}

/** The description as JSON text. @param more text inserted before the closing brace */
export function descriptionText(description: Description, more = ''): string {
  const { id, created, type, client, hostname, data } = description;
  return `${formatSpaced({ id, created, name: null, type, client, hostname, data }).slice(0, -1)}${more}}`;
}

/** Bucket types by a field of the data that watchers send; the web UI finds buckets by type and host. */
const types: readonly (readonly [field: string, type: string])[] = [
  ['status', 'afkstatus'],
  ['app', 'currentwindow'],
  ['url', 'web.tab.current'],
  ['file', 'app.editor.activity'],
  ['label', 'general.stopwatch'],
];

/** By convention an id is `<client>_<hostname>`. */
export function guess(id: string, data: unknown): SuppliedDescription {
  const cut = id.indexOf('_');
  const known = typeof data === 'object' && data !== null ? data : {};
  const type = types.find(([field]) => Object.hasOwn(known, field))?.[1] ?? 'unknown';
  if (cut === -1) return { type, client: id, hostname: 'unknown' };
  return { type, client: id.slice(0, cut), hostname: id.slice(cut + 1) };
}

/** Ids become parts of channel names and topics, so they are printable and of limited length. */
export function isBucketId(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused
  return id.length > 0 && id.length <= 200 && !/[\u0000-\u001f\u007f]/.test(id) && !/\p{Cs}/u.test(id);
}

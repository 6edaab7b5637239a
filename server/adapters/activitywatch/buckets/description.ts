// What is known of a bucket besides its events, as the account's document holds it and as clients see it; and what can be
// guessed of a bucket that nobody described before its first heartbeat.

import { repr, spaced } from '../events/python-compat.ts';

export interface Description {
  readonly id: string;
  readonly type: string;
  readonly client: string;
  readonly hostname: string;
  /** As clients see it, in UTC. */
  readonly created: string;
  /** Counts up with every bucket of the account: they are listed in this order. */
  readonly order: number;
  /** Always an object: the web UI looks into it without asking. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The name of the token whose device it is; '' when it is nobody's in particular. */
  readonly device: string;
  /** A heartbeat made the bucket: type, client and hostname are guesses, until a client describes the bucket. */
  readonly guessed?: boolean;
}

/** What a client says of a bucket. */
export interface Said {
  readonly type: string;
  readonly client: string;
  readonly hostname: string;
}

export type Fields = ReadonlyMap<string, unknown>;

/** Names the fields that are missing or no text, as the reference names them. */
export function readSaid(
  fields: Fields,
): { readonly ok: true; readonly said: Said } | { readonly ok: false; readonly errors: Record<string, string> } {
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
  const said = { type: text('type'), client: text('client'), hostname: text('hostname') };
  return errors.length === 0 ? { ok: true, said } : { ok: false, errors: Object.fromEntries(errors) };
}

/** As one text; `more` is spliced in before the closing brace. */
export function descriptionText(description: Description, more = ''): string {
  const { id, created, type, client, hostname, data } = description;
  return `${spaced({ id, created, name: null, type, client, hostname, data }).slice(0, -1)}${more}}`;
}

/** By what watchers send; the web UI looks for buckets by type and host. */
const types: readonly (readonly [field: string, type: string])[] = [
  ['status', 'afkstatus'],
  ['app', 'currentwindow'],
  ['url', 'web.tab.current'],
  ['file', 'app.editor.activity'],
  ['label', 'general.stopwatch'],
];

/** Ids are `<client>_<hostname>` by convention. */
export function guess(id: string, data: unknown): Said {
  const cut = id.indexOf('_');
  const known = typeof data === 'object' && data !== null ? data : {};
  const type = types.find(([field]) => Object.hasOwn(known, field))?.[1] ?? 'unknown';
  if (cut === -1) return { type, client: id, hostname: 'unknown' };
  return { type, client: id.slice(0, cut), hostname: id.slice(cut + 1) };
}

/** Channel names and topics are made of ids, so an id is a printable text of some length. */
export function isBucketId(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return id.length > 0 && id.length <= 200 && !/[\u0000-\u001f\u007f]/.test(id) && !/\p{Cs}/u.test(id);
}

// Texts in answers over MCP: which kind each one is, and what a tier leaves of them. The kinds stand in the schemas of the answers. A text
// whose schema names no kind counts as the most private one, and a field that no schema names is left out.

import { createHmac } from 'node:crypto';
import { type StringOptions, type TSchema, Type } from '@sinclair/typebox';
import type { McpTier } from './rights.ts';

/** `open`: made by the hub, such as a date. `project`: a name of a project or tag. `text`: anything else that people or programs wrote. */
type TextKind = 'open' | 'project' | 'text';

/** A schema says the kind of its text under this name, also to clients. */
const kindKey = 'x-text';

function textOf(kind: TextKind, options: StringOptions): ReturnType<typeof Type.String> {
  return Type.String({ ...options, [kindKey]: kind });
}

export const openText = (options: StringOptions = {}) => textOf('open', options);
export const projectName = (options: StringOptions = {}) => textOf('project', options);
export const privateText = (options: StringOptions = {}) => textOf('text', options);
export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

const longestText = 300;
/** Control characters, and characters that are not seen: zero width, marks of direction, tags, variation selectors. */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Variation_Selector}]+/gu;

/** A text as data: without characters that a person does not see, and not longer than 300 characters. */
export function cleanText(text: string): string {
  const seen = text.toWellFormed().replace(unseen, ' ').replace(/\s+/g, ' ').trim();
  return seen.length > longestText ? `${seen.slice(0, longestText).toWellFormed()}…` : seen;
}

/** Other names for texts: equal ones for equal texts of an account, from which nobody without the key can find the text. */
export type Pseudonyms = (kind: 'project' | 'text', text: string) => string;

export function pseudonymsBy(key: string): Pseudonyms {
  return (kind, text) => `${kind}-${createHmac('sha256', key).update(text).digest('hex').slice(0, 10)}`;
}

/**
 * @param pseudonyms of the account; texts that the tier may not see are left empty without them
 * @returns the value as the tier may see it, with what its schema names and nothing else
 */
export function redact(schema: TSchema, value: unknown, tier: McpTier, pseudonyms?: Pseudonyms): unknown {
  if (typeof value === 'string') return redactText(schema, value, tier, pseudonyms);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: TSchema = schema['items'] ?? {};
    return value.map((item) => redact(items, item, tier, pseudonyms));
  }
  const of = optionsOf(schema).find(({ properties }) => properties !== undefined);
  const properties: Readonly<Record<string, TSchema>> = of?.['properties'] ?? {};
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) =>
      fields.get(name) === undefined ? [] : [[name, redact(field, fields.get(name), tier, pseudonyms)]],
    ),
  );
}

function redactText(schema: TSchema, text: string, tier: McpTier, pseudonyms?: Pseudonyms): string {
  const options = optionsOf(schema);
  if (options.some((one) => one['const'] === text)) return text;
  const kind: unknown = options.find((one) => one['type'] === 'string' && one['const'] === undefined)?.[kindKey];
  if (kind === 'open') return text;
  if (tier === 'full' || (tier === 'projects' && kind === 'project')) return cleanText(text);
  return text === '' ? '' : (pseudonyms?.(kind === 'project' ? 'project' : 'text', text) ?? '');
}

function optionsOf(schema: TSchema): readonly TSchema[] {
  const options: readonly TSchema[] | undefined = schema['anyOf'];
  return options === undefined ? [schema] : options.flatMap(optionsOf);
}

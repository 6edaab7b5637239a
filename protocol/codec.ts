// From the text of one message to a typed request, or to a refusal that names the field. The only place where foreign JSON is
// parsed for the Kronos wire. The bounds are checked by a scan before the parse, because JSON nested 5,000 deep parses well and
// then breaks whoever encodes it again.

import { bounds, outOfBounds } from './bounds.ts';
import { type Check, compile } from './check.ts';
import { type Refusal, refuse } from './errors.ts';
import { type RequestType, requests, type WireRequest } from './messages.ts';

export type Decoded =
  | { readonly ok: true; readonly request: WireRequest }
  | (Refusal & { readonly ref?: string | number });

const checks = new Map<string, Check>(Object.entries(requests).map(([type, schema]) => [type, compile(schema)]));

/** Parses and checks one message. Never throws. */
export function decode(text: string): Decoded {
  if (text.length > bounds.bytes) return refuse('too_large', '', `at most ${bounds.bytes} bytes`);
  const beyond = outOfBounds(text);
  if (beyond !== undefined) return refuse('payload', '', beyond);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('payload', '', 'one JSON object per message, such as {"type":"login"}');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('payload', '', 'a JSON object, such as {"type":"login"}');
  }
  const ref =
    'ref' in value && (typeof value.ref === 'string' || typeof value.ref === 'number') ? { ref: value.ref } : {};
  const type = 'type' in value ? value.type : undefined;
  const check = typeof type === 'string' ? checks.get(type) : undefined;
  if (check === undefined) {
    return { ...refuse('payload_type', '', `type one of: ${Object.keys(requests).join(', ')}`), ...ref };
  }
  if (isRequest(value, check)) return { ok: true, request: value };
  return { ...refuse('property', wrongField(check), `see {"type":"help"}`), ...ref };
}

/** The one place where a check makes a type: the schema of `check` is the one the type was inferred from. */
function isRequest(value: unknown, check: Check): value is WireRequest {
  return check(value);
}

/** The field an error is about, in words: `task_id` is "task id", `task.desc` is "desc". */
function wrongField(check: Check): string {
  const deepest = [...(check.errors ?? [])].sort((a, b) => b.instancePath.length - a.instancePath.length)[0];
  const path = (deepest?.instancePath ?? '').split('/').filter((part) => part !== '' && !/^\d+$/.test(part));
  const missing: unknown = deepest?.params['missingProperty'];
  const container = path.at(-1);
  const field =
    typeof missing === 'string'
      ? missing
      : container === undefined
        ? 'payload'
        : path.length > 1 && path[0] !== 'data'
          ? (path[1] ?? container)
          : container;
  return field.replaceAll('_', ' ');
}

export type { WireRequest, RequestType };

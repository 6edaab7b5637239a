// Parts of answers of the hub's APIs. The hub is trusted in their details: these only tell an answer from something else. Pure.

export interface NamedSeconds {
  readonly name: string;
  readonly total_seconds: number;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isNamedSeconds(value: unknown): value is NamedSeconds {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['total_seconds'] === 'number';
}

/** The rows of a list of an answer; none if it is no list. */
export function namedSeconds(value: unknown): readonly NamedSeconds[] {
  return Array.isArray(value) ? value.filter(isNamedSeconds) : [];
}

/** `{"data": {…}}` of WakaTime's API; empty for anything else. */
export function dataRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) && isObject(value['data']) ? value['data'] : {};
}

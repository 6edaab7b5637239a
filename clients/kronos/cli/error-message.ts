// What was thrown, for people and for decisions. By shape: an error may come from another realm than ours.

export function errorCode(error: unknown): string {
  return fieldOf(error, 'code');
}

/** Why, as far as it says; what fetch says is only that it failed, and its cause says why. */
export function errorMessage(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return fieldOf(cause, 'message') || fieldOf(cause, 'code') || fieldOf(error, 'message') || String(error);
}

function fieldOf(error: unknown, name: 'code' | 'message'): string {
  const value = typeof error === 'object' && error !== null && name in error ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : '';
}

// Reads the message and the code of whatever was thrown. By shape, because an error may come from another realm than ours.

/** The text of whatever was thrown: the message of an Error, without the class and the stack. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's code of a thrown error, such as `ENOENT`; '' if it has none. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

// Reads the message and the code of a thrown value. By shape, because an error may come from another realm.

/** The text of a thrown value: the message of an Error, without its class and stack. */
export function errorMessage(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
    ? error.message
    : String(error);
}

/** The system's code of a thrown error, such as `ENOENT`; '' if it has none. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

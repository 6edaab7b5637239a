/** The text of whatever was thrown: the message of an Error, without the class and the stack. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

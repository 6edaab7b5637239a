import { errorCode, errorMessage } from '../../../protocol/error-message.ts';

/** The message of the error's cause, or of the error itself. An error of `fetch` only says that it failed; its cause says why. */
export function causeMessage(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  if (typeof cause !== 'object' || cause === null) return errorMessage(error);
  const message = 'message' in cause && typeof cause.message === 'string' ? cause.message : '';
  return message || errorCode(cause) || errorMessage(error);
}

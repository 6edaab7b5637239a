// The result of an operation with expected failures. A failure is a value that the caller must handle; an exception is a bug or an outage.

/**
 * @typeParam Failed the fields of a failure in addition to `ok: false`: a text that says what happened and what to do, or a Refusal
 * (errors.ts)
 */
export type Result<Value, Failed extends { readonly ok: false } = { readonly ok: false; readonly error: string }> =
  | { readonly ok: true; readonly value: Value }
  | Failed;

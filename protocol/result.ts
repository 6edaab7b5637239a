// The result of an operation that may fail in a foreseen way. A failure is a value that the caller must look at; an exception is a
// bug or an outage.

/**
 * @typeParam Failed what a failure carries besides `ok: false`: a text that says what happened and what to do, or a Refusal
 * (errors.ts)
 */
export type Result<Value, Failed extends { readonly ok: false } = { readonly ok: false; readonly error: string }> =
  | { readonly ok: true; readonly value: Value }
  | Failed;

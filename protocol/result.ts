// The result of an operation that may fail in a foreseen way. A failure is a value that the caller must look at; an exception is a
// bug or an outage.

/** @typeParam Failed what a failure carries besides `ok: false`: a text for people (Failure), or a Refusal (errors.ts) */
export type Result<Value, Failed extends { readonly ok: false } = Failure> =
  | { readonly ok: true; readonly value: Value }
  | Failed;

export interface Failure {
  readonly ok: false;
  /** Says what happened and what to do, for people. */
  readonly error: string;
}

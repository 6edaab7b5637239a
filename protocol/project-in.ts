// The project in the text of a task. On its own, because pages need it without the rest of the grammar.

/** The project that a description names: `@project` as a word of its own. */
export function projectIn(desc: string): string | undefined {
  return /(?:^|\s)@([\p{L}\p{N}][\p{L}\p{N}._/-]*)/u.exec(desc)?.[1];
}

// The hub's answer to a question for a new token. Pure.

export type MadeToken =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly reason: string };

/** @returns undefined if the message is not the answer */
export function readAnswer(text: string): MadeToken | undefined {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== 'object' || answer === null || !('ref' in answer) || answer.ref !== 'token') return undefined;
  if ('secret' in answer && typeof answer.secret === 'string') return { ok: true, secret: answer.secret };
  return { ok: false, reason: 'error' in answer ? String(answer.error) : '' };
}

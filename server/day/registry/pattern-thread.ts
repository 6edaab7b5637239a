// The thread that compiles and tries the patterns of rules (RE2). It holds up nobody: the main thread asks it and waits.

import { parentPort } from 'node:worker_threads';
import { RE2JS } from 're2js';
import { setBounded } from '../../core/bounded.ts';
import { isCostlyPattern } from '../../http/pattern-cost.ts';

/** Of all accounts. */
const mostCompiled = 2_000;
/** A pattern takes time with its size and the text's: neither is large. */
const mostSteps = 1_000;
const longestText = 2_000;

export interface PatternQuestion {
  readonly id: number;
  readonly asked: readonly { readonly pattern: string; readonly texts: readonly string[] }[];
}

export interface PatternAnswer {
  readonly id: number;
  /** By pattern: what of the texts it matches; null for a pattern that is none, or a very large one. */
  readonly found: readonly (readonly boolean[] | null)[];
}

const compiled = new Map<string, RE2JS | null>();

function compile(pattern: string): RE2JS | null {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  let made: RE2JS | null = null;
  try {
    if (!isCostlyPattern(pattern, mostSteps)) made = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
    if ((made?.programSize() ?? 0) > mostSteps) made = null;
  } catch {
    // A pattern that RE2 does not support is answered as null.
  }
  setBounded(compiled, pattern, made, mostCompiled);
  return made;
}

parentPort?.on('message', ({ id, asked }: PatternQuestion) => {
  const found = asked.map(({ pattern, texts }) => {
    const regex = compile(pattern);
    return regex === null ? null : texts.map((text) => regex.matcher(text.slice(0, longestText)).find());
  });
  const answer: PatternAnswer = { id, found };
  parentPort?.postMessage(answer);
});

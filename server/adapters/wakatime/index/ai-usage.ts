// The data of a heartbeat about AI tools, except lines of code: the session, the model, tokens and the length of a prompt.
// stats/ai-metrics.ts has prices and answers.

import type { Heartbeat } from '../model/heartbeat.ts';
import { parseUserAgentOnce } from '../model/user-agent.ts';

/** The columns of one heartbeat. `session` and `model` are numbers of texts in the account's dictionary; 0 is "not reported". */
export const usageFields = ['session', 'model', 'inputTokens', 'cachedTokens', 'outputTokens', 'promptLength'] as const;
export const usageWidth = usageFields.length;

/** `usageWidth` numbers. */
export type UsageRow = ArrayLike<number>;

/** The largest number that a column holds. */
const largest = 0xffff_ffff;

/**
 * The usage that a heartbeat reports.
 * @param codeOf the dictionary's number of a text
 * @returns undefined where it reports nothing
 */
export function usageOf(heartbeat: Heartbeat, codeOf: (text: string) => number): UsageRow | undefined {
  const { ai_session: session = '', ai_line_changes: lines = 0 } = heartbeat;
  const counts = [
    heartbeat.ai_input_tokens,
    heartbeat.ai_cached_input_tokens,
    heartbeat.ai_output_tokens,
    heartbeat.ai_prompt_length,
  ].map((count = 0) => Math.min(Math.max(count, 0), largest));
  if (session === '' && lines === 0 && counts.every((count) => count === 0)) return undefined;
  // Plugins that do not send `ai_model` name the model in their User-Agent.
  const model = heartbeat.ai_model ?? parseUserAgentOnce(heartbeat.user_agent ?? '').model;
  const row = [codeOf(session), codeOf(model), ...counts];
  return row.some((number) => number > 0) ? row : undefined;
}

/** True if the row that begins at an index reports anything. */
export function reportsUsage(rows: UsageRow, from: number): boolean {
  for (let at = from; at < from + usageWidth; at += 1) if (rows[at] !== 0) return true;
  return false;
}

export function isSameUsage(one: UsageRow | undefined, other: UsageRow | undefined): boolean {
  return usageFields.every((_, field) => (one?.[field] ?? 0) === (other?.[field] ?? 0));
}

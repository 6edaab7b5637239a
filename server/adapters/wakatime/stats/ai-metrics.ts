// The AI metrics of WakaTime's API of 2026: tokens, sessions, prompts, models with lines and cost. They are sums over what heartbeats
// report (index/ai-usage.ts). Prices come from the account's own price table.

import type { Prices } from '../model/account-settings.ts';

/** Numbers for each heartbeat that reports usage, one after the other: `recordWidth` for each. */
export type UsageRecords = readonly number[];

/** Context, entity, session, model, input tokens, cached tokens, output tokens, prompt length, lines changed by AI. */
export const recordWidth = 9;

export const noUsage: UsageRecords = [];

interface Session {
  prompts: number;
  promptLength: number;
}

interface ModelUse {
  lines: number;
  input: number;
  cached: number;
  output: number;
}

/** The usage of one span and one thing. */
export class UsageSum {
  input = 0;
  cached = 0;
  output = 0;
  lines = 0;
  prompts = 0;
  promptLength = 0;
  /** By number of the session's id. */
  readonly sessions = new Map<number, Session>();
  /** By number of the model's name; 0 if the heartbeat names no model. */
  readonly models = new Map<number, ModelUse>();

  /** @param at the index of the record's first number */
  add(records: UsageRecords, at: number): void {
    const [session = 0, model = 0, input = 0, cached = 0, output = 0, length = 0, lines = 0] = records.slice(
      at + 2,
      at + recordWidth,
    );
    this.input += input;
    this.cached += cached;
    this.output += output;
    this.lines += lines;
    this.prompts += length > 0 ? 1 : 0;
    this.promptLength += length;
    const use = this.models.get(model) ?? { lines: 0, input: 0, cached: 0, output: 0 };
    this.models.set(model, use);
    use.lines += lines;
    use.input += input;
    use.cached += cached;
    use.output += output;
    if (session === 0) return;
    const its = this.sessions.get(session) ?? { prompts: 0, promptLength: 0 };
    this.sessions.set(session, its);
    its.prompts += length > 0 ? 1 : 0;
    its.promptLength += length;
  }
}

/**
 * Sums records by key.
 * @param keysOf the keys that a record counts for, by its context and entity
 */
export function sumUsage<Key>(
  all: readonly UsageRecords[],
  keysOf: (context: number, entity: number) => readonly Key[],
): ReadonlyMap<Key, UsageSum> {
  const sums = new Map<Key, UsageSum>();
  for (const records of all) {
    for (let at = 0; at < records.length; at += recordWidth) {
      for (const key of keysOf(records[at] ?? 0, records[at + 1] ?? 0)) {
        const sum = sums.get(key) ?? new UsageSum();
        sums.set(key, sum);
        sum.add(records, at);
      }
    }
  }
  return sums;
}

/** The metrics as answers have them. Costs are US dollars, null if the price table has no price for a model that used tokens. */
export interface AiMetrics {
  readonly ai_line_changes_total: number;
  readonly ai_model_line_changes: Readonly<Record<string, number>>;
  readonly ai_model_costs: Readonly<Record<string, number | null>>;
  readonly ai_model_breakdown: readonly {
    readonly name: string;
    readonly lines: number;
    readonly cost: number | null;
  }[];
  readonly ai_model_total_cost: number | null;
  readonly ai_input_tokens: number;
  readonly ai_cached_input_tokens: number;
  readonly ai_output_tokens: number;
  readonly ai_prompt_length_avg: number;
  readonly ai_prompt_length_avg_per_session: number;
  readonly ai_prompt_length_median_per_session: number;
  readonly ai_prompt_length_sum: number;
  readonly ai_prompt_events_total: number;
  readonly ai_prompt_events_avg_per_session: number;
  readonly ai_prompt_events_median_per_session: number;
  readonly ai_sessions: number;
}

const tokensPerPrice = 1_000_000;

/** US dollars for the tokens of a model; null without a price. Tokens that were not used cost nothing. */
function costOf({ input, cached, output }: ModelUse, name: string, prices: Prices): number | null {
  if (input + cached + output === 0) return 0;
  const price = prices.get(name.toLowerCase());
  if (price === undefined) return null;
  return roundCost((input * price.input + cached * price.cachedInput + output * price.output) / tokensPerPrice);
}

function roundCost(dollars: number): number {
  return Math.round(dollars * 1_000_000) / 1_000_000;
}

function mean(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return mean(sorted.length % 2 === 1 ? sorted.slice(middle, middle + 1) : sorted.slice(middle - 1, middle + 1));
}

/** The use of each model by name. Names that differ only in case are one. */
function mergeSpellings(
  models: ReadonlyMap<number, ModelUse>,
  textOf: (code: number) => string,
): readonly (readonly [string, ModelUse])[] {
  const merged = new Map<string, readonly [string, ModelUse]>();
  for (const [code, use] of models) {
    const name = textOf(code);
    const [other = name, before] = merged.get(name.toLowerCase()) ?? [];
    const all = {
      lines: use.lines + (before?.lines ?? 0),
      input: use.input + (before?.input ?? 0),
      cached: use.cached + (before?.cached ?? 0),
      output: use.output + (before?.output ?? 0),
    };
    merged.set(name.toLowerCase(), [other < name ? other : name, all]);
  }
  return [...merged.values()];
}

/**
 * Averages and medians are rounded to whole numbers, as WakaTime has them. "Per session" first takes the mean length or the number of
 * each session's prompts, then the average or median over the sessions.
 * @param textOf the dictionary's text of a number
 * @param linesChanged lines that AI added and deleted, also where no model is known
 */
export function describeUsage(
  sum: UsageSum,
  { linesChanged, textOf, prices }: { linesChanged: number; textOf: (code: number) => string; prices: Prices },
): AiMetrics {
  const models = mergeSpellings(sum.models, textOf).map(([name, use]) => {
    return { name, lines: use.lines, cost: costOf(use, name, prices) };
  });
  const named = models
    .filter(({ name }) => name !== '')
    .sort((a, b) => b.lines - a.lines || (b.cost ?? 0) - (a.cost ?? 0) || (a.name < b.name ? -1 : 1));
  const total = models.reduce<number | null>((all, { cost }) => (all === null || cost === null ? null : all + cost), 0);
  const sessions = [...sum.sessions.values()];
  const lengths = sessions.filter(({ prompts }) => prompts > 0).map((one) => one.promptLength / one.prompts);
  const events = sessions.map(({ prompts }) => prompts);
  return {
    ai_line_changes_total: linesChanged,
    ai_model_line_changes: Object.fromEntries(named.map(({ name, lines }) => [name, lines])),
    ai_model_costs: Object.fromEntries(named.map(({ name, cost }) => [name, cost])),
    ai_model_breakdown: named,
    ai_model_total_cost: total === null ? null : roundCost(total),
    ai_input_tokens: sum.input,
    ai_cached_input_tokens: sum.cached,
    ai_output_tokens: sum.output,
    ai_prompt_length_avg: sum.prompts === 0 ? 0 : Math.round(sum.promptLength / sum.prompts),
    ai_prompt_length_avg_per_session: Math.round(mean(lengths)),
    ai_prompt_length_median_per_session: Math.round(median(lengths)),
    ai_prompt_length_sum: sum.promptLength,
    ai_prompt_events_total: sum.prompts,
    ai_prompt_events_avg_per_session: Math.round(mean(events)),
    ai_prompt_events_median_per_session: Math.round(median(events)),
    ai_sessions: sessions.length,
  };
}

/** The metrics where nothing was used, or where the caller may not see them. */
export function noAiMetrics(linesChanged = 0): AiMetrics {
  return describeUsage(new UsageSum(), { linesChanged, textOf: () => '', prices: new Map() });
}

// The effect of rules before they are saved: segments, minutes and examples, on the account's real days.

import type { MergedDay } from '../engine/answer.ts';

const mostExamples = 10;

export interface RulePreview {
  /** Segments of the new answer, or parts of them, that would be decided otherwise. */
  readonly segments: number;
  readonly minutes: number;
  readonly examples: readonly {
    readonly from: number;
    readonly to: number;
    readonly before: string | null;
    readonly after: string | null;
    readonly rule: string | null;
    readonly source: string;
  }[];
}

export function emptyPreview(): RulePreview {
  return { segments: 0, minutes: 0, examples: [] };
}

/** Adds the differences of one day. Presence is the same in both: rules decide about projects only. */
export function addDifferences(preview: RulePreview, before: MergedDay, after: MergedDay): RulePreview {
  let { segments, minutes } = preview;
  const examples = [...preview.examples];
  let at = 0;
  for (const now of after.segments) {
    while ((before.segments[at]?.to ?? Number.POSITIVE_INFINITY) <= now.from) at += 1;
    for (let index = at; ; index += 1) {
      const was = before.segments[index];
      if (was === undefined || was.from >= now.to) break;
      const [from, to] = [Math.max(was.from, now.from), Math.min(was.to, now.to)];
      const isSame =
        was.project === now.project && was.task === now.task && was.category === now.category && was.work === now.work;
      if (to <= from || isSame) continue;
      segments += 1;
      minutes += (to - from) / 60_000_000;
      if (examples.length < mostExamples) {
        examples.push({ from, to, before: was.project, after: now.project, rule: now.rule, source: now.source });
      }
    }
  }
  return { segments, minutes, examples };
}

// Notifies a person of a new question of the idle guard, wherever a browser of theirs wants it. Each question is told once: what is told
// of is remembered as long as it is open.

import { compile } from '../../protocol/check.ts';
import { OpenQuestionsItem } from '../../protocol/day-questions.ts';
import type { Hub } from '../core/hub.ts';
import type { Push } from './push.ts';

const check = compile(OpenQuestionsItem);
const isOpenQuestions = (value: unknown): value is { questions: { key: string; kind: string; desc: string }[] } =>
  check(value);

/** @returns a function that ends it */
export function alertOfQuestions(hub: Hub, push: Push): () => void {
  const alerted = new Map<string, ReadonlySet<string>>();
  return hub.watch(({ name }, changes) => {
    const [, account] = /^([^@/]+)\/day\/[\d-]+$/.exec(name) ?? [];
    if (account === undefined) return;
    for (const { key, value } of changes) {
      const item: unknown = key === 'questions' && value !== null ? JSON.parse(value) : undefined;
      if (!isOpenQuestions(item)) continue;
      const before = alerted.get(account);
      alerted.set(account, new Set(item.questions.map((question) => question.key)));
      for (const { key: question, kind, desc } of item.questions) {
        if (before?.has(question) === true || kind === 'unexplained') continue;
        void push.notify(account, { tag: question, path: '/day', desc });
      }
    }
  });
}

// Questions of the hub about running tasks and unexplained time: as sentences, and when a command should ask for them.

import { escapeControls } from '../../../protocol/columns.ts';
import type { QuestionView } from '../../../protocol/day-questions.ts';
import type { Connection } from '../../typescript/api.ts';
import type { CliContext } from '../cli/cli-context.ts';
import { clockOf, minutesText } from './draw-day.ts';

const daylong = 86_400_000_000;

type Clock = Pick<CliContext, 'zoneName' | 'now'>;

/** A question as a sentence, without what can be done about it. */
export function questionSentence({ kind, desc, from, to }: QuestionView, cli: Clock): string {
  const clock = clockOf(cli.zoneName());
  const date = cli.now() * 1_000 - from > daylong ? `${new Date(from / 1_000).toISOString().slice(0, 10)} ` : '';
  const until = to === null ? `since ${date}${clock(from)}` : `from ${date}${clock(from)} to ${clock(to)}`;
  switch (kind) {
    case 'idle':
      return escapeControls(`"${desc}" ran and nobody was there ${until}: stop there, keep, or split?`);
    case 'left_running':
      return escapeControls(`"${desc}" ran past the end of its day: stop at ${clock(from)}, or keep?`);
    case 'unexplained':
      return `what was ${minutesText((to ?? from) - from)} ${until}?`;
  }
}

/** A question as a sentence, with the command that answers it. */
export function questionText(question: QuestionView, cli: Clock): string {
  const how =
    question.kind === 'unexplained'
      ? 'kronos suggest yesterday, or kronos track yesterday …'
      : `kronos questions ${question.answers.join('|')}`;
  return `${questionSentence(question, cli)} (${how})`;
}

/** Unexplained time of yesterday is offered once: after this, no device offers it again. */
export async function dismissOffered(
  hub: Pick<Connection, 'answerQuestion'>,
  questions: readonly QuestionView[],
): Promise<void> {
  for (const { key, kind } of questions) {
    if (kind === 'unexplained') await hub.answerQuestion({ key, answer: 'dismiss' });
  }
}

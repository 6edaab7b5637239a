// What the hub asks about running tasks and unexplained time: a list with numbers, and answers that count for all devices.

import { escapeControls } from '../../../../protocol/columns.ts';
import type { QuestionAnswer, QuestionView } from '../../../../protocol/day-questions.ts';
import { clockOf, minutesText } from '../../day/draw-day.ts';
import { askHub, printHubFailure } from '../ask-hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const isAnswer = (word: string): word is QuestionAnswer => ['stop', 'keep', 'split', 'dismiss'].includes(word);
const daylong = 86_400_000_000;

/** A question as a sentence, with the command that answers it. */
export function questionText({ kind, desc, from, to, answers }: QuestionView, cli: CliContext): string {
  const clock = clockOf(cli.zoneName());
  const date = cli.now() * 1_000 - from > daylong ? `${new Date(from / 1_000).toISOString().slice(0, 10)} ` : '';
  const until = to === null ? `since ${date}${clock(from)}` : `from ${date}${clock(from)} to ${clock(to)}`;
  const choice = `kronos questions ${answers.join('|')}`;
  switch (kind) {
    case 'idle':
      return escapeControls(`"${desc}" ran and nobody was there ${until}: stop there, keep, or split? (${choice})`);
    case 'left_running':
      return escapeControls(`"${desc}" ran past the end of its day: stop at ${clock(from)}, or keep? (${choice})`);
    case 'unexplained':
      return `what was ${minutesText((to ?? from) - from)} ${until}? (kronos suggest yesterday, or kronos track yesterday …)`;
  }
}

export const questions: RunCommand = async ({ words, json }, cli) => {
  const [verb, named = '', ...more] = words;
  if (more.length > 0 || (verb !== undefined && (!isAnswer(verb) || named === '')))
    return printUsage(cli, 'questions [stop|keep|split|dismiss <number or key>]');
  return askHub(cli, 'questions', async (hub) => {
    const asked = await hub.questions();
    if (!asked.ok) return printHubFailure(asked, cli);
    if (verb === undefined || !isAnswer(verb)) {
      const { ok: _ok, ...value } = asked;
      if (json) cli.print(JSON.stringify(value, null, 2));
      else if (asked.questions.length === 0) cli.print('no questions');
      else for (const [at, one] of asked.questions.entries()) cli.print(`${at + 1}  ${questionText(one, cli)}`);
      return exitCode.ok;
    }
    const key = (asked.questions.find((one) => one.key === named) ?? asked.questions[Number(named) - 1])?.key;
    if (key === undefined) {
      cli.printError(`no question is ${named}`);
      return exitCode.notFound;
    }
    const done = await hub.answerQuestion({ key, answer: verb });
    if (!done.ok) return printHubFailure(done, cli);
    cli.print(json ? JSON.stringify({ key, answer: verb }, null, 2) : `answered: ${verb}`);
    return exitCode.ok;
  });
};

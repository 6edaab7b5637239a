// Questions of the hub about running tasks and unexplained time: a list with numbers, and answers that count for all devices.

import type { QuestionAnswer } from '../../../../protocol/day-questions.ts';
import { questionText } from '../../day/hub-questions.ts';
import { askHub, printHubFailure } from '../ask-hub.ts';
import { exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const isAnswer = (word: string): word is QuestionAnswer => ['stop', 'keep', 'split', 'dismiss'].includes(word);

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
    // The next command no longer shows it.
    cli.startBackgroundSync();
    cli.print(json ? JSON.stringify({ key, answer: verb }, null, 2) : `answered: ${verb}`);
    return exitCode.ok;
  });
};

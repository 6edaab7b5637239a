// Shows what the hub asks after a command in a terminal: on the first command of a day, and when somebody comes back to a running task, the
// hub is asked at once; otherwise what the last sync brought is shown.

import { dismissOffered, questionText } from '../day/hub-questions.ts';
import { connectOnce } from '../sync/hub.ts';
import type { CliContext, LastSync } from './cli-context.ts';

/** How long a command may wait for the hub, in milliseconds. */
const patienceMs = 1_000;

/**
 * @param asks whether to ask the hub, or to print what the last sync brought
 * @param today the local date, which is stored once the hub has answered
 */
export async function showQuestions(last: LastSync, asks: boolean, today: string, cli: CliContext): Promise<void> {
  if (!asks) for (const question of last.questions ?? []) cli.printError(`question: ${question}`);
  else await askNow(today, cli);
}

/** A hub that does not answer in time is asked by a later command. */
async function askNow(today: string, cli: CliContext): Promise<void> {
  const database = cli.database.read();
  const hub = database.enable_sync ? await connectOnce({ ...database, sync_device_id: '' }) : undefined;
  if (hub === undefined) return;
  try {
    const answer = await inTime(hub.questions());
    if (answer?.ok !== true) return;
    cli.writeAskedDate(today);
    for (const question of answer.questions) cli.printError(`question: ${questionText(question, cli)}`);
    await inTime(dismissOffered(hub, answer.questions));
  } finally {
    await hub.close();
  }
}

/** @returns undefined if it takes too long */
async function inTime<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  const result = await Promise.race([answer, late]);
  clearTimeout(timer);
  return result;
}

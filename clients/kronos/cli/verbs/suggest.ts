// Suggestions of the hub for unassigned time: a list with keys, and the answers to them. `suggest accept 1` needs no terminal.

import { columns, escapeControls } from '../../../../protocol/columns.ts';
import type { SuggestionAnswer, SuggestionsView, SuggestionView } from '../../../../protocol/day-suggestions.ts';
import type { Connection } from '../../../typescript/api.ts';
import { parseDate } from '../../day/dates.ts';
import { clockOf, minutesText } from '../../day/draw-day.ts';
import { askHub, printHubFailure } from '../ask-hub.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const usage = 'suggest [date]   or   suggest accept|refuse|always <number or key> [date]';
const isVerb = (word: string): word is SuggestionAnswer['do'] => ['accept', 'refuse', 'always'].includes(word);

export const suggest: RunCommand = async ({ words, json }, cli) => {
  const [first = 'today'] = words;
  const [, named = ''] = words;
  const [date = 'today', ...more] = isVerb(first) ? words.slice(2) : words;
  const isDate = parseDate(date, { zone: cli.zone, now: Math.floor(cli.now() / 1_000) }) !== undefined;
  if (!isDate || more.length > 0 || (isVerb(first) && named === '')) return printUsage(cli, usage);
  return askHub(cli, 'suggestions', async (hub) => {
    const listed = await hub.suggestions(date);
    if (!listed.ok) return printHubFailure(listed, cli);
    if (isVerb(first)) return answerOne(hub, listed, { verb: first, named, json }, cli);
    const { ok: _ok, ...value } = listed;
    if (json) cli.print(JSON.stringify(value, null, 2));
    else for (const line of drawSuggestions(value, cli.database.read().tasks, cli)) cli.print(line);
    return exitCode.ok;
  });
};

function drawSuggestions(
  { date, suggestions }: SuggestionsView,
  tasks: readonly { readonly index: string; readonly id: number }[],
  cli: CliContext,
): readonly string[] {
  if (suggestions.length === 0) return [`no suggestions for ${date}`];
  const clock = clockOf(cli.zoneName());
  const ids = new Map(tasks.map(({ index, id }) => [index, id]));
  const rows = suggestions.map(({ key, from, to, time, project, task, tier, reasons }, index) => [
    String(index + 1),
    key,
    `${clock(from)}-${clock(to)}`,
    minutesText(time),
    `@${project}${task === null ? '' : ` task ${ids.get(task) ?? task}`}${tier === 1 ? '' : '?'}`,
    reasons.map(reasonText).join(', '),
  ]);
  return [
    ...columns(
      ['#', 'KEY', 'WHEN', 'TIME', 'FOR', 'WHY'],
      rows.map((row) => row.map(escapeControls)),
      { width: cli.width, flexible: 5 },
    ),
    'kronos suggest accept|refuse|always <number or key>',
  ];
}

function reasonText({ kind, text }: SuggestionView['reasons'][number]): string {
  switch (kind) {
    case 'task id':
      return `"${text}" names the task`;
    case 'alias':
      return `"${text}" names the project`;
    case 'task':
      return `the task "${text}" stopped just before`;
    case 'goal':
      return `the room's goal "${text}"`;
    case 'neighbour':
      return `time beside it is ${text}`;
    case 'words':
      return `words: ${text}`;
  }
}

const pastTense = { accept: 'added', refuse: 'refused', always: 'saved as a rule' } as const;
const channelOf = { accept: 'entries', refuse: 'suggestions', always: 'rules' } as const;

async function answerOne(
  hub: Connection,
  { date, suggestions }: SuggestionsView,
  { verb, named, json }: { readonly verb: SuggestionAnswer['do']; readonly named: string; readonly json: boolean },
  cli: CliContext,
): Promise<ExitCode> {
  const exact = suggestions.find(({ key }) => key === named) ?? suggestions[Number(named) - 1];
  const begun = suggestions.filter(({ key }) => key.startsWith(named));
  const found = exact ?? (begun.length === 1 ? begun[0] : undefined);
  if (found === undefined) {
    cli.printError(`no suggestion of ${date}, or more than one, is ${named}`);
    return exitCode.notFound;
  }
  const answer = await hub.answerSuggestion({ do: verb, date, key: found.key });
  if (!answer.ok) return printHubFailure(answer, cli);
  const { undo, keys } = answer;
  if (json) {
    cli.print(JSON.stringify({ keys, undo }, null, 2));
    return exitCode.ok;
  }
  const back =
    verb === 'accept'
      ? `"kronos track undo ${undo}" takes it back`
      : `a revert of the channel ${channelOf[verb]} to ${undo} takes it back`;
  cli.print(escapeControls(`${minutesText(found.time)} for @${found.project} ${pastTense[verb]}; ${back}`));
  return exitCode.ok;
}

// The command `completion`: prints a script for bash, zsh or fish that completes `kronos` and `k`. At each TAB the script runs
// `kronos completion words`, so that it offers the current tasks and tags, each with a description.

import { escapeControls } from '../../../../protocol/columns.ts';
import { priorities, projectOf, tagsWithoutProject } from '../../../../protocol/planning.ts';
import { isTag } from '../../../../protocol/words.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { dateFields, sortKeys, taskStates } from '../../data/filter.ts';
import { timeVerbs } from '../../day/time-line.ts';
import { trackVerbs } from '../../day/track-line.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';
import { actionRows, type CommandRow, findAction, findTool, toolRows } from '../table.ts';

const bash = `_kronos() {
  local line word description cur="\${COMP_WORDS[COMP_CWORD]}"
  local -a words descriptions
  while IFS=$'\\t' read -r word description; do
    [[ $word == "$cur"* ]] || continue
    words+=("$word")
    descriptions+=("$description")
  done < <("\${COMP_WORDS[0]}" completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
  COMPREPLY=()
  if ((\${#words[@]} == 1)); then
    COMPREPLY=("\${words[0]}")
    return
  fi
  local at
  # A list for the eye (TAB twice) has descriptions. A word to insert has none.
  for at in "\${!words[@]}"; do
    if ((COMP_TYPE == 63)) && [[ -n \${descriptions[at]} ]]; then
      COMPREPLY+=("\${words[at]}  (\${descriptions[at]})")
    else
      COMPREPLY+=("\${words[at]}")
    fi
  done
}
complete -o nosort -F _kronos kronos k 2>/dev/null || complete -F _kronos kronos k`;

const zsh = `#compdef kronos k
_kronos() {
  local -a lines candidates
  lines=("\${(@f)$($words[1] completion words -- "\${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
  local line
  for line in $lines; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe -V 'kronos' candidates
}
# Loaded from a folder of fpath, this file is the function itself; loaded by eval, it registers the function.
if [[ $funcstack[1] == _kronos ]]; then
  _kronos "$@"
else
  compdef _kronos kronos k
fi`;

const fish = `function __kronos_words
  set -l words (commandline -opc)
  $words[1] completion words -- $words[2..-1] 2>/dev/null
end
complete -c kronos -f -a '(__kronos_words)'
complete -c k -f -a '(__kronos_words)'`;

const scripts: ReadonlyMap<string, string> = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
]);

export const completion: RunCommand = ({ words }, cli) => {
  const [shell = '', ...typed] = words;
  if (shell === 'words') {
    for (const [word, description] of findCandidates(typed, cli)) cli.print(`${word}\t${description}`);
    return exitCode.ok;
  }
  const script = scripts.get(shell);
  if (script === undefined || typed.length > 0) return printUsage(cli, 'completion bash|zsh|fish');
  cli.print(script);
  return exitCode.ok;
};

type Candidate = readonly [word: string, description: string];

/** @param words the words between the command's name and the word to complete */
function findCandidates([verb, ...typed]: readonly string[], cli: CliContext): readonly Candidate[] {
  const rows: readonly CommandRow[] = [...actionRows, ...toolRows];
  if (verb === undefined) return rows.map(({ names, help }) => [names[0], help]);
  const row: CommandRow | undefined = findAction(verb) ?? findTool(verb);
  const { completes } = row ?? {};
  if (completes === undefined) return [];
  if (typeof completes !== 'string') return typed.length === 0 ? completes.map((word) => [word, '']) : [];
  const database = cli.database.read();
  if (completes === 'track') return listTrackWords(database, typed);
  if (completes === 'time') return listTimeWords(typed, cli);
  if (completes === 'filter') return listFilterWords(database);
  if (completes === 'tags') {
    if (row?.names[0] !== 'add') return listTags(database, '');
    return [...listTags(database, '+'), ...listProjects(database), ...attributes];
  }
  if (typed.length === 0 || (row !== undefined && 'takesSeveral' in row)) {
    return listIds(database, completes).filter(([id]) => !typed.includes(id));
  }
  if (row?.names[0] !== 'update') return [];
  const own = database.tasks.find(({ id }) => id === Number(typed[0]))?.tags ?? [];
  const removed = own.map((tag): Candidate => [`-${tag}`, 'remove the tag']);
  return [...listTags(database, '+'), ...removed, ...listProjects(database), ...attributes];
}

const attributes: readonly Candidate[] = [
  [':-', 'no due date'],
  [':today', 'due today'],
  [':tomorrow', 'due tomorrow'],
  [':eow', 'due at the end of the week'],
  [':eom', 'due at the end of the month'],
  ...priorities.map((priority): Candidate => [`priority:${priority}`, '']),
  ['wait:', 'hide it until a date'],
  ['scheduled:', 'work can begin on a date'],
  ['every:', 'day, week, mon, 2w, 3d-after-done'],
  ['needs:', 'ids of tasks to do first'],
];

function listFilterWords(database: KronosDatabase): readonly Candidate[] {
  return [
    ...listTags(database, '+'),
    ...listProjects(database),
    ...priorities.map((priority): Candidate => [`priority:${priority}`, '']),
    ...taskStates.map((state): Candidate => [`is:${state}`, '']),
    ...dateFields.flatMap((field): Candidate[] => [
      [`${field}.before:`, 'a date'],
      [`${field}.after:`, 'a date'],
    ]),
    ...sortKeys.map((key): Candidate => [`sort:${key}`, '']),
  ];
}

function listProjects({ tasks }: KronosDatabase): readonly Candidate[] {
  return countNames(
    tasks.flatMap((task) => (task.done === 0 ? (projectOf(task) ?? []) : [])),
    '@',
  );
}

/** The first word may be a verb of `track`. After a span, a word may be a task. */
function listTrackWords(database: KronosDatabase, typed: readonly string[]): readonly Candidate[] {
  if (typed.length === 0) return trackVerbs.map((verb) => [verb, '']);
  if (trackVerbs.some((verb) => verb === typed[0])) return [];
  return listIds(database, 'open').map(([id, desc]) => [`task:${id}`, desc]);
}

/** The first word may be a verb; then come numbers of the list that was printed last. */
function listTimeWords(typed: readonly string[], cli: CliContext): readonly Candidate[] {
  if (typed.length === 0) return [...timeVerbs, 'today', 'yesterday'].map((word) => [word, '']);
  if (!timeVerbs.some((verb) => verb === typed[0]) || typed[0] === 'edit' || typed.length > 1) return [];
  const { tasks } = cli.database.read();
  return (cli.readListedTimes() ?? []).map(({ key }, place): Candidate => {
    const desc = tasks.find(({ index }) => index === key)?.desc ?? '';
    return [`${place + 1}`, escapeControls(desc)];
  });
}

function listTags({ tasks }: KronosDatabase, sign: string): readonly Candidate[] {
  return countNames(
    tasks.flatMap((task) => tagsWithoutProject(task).filter(isTag)),
    sign,
  );
}

function countNames(names: readonly string[], sign: string): readonly Candidate[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort().map(([name, count]) => [`${sign}${name}`, `${count} ${count === 1 ? 'task' : 'tasks'}`]);
}

function listIds({ tasks }: KronosDatabase, which: 'open' | 'active' | 'idle' | 'done' | 'any'): readonly Candidate[] {
  const matches = {
    any: () => true,
    open: (done: boolean) => !done,
    active: (done: boolean, active: boolean) => !done && active,
    idle: (done: boolean, active: boolean) => !done && !active,
    done: (done: boolean) => done,
  }[which];
  return tasks
    .filter(({ done, active }) => matches(done !== 0, active !== 0))
    .map(({ id, desc }) => [`${id}`, escapeControls(desc)]);
}

// The components of the terminal GUI. They draw their properties and have no state.

import { Box, Text } from 'ink';
import { columns, textWidth, truncate } from '../../../protocol/columns.ts';
import type { QuestionView } from '../../../protocol/day-questions.ts';
import { fullDuration } from '../../../protocol/duration.ts';
import { lineProblems } from '../../../protocol/line-problems.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { relativeMoment, taskTexts } from '../../../protocol/stringify.ts';
import { kindOf, parseTaskLine, splitWords } from '../../../protocol/words.ts';
import { worktimeOf } from '../../../protocol/worktime.ts';
import type { CliContext } from '../cli/cli-context.ts';
import { columnsOf, columnTitles, formatOutput, taskStatus } from '../cli/format-output.ts';
import * as actions from '../data/actions.ts';
import { questionSentence } from '../day/hub-questions.ts';
import { type PromptName, prompts } from './controller.ts';
import { type LineEditor, lineText } from './editor.ts';
import { dayKey, keyTexts } from './key-texts.ts';
import { keyBindings } from './keys.ts';
import type { LiveDatabase, SyncStatus } from './live.ts';
import { type GuiView, visibleRange } from './screen.ts';

/** In a terminal with fewer columns the list leaves out the tags and the start, so that the description has room. */
const narrowWidth = 60;

const statusStyles = {
  done: { dimColor: true },
  active: { color: 'green' },
  overdue: { color: 'red' },
  open: {},
} as const;

const listHints = [
  'a add',
  'i info',
  'u update',
  '↵ start/stop',
  'd done',
  'D day',
  '⌫ delete',
  'z undo',
  '? all keys',
  'q quit',
];

export function keyHints(view: GuiView, width: number): string {
  if (view === 'info') return 'i back  q back';
  if (view === 'keys') return '? back  q back';
  return fitHints(listHints, width);
}

/** As many hints as fit; the last two always stay. */
export function fitHints(hints: readonly string[], width: number): string {
  const last = hints.slice(-2);
  let first = hints.slice(0, -2);
  while (first.length > 0 && textWidth([...first, ...last].join('  ')) > width) first = first.slice(0, -1);
  return truncate([...first, ...last].join('  '), width);
}

const linkColours = { live: 'green', offline: 'yellow', refused: 'red' } as const;

function colourOf({ state }: SyncStatus): { readonly color?: string } {
  return state === 'live' || state === 'offline' || state === 'refused' ? { color: linkColours[state] } : {};
}

export function Head({ live, shown, width }: { live: LiveDatabase; shown: number; width: number }) {
  const { context, tasks } = live.database;
  const { link } = live;
  const hidden = tasks.length - shown;
  const count = `${shown} ${shown === 1 ? 'task' : 'tasks'}${hidden === 0 ? '' : `, ${hidden} hidden`}`;
  const where = context.length === 0 ? '' : `  context ${context.join(' ')}`;
  const state = truncate(link.text, Math.max(12, width - 26));
  return (
    <Box justifyContent="space-between">
      <Text>
        <Text bold>kronos</Text>
        {truncate(`  ${count}${where}`, Math.max(10, width - textWidth(state) - 10))}
      </Text>
      <Text {...colourOf(link)}>● {state}</Text>
    </Box>
  );
}

/** The hub's question, with a key for each answer. */
export function Question({ question, cli, width }: { question: QuestionView; cli: CliContext; width: number }) {
  const answers = question.answers.map((answer, at) => `${at + 1} ${answer === 'dismiss' ? 'ok' : answer}`).join('  ');
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text color="yellow">{truncate(`? ${questionSentence(question, cli)}`, width)}</Text>
      <Text dimColor>{truncate(`  ${answers}`, width)}</Text>
    </Box>
  );
}

interface TaskListProps {
  readonly tasks: readonly PlainTask[];
  readonly at: number;
  readonly scene: { readonly now: number; readonly date: (seconds: number) => string };
  readonly width: number;
  readonly rows: number;
}

export function TaskList({ tasks, at, scene, width, rows }: TaskListProps) {
  const fields = tasks.map((task) => {
    const strings = taskTexts('list', task, scene);
    return task.active === 0 ? strings : { ...strings, worktime: fullDuration(worktimeOf(task, scene.now)) };
  });
  const shown = columnsOf(fields);
  const named = width < narrowWidth ? shown.filter((field) => field !== 'tags' && field !== 'active') : shown;
  const [head = '', ...lines] = columns(
    named.map((field) => columnTitles[field].toUpperCase()),
    fields.map((row) => named.map((field) => row[field])),
    { width: width - 2, flexible: 1 },
  );
  const { from, to } = visibleRange(lines.length, at, rows);
  return (
    <>
      <Text bold>{`  ${head}`}</Text>
      {tasks.slice(from, to).map((task, row) => (
        <Text
          key={task.index}
          inverse={from + row === at}
          wrap="truncate"
          {...statusStyles[taskStatus(task, scene.now)]}
        >{`${from + row === at ? '›' : ' '} ${lines[from + row] ?? ''}`}</Text>
      ))}
      {to - from < lines.length && <Text dimColor>{`  ${from + 1}–${to} of ${lines.length}`}</Text>}
    </>
  );
}

export function taskInfo(task: PlainTask, tasks: readonly PlainTask[], scene: TaskListProps['scene']): string {
  const shown = { ...task, worktime: worktimeOf(task, scene.now) };
  return formatOutput(actions.describeTask(shown, tasks, scene), {
    colour: false,
    width: undefined,
    now: scene.now,
  }).join('\n');
}

export function EmptyList({ hidden }: { hidden: number }) {
  if (hidden > 0) {
    return (
      <Text>
        Nothing to do: all tasks are done, or outside of the context. H shows done tasks, C changes the context.
      </Text>
    );
  }
  return (
    <Text>
      {
        'No tasks yet. Press a and type one:\n\n  water the plants +home :10:18\n\nis one with the tag home, due on the next 10th at six in the evening.'
      }
    </Text>
  );
}

export function KeyList() {
  const width = Math.max(...keyBindings.map(({ label }) => label.length));
  const keys = keyBindings.map(({ label, command }) => ({ label, does: keyTexts[command] }));
  const all = [...keys, dayKey, { label: '1–3', does: 'answer what the hub asks' }];
  return <Text>{all.map(({ label, does }) => `${label.padEnd(width)}  ${does}`).join('\n')}</Text>;
}

interface PromptProps {
  readonly view: PromptName;
  readonly line: LineEditor;
  readonly cli: CliContext;
  readonly context: readonly string[];
  readonly message: string;
}

export function Prompt({ view, line, cli, context, message }: PromptProps) {
  const explained = view === 'add' || view === 'update' ? explain(lineText(line), view, cli, context) : undefined;
  return <PromptLine {...prompts[view]} {...{ line, message, explained }} />;
}

interface PromptLineProps {
  readonly label: string;
  readonly hint: string;
  readonly line: LineEditor;
  /** An error. */
  readonly message: string;
  readonly explained?: ReturnType<typeof explain>;
}

export function PromptLine({ label, hint, line, message, explained }: PromptLineProps) {
  const [under = ' ', ...after] = line.after;
  return (
    <Box flexDirection="column" height={3} justifyContent="flex-end">
      {message === '' ? (
        <Text wrap="truncate" {...(explained?.wrong === true ? { color: 'red' } : {})}>
          {explained?.text ?? ' '}
        </Text>
      ) : (
        <Text wrap="truncate" color="red">
          {message}
        </Text>
      )}
      <Text wrap="truncate-start">
        <Text bold>{`${label} › `}</Text>
        {line.before.join('')}
        <Text inverse>{under}</Text>
        {after.join('')}
      </Text>
      <Text wrap="truncate" dimColor>
        {`${hint}; Esc cancels`}
      </Text>
    </Box>
  );
}

/** Explains the typed line; undefined if it is plain text. */
function explain(
  typed: string,
  verb: 'add' | 'update',
  cli: CliContext,
  context: readonly string[],
): { readonly text: string; readonly wrong: boolean } | undefined {
  const now = Math.floor(cli.now() / 1_000);
  const read = parseTaskLine(typed, verb, now, cli.zone);
  if (!read.ok) return { text: `${read.error}: ${lineProblems[read.error]}`, wrong: true };
  if (splitWords(typed).every((word) => kindOf(word, verb) === 'text')) return undefined;
  const { desc, tags, untags, due, planning } = read.line;
  const date = (moment: number | null | undefined) =>
    moment === null
      ? 'none'
      : moment === undefined
        ? undefined
        : `${cli.formatDate(moment)}, ${relativeMoment(moment - now)}`;
  const { project, priority, wait, scheduled, every, needs } = planning;
  const ids = needs === null ? 'none' : needs?.add.concat(needs.remove.map((id) => -id)).join(', ');
  const fields = Object.entries({
    due: date(due),
    project,
    priority,
    wait: date(wait),
    scheduled: date(scheduled),
    every,
    needs: ids,
  });
  const all = [...tags, ...(verb === 'add' ? context : [])];
  const parts = [
    desc === '' ? [] : [`“${desc}”`],
    all.length === 0 ? [] : [`tags ${all.join(' ')}`],
    untags.length === 0 ? [] : [`without ${untags.join(' ')}`],
    fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value ?? 'none'}`])),
  ];
  return { text: parts.flat().join(' · '), wrong: false };
}

// The terminal GUI: what `kronos` without an action shows a person at a terminal. It draws what screen.ts says of what live.ts has, on
// the terminal's second screen, so that the first is as it was afterwards.

import { Box, type Key, render, Text, useApp, useInput, useStdout } from 'ink';
import { useEffect, useReducer, useRef, useState } from 'react';
import { fullDuration } from '../../../protocol/duration.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { relativeMoment, taskTexts } from '../../../protocol/stringify.ts';
import { kindOf, parseTaskLine, splitWords } from '../../../protocol/words.ts';
import { worktimeOf } from '../../../protocol/worktime.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli/cli-context.ts';
import { columns, escapeControls, textWidth, truncate } from '../cli/columns.ts';
import { columnTitles, formatOutput, listColumns, taskStatus } from '../cli/format-output.ts';
import * as actions from '../data/actions.ts';
import { DatabaseError } from '../data/database.ts';
import { formatEditLine, parseEditLine } from '../data/edit-line.ts';
import { applyKey, createLine, type LineEditor, lineText } from './editor.ts';
import { findCommand, type KeyCommand, keyBindings } from './keys.ts';
import { LiveDatabase, type SyncStatus } from './live.ts';
import {
  type GuiEffect,
  type GuiState,
  type GuiView,
  handleCommand,
  initialState,
  selectedIndex,
  visibleRange,
} from './screen.ts';

const secondScreen = { on: '\u001b[?1049h', off: '\u001b[?1049l' };

export async function openGui(house: CliContext): Promise<ExitCode> {
  let live: LiveDatabase;
  let changed = () => undefined as undefined;
  try {
    live = new LiveDatabase(house, () => changed());
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    house.printError(error.message);
    house.printError(`  ${error.reason}`);
    return exitCode.failure;
  }
  const restore = () => void process.stdout.write(secondScreen.off);
  process.once('exit', restore);
  process.stdout.write(secondScreen.on);
  const onChange = (told: () => void) => {
    changed = () => void told();
  };
  const app = render(<Gui house={house} live={live} onChange={onChange} />);
  // Asked at once: Ink tells nobody who asks when it is over.
  const left = app.waitUntilExit();
  const forget = house.onInterrupt(() => app.unmount());
  await live.start();
  await left;
  process.off('exit', restore);
  restore();
  await live.close();
  forget();
  return exitCode.ok;
}

interface GuiProps {
  readonly house: CliContext;
  readonly live: LiveDatabase;
  /** Who is to draw anew when the tasks or the connection changed. */
  readonly onChange: (told: () => void) => void;
}

const prompts = {
  add: { label: 'add', hint: '+tag gives it a tag, :DDMMYY:HHMM or :2w1d says when it is due' },
  update: { label: 'update', hint: 'what is taken out of it goes, :DDMMYY:HHMM or :2w1d moves when it is due' },
  worktime: { label: 'worktime of tags', hint: 'of tasks with all of these tags; of all tasks without any' },
  context: { label: 'context', hint: 'only tasks with one of these tags are shown; none shows all' },
} as const;
type Prompt = keyof typeof prompts;

function isPrompt(open: GuiView): open is Prompt {
  return open in prompts;
}

/** Columns of a terminal where a task's description needs the room of its tags; its colour says that it is active. */
const narrow = 60;

const moods = { done: { dimColor: true }, active: { color: 'green' }, overdue: { color: 'red' }, open: {} } as const;

/** Keys by the names that keys.ts uses. */
function nameOf(input: string, key: Key): string {
  if (key.return) return 'Enter';
  if (key.escape) return 'Escape';
  if (key.upArrow) return 'ArrowUp';
  if (key.downArrow) return 'ArrowDown';
  if (key.backspace || key.delete) return 'Backspace';
  return key.ctrl || key.meta ? '' : input;
}

function Gui({ house, live, onChange }: GuiProps) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [screen, setScreen] = useState(initialState);
  const newest = useRef(screen);
  const line = useRef(createLine(''));
  const { exit: leave } = useApp();
  const { stdout } = useStdout();
  useEffect(() => {
    onChange(redraw);
    const clock = setInterval(() => {
      redraw();
      void live.tick();
    }, 1_000);
    stdout.on('resize', redraw);
    return () => {
      clearInterval(clock);
      stdout.off('resize', redraw);
    };
  }, [live, onChange, stdout]);

  const show = (next: GuiState) => {
    newest.current = next;
    setScreen(next);
  };
  const say = (message: string, more: Partial<GuiState> = {}) => show({ ...newest.current, message, ...more });
  const shown = () => actions.visibleTasks(live.database);

  /** Several keys may come before the next drawing: each is about what the one before it left. */
  const pressed = (command: KeyCommand) => {
    const { screen: next, effect } = handleCommand(newest.current, command, shown());
    if (isPrompt(next.view)) {
      line.current = createLine(initialOf(next.view, shown()[selectedIndex(next, shown())], live.database.context));
    }
    show(next);
    if (effect !== undefined) perform(effect);
  };
  const perform = (effect: GuiEffect) => {
    switch (effect.do) {
      case 'quit':
        return leave();
      case 'refresh':
        return void live.wake();
      case 'undo':
        return say(live.revert());
      case 'hide done':
        return act('toggle hide done', actions.toggleHideDone, '');
    }
    const { task } = effect;
    act(effect.do, actions.singleTaskActions[effect.do], String(task.id));
  };
  const act = (name: string, action: actions.TaskAction, args: string): boolean => {
    const outcome = live.act(name, action, args);
    if (!outcome.ok) {
      say(outcome.error);
      return false;
    }
    const { output } = outcome;
    const now = Math.floor(house.now() / 1_000);
    const [line = ''] = formatOutput(output, { colour: false, width: undefined, now });
    const chosen = output.kind === 'task' && output.verb === 'added' ? { selected: output.task.index } : {};
    if (output.kind === 'worktime') say(`worktime ${output.tags.join(' ')}: ${line}`);
    else say(output.kind === 'task' ? `${output.verb}: ${escapeControls(output.task.desc)}` : line, chosen);
    return true;
  };
  const submit = (open: Prompt) => {
    const typed = lineText(line.current);
    const task = shown()[selectedIndex(newest.current, shown())];
    const done =
      open === 'add'
        ? act('add', actions.add, typed)
        : open === 'update'
          ? task !== undefined && act('update', actions.update, parseEditLine(task, typed))
          : act(open, open === 'worktime' ? actions.worktime : actions.setContext, typed);
    if (done) show({ ...newest.current, view: 'list' });
  };

  const take = (input: string, key: Key) => {
    const { view } = newest.current;
    const name = nameOf(input, key);
    if (isPrompt(view)) {
      if (name === 'Escape') return show({ ...newest.current, view: 'list', message: '' });
      if (name === 'Enter') return submit(view);
      line.current = applyKey(line.current, input, key);
      return show({ ...newest.current, message: '' });
    }
    const command = findCommand(name);
    if (command !== undefined) pressed(command);
  };
  useInput((input, key) => {
    // What is typed fast, or pasted, comes as one text: each of its letters is a key.
    if ([...input].length < 2) return take(input, key);
    for (const letter of input.replaceAll('\r\n', '\r')) {
      const [ends, erases] = [letter === '\r' || letter === '\n', letter === '\u007f' || letter === '\b'];
      take(ends || erases ? '' : letter, { ...key, return: ends, backspace: erases });
    }
  });

  const width = stdout.columns;
  const height = stdout.rows - 1;
  const tasks = shown();
  const at = selectedIndex(screen, tasks);
  const task = tasks[at];
  const now = Math.floor(house.now() / 1_000);
  const scene = { now, date: (seconds: number) => house.formatDate(seconds) };
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Head live={live} shown={tasks.length} width={width} />
      <Box flexDirection="column" flexGrow={1} marginTop={1} overflow="hidden">
        {screen.view === 'keys' ? (
          <Keys />
        ) : screen.view === 'info' && task !== undefined ? (
          <Text>{info(task, live.database.tasks, scene)}</Text>
        ) : tasks.length === 0 ? (
          <Nothing hidden={live.database.tasks.length} />
        ) : (
          <List tasks={tasks} at={at} scene={scene} width={width} rows={Math.max(1, height - 8)} />
        )}
      </Box>
      {isPrompt(screen.view) ? (
        <Ask
          open={screen.view}
          line={line.current}
          house={house}
          context={live.database.context}
          said={screen.message}
        />
      ) : (
        <Box flexDirection="column" height={3} justifyContent="flex-end">
          <Text bold>{screen.message === '' ? ' ' : truncate(screen.message, width)}</Text>
          <Text dimColor>{truncate(hintsOf(screen.view), width)}</Text>
        </Box>
      )}
    </Box>
  );
}

function initialOf(open: Prompt, task: PlainTask | undefined, context: readonly string[]): string {
  if (open === 'context') return context.join(' ');
  return open === 'update' && task !== undefined ? formatEditLine(task) : '';
}

function hintsOf(open: GuiView): string {
  if (open === 'info') return 'i back  q back';
  if (open === 'keys') return '? back  q back';
  return 'a add  i info  u update  ↵ start/stop  d done  ⌫ delete  z undo  ? all keys  q quit';
}

const linkColours = { live: 'green', offline: 'yellow', refused: 'red' } as const;

function colourOf({ state }: SyncStatus): { readonly color?: string } {
  return state === 'live' || state === 'offline' || state === 'refused' ? { color: linkColours[state] } : {};
}

function Head({ live, shown, width }: { live: LiveDatabase; shown: number; width: number }) {
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

interface ListProps {
  readonly tasks: readonly PlainTask[];
  readonly at: number;
  readonly scene: { readonly now: number; readonly date: (seconds: number) => string };
  readonly width: number;
  readonly rows: number;
}

function List({ tasks, at, scene, width, rows }: ListProps) {
  const fields = tasks.map((task) => {
    const strings = taskTexts('list', task, scene);
    return task.active === 0 ? strings : { ...strings, worktime: fullDuration(worktimeOf(task, scene.now)) };
  });
  const named = width < narrow ? listColumns.filter((field) => field !== 'tags' && field !== 'active') : listColumns;
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
          {...moods[taskStatus(task, scene.now)]}
        >{`${from + row === at ? '›' : ' '} ${lines[from + row] ?? ''}`}</Text>
      ))}
      {to - from < lines.length && <Text dimColor>{`  ${from + 1}–${to} of ${lines.length}`}</Text>}
    </>
  );
}

function info(task: PlainTask, tasks: readonly PlainTask[], scene: ListProps['scene']): string {
  const shown = { ...task, worktime: worktimeOf(task, scene.now) };
  return formatOutput(actions.describeTask(shown, tasks, scene), {
    colour: false,
    width: undefined,
    now: scene.now,
  }).join('\n');
}

function Nothing({ hidden }: { hidden: number }) {
  if (hidden > 0) {
    return (
      <Text>
        Nothing to do: all tasks are done, or outside of the context. H shows what is done, C sets the context.
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

function Keys() {
  const width = Math.max(...keyBindings.map(({ label }) => label.length));
  return <Text>{keyBindings.map(({ label, does }) => `${label.padEnd(width)}  ${does}`).join('\n')}</Text>;
}

interface AskProps {
  readonly open: Prompt;
  readonly line: LineEditor;
  readonly house: CliContext;
  readonly context: readonly string[];
  readonly said: string;
}

function Ask({ open, line, house, context, said }: AskProps) {
  const explained = open === 'add' || open === 'update' ? explain(lineText(line), open, house, context) : undefined;
  const [under = ' ', ...after] = line.after;
  return (
    <Box flexDirection="column" height={3} justifyContent="flex-end">
      {said === '' ? (
        <Text wrap="truncate" {...(explained?.wrong === true ? { color: 'red' } : {})}>
          {explained?.text ?? ' '}
        </Text>
      ) : (
        <Text wrap="truncate" color="red">
          {said}
        </Text>
      )}
      <Text wrap="truncate-start">
        <Text bold>{`${prompts[open].label} › `}</Text>
        {line.before.join('')}
        <Text inverse>{under}</Text>
        {after.join('')}
      </Text>
      <Text wrap="truncate" dimColor>
        {`${prompts[open].hint}; Esc leaves it`}
      </Text>
    </Box>
  );
}

const problems = {
  'invalid tags': 'invalid tags: letters, digits, - and _',
  'invalid due': 'invalid due: no such date, or it has passed',
} as const;

/** What a line will come to, while it is typed; undefined while it is plain text. */
function explain(
  typed: string,
  verb: 'add' | 'update',
  house: CliContext,
  context: readonly string[],
): { readonly text: string; readonly wrong: boolean } | undefined {
  const now = Math.floor(house.now() / 1_000);
  const read = parseTaskLine(typed, verb, now, house.zone);
  if (!read.ok) return { text: problems[read.error], wrong: true };
  if (splitWords(typed).every((word) => kindOf(word, verb) === 'text')) return undefined;
  const { desc, tags, untags, due } = read.line;
  const all = [...tags, ...(verb === 'add' ? context : [])];
  const parts = [
    desc === '' ? [] : [`“${desc}”`],
    all.length === 0 ? [] : [`tags ${all.join(' ')}`],
    untags.length === 0 ? [] : [`without ${untags.join(' ')}`],
    due === undefined ? [] : [`due ${house.formatDate(due)}, ${relativeMoment(due - now)}`],
  ];
  return { text: parts.flat().join(' · '), wrong: false };
}

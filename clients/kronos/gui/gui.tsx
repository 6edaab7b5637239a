// The terminal GUI, which `kronos` without an action opens. It draws the state of the controller on the terminal's alternate screen, so that
// the shell's screen is unchanged afterwards.

import { Box, render, Text, useApp, useInput, useStdout } from 'ink';
import { useEffect, useReducer, useState } from 'react';
import { truncate } from '../../../protocol/columns.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli/cli-context.ts';
import { DatabaseError } from '../data/database.ts';
import { EmptyList, Head, KeyList, keyHints, Prompt, PromptLine, Question, TaskList, taskInfo } from './components.tsx';
import { GuiController, isPrompt } from './controller.ts';
import { DayBody, DayHead, dayHints } from './day-components.tsx';
import { type DayController, dayPrompts, isDayPrompt } from './day-controller.ts';
import { LiveDatabase } from './live.ts';
import { selectedIndex } from './screen.ts';

const alternateScreen = { on: '\u001b[?1049h', off: '\u001b[?1049l' };
/** The number of lines of the head, the message and the hints. */
const otherLines = 8;
/** The same of the day view. */
const otherDayLines = 5;
/** The number of lines of a question. */
const questionLines = 3;

export async function openGui(cli: CliContext): Promise<ExitCode> {
  let live: LiveDatabase;
  let onChange: () => void = () => undefined;
  try {
    live = new LiveDatabase(cli, () => onChange());
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    cli.printError(error.message);
    cli.printError(`  ${error.reason}`);
    return exitCode.failure;
  }
  const restoreScreen = () => void process.stdout.write(alternateScreen.off);
  process.once('exit', restoreScreen);
  process.stdout.write(alternateScreen.on);
  const subscribe = (redraw: () => void) => {
    onChange = redraw;
  };
  const app = render(<Gui cli={cli} live={live} subscribe={subscribe} />);
  // Called before the first `await`: Ink resolves this promise only if it was requested before the end.
  const exited = app.waitUntilExit();
  const removeListener = cli.onInterrupt(() => app.unmount());
  await live.start();
  await exited;
  process.off('exit', restoreScreen);
  restoreScreen();
  await live.close();
  removeListener();
  return exitCode.ok;
}

interface GuiProps {
  readonly cli: CliContext;
  readonly live: LiveDatabase;
  /** Sets the function to call when the tasks or the connection have changed. */
  readonly subscribe: (redraw: () => void) => void;
}

function Gui({ cli, live, subscribe }: GuiProps) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { exit: quit } = useApp();
  const { stdout } = useStdout();
  const [controller] = useState(() => new GuiController({ cli, live, redraw, quit }));
  useEffect(() => {
    subscribe(redraw);
    const clock = setInterval(() => {
      redraw();
      void live.tick();
    }, 1_000);
    stdout.on('resize', redraw);
    return () => {
      clearInterval(clock);
      stdout.off('resize', redraw);
    };
  }, [live, subscribe, stdout]);
  useInput((input, key) => controller.handleInput(input, key));

  const { state, line } = controller;
  const { context } = live.database;
  const width = stdout.columns;
  const height = stdout.rows - 1;
  if (controller.day !== undefined) {
    return <DayScreen cli={cli} live={live} controller={controller.day} width={width} height={height} />;
  }
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Head live={live} shown={controller.tasks.length} width={width} />
      {live.question !== undefined && <Question question={live.question} cli={cli} width={width} />}
      <Box flexDirection="column" flexGrow={1} marginTop={1} overflow="hidden">
        <Body cli={cli} live={live} controller={controller} width={width} height={height} />
      </Box>
      {isPrompt(state.view) ? (
        <Prompt view={state.view} line={line} cli={cli} context={context} message={state.message} />
      ) : (
        <Box flexDirection="column" height={3} justifyContent="flex-end">
          <Text bold>{state.message === '' ? ' ' : truncate(state.message, width)}</Text>
          <Text dimColor>{keyHints(state.view, width)}</Text>
        </Box>
      )}
    </Box>
  );
}

interface DayScreenProps extends Omit<GuiProps, 'subscribe'> {
  readonly controller: DayController;
  readonly width: number;
  readonly height: number;
}

function DayScreen({ cli, live, controller, width, height }: DayScreenProps) {
  const { state, line, overlaps } = controller;
  const asked = live.question === undefined ? 0 : questionLines;
  return (
    <Box flexDirection="column" width={width} height={height}>
      <DayHead controller={controller} link={live.link} width={width} />
      {live.question !== undefined && <Question question={live.question} cli={cli} width={width} />}
      <Box flexDirection="column" flexGrow={1} marginTop={1} overflow="hidden">
        <DayBody controller={controller} cli={cli} width={width} rows={Math.max(4, height - otherDayLines - asked)} />
      </Box>
      {state.pending === undefined && isDayPrompt(state.view) ? (
        <PromptLine {...dayPrompts[state.view]} line={line} message={state.message} />
      ) : (
        <Box flexDirection="column" height={3} justifyContent="flex-end">
          {state.pending === undefined ? (
            <Text bold wrap="truncate">
              {state.message || ' '}
            </Text>
          ) : (
            <Text bold color="yellow">
              {truncate(`overlaps ${overlaps.join(', ')}`, width * 2 - 10)}
            </Text>
          )}
          <Text dimColor>{dayHints(state, width)}</Text>
        </Box>
      )}
    </Box>
  );
}

interface BodyProps extends Omit<GuiProps, 'subscribe'> {
  readonly controller: GuiController;
  readonly width: number;
  readonly height: number;
}

function Body({ cli, live, controller, width, height }: BodyProps) {
  const { state, tasks, selected } = controller;
  const scene = { now: Math.floor(cli.now() / 1_000), date: (seconds: number) => cli.formatDate(seconds) };
  if (state.view === 'keys') return <KeyList />;
  if (state.view === 'info' && selected !== undefined) {
    return <Text>{taskInfo(selected, live.database.tasks, scene)}</Text>;
  }
  if (tasks.length === 0) return <EmptyList hidden={live.database.tasks.length} />;
  const at = selectedIndex(state, tasks);
  const asked = live.question === undefined ? 0 : questionLines;
  return <TaskList tasks={tasks} at={at} scene={scene} width={width} rows={Math.max(1, height - otherLines - asked)} />;
}

// Handles the keys of the terminal GUI: each key changes the state of the screen, edits the typed line, or runs an action. gui.tsx draws the
// state. Several keys may arrive before the next draw: each key sees the state that the previous one left.

import type { Key } from 'ink';
import { escapeControls } from '../../../protocol/columns.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import type { CliContext } from '../cli/cli-context.ts';
import { formatOutput } from '../cli/format-output.ts';
import * as actions from '../data/actions.ts';
import { formatEditLine, parseEditLine } from '../data/edit-line.ts';
import { DayController } from './day-controller.ts';
import { applyKey, createLine, type LineEditor, lineText } from './editor.ts';
import { dayKey } from './key-texts.ts';
import { findCommand, type KeyCommand } from './keys.ts';
import type { LiveDatabase } from './live.ts';
import { type GuiEffect, type GuiState, type GuiView, handleCommand, initialState, selectedIndex } from './screen.ts';

export const prompts = {
  add: { label: 'add', hint: '+tag adds a tag, :DDMMYY:HHMM or :2w1d sets the due date' },
  update: { label: 'update', hint: 'delete a tag to remove it, :DDMMYY:HHMM or :2w1d changes the due date' },
  worktime: {
    label: 'worktime of tags',
    hint: 'time worked on tasks with all of these tags; on all tasks without a tag',
  },
  context: { label: 'context', hint: 'show only tasks with one of these tags; all tasks without a tag' },
} as const;
export type PromptName = keyof typeof prompts;

export function isPrompt(view: GuiView): view is PromptName {
  return view in prompts;
}

/** @returns the name of the key in keys.ts; '' if it has none */
function keyName(input: string, key: Key): string {
  if (key.return) return 'Enter';
  if (key.escape) return 'Escape';
  if (key.upArrow) return 'ArrowUp';
  if (key.downArrow) return 'ArrowDown';
  if (key.leftArrow) return 'ArrowLeft';
  if (key.rightArrow) return 'ArrowRight';
  if (key.tab) return key.shift ? 'BackTab' : 'Tab';
  if (key.backspace || key.delete) return 'Backspace';
  return key.ctrl || key.meta ? '' : input;
}

interface GuiControllerDeps {
  readonly cli: CliContext;
  readonly live: LiveDatabase;
  readonly redraw: () => void;
  readonly quit: () => void;
}

export class GuiController {
  state: GuiState = initialState;
  line: LineEditor = createLine('');
  /** The day view; undefined while the list is shown. */
  day: DayController | undefined;
  #deps: GuiControllerDeps;

  constructor(deps: GuiControllerDeps) {
    this.#deps = deps;
  }

  /** The tasks in the order of the list. */
  get tasks(): readonly PlainTask[] {
    const { cli, live } = this.#deps;
    return actions.visibleTasks(live.database, Math.floor(cli.now() / 1_000));
  }

  get selected(): PlainTask | undefined {
    const { tasks } = this;
    return tasks[selectedIndex(this.state, tasks)];
  }

  /** @param input one letter; or several, if they were typed fast or pasted: each letter is then one key */
  handleInput(input: string, key: Key): void {
    if ([...input].length < 2) {
      this.#handleKey(input, key);
      return;
    }
    for (const letter of input.replaceAll('\r\n', '\r')) {
      const isEnter = letter === '\r' || letter === '\n';
      const isErase = letter === '\u007f' || letter === '\b';
      this.#handleKey(isEnter || isErase ? '' : letter, { ...key, return: isEnter, backspace: isErase });
    }
  }

  #handleKey(input: string, key: Key): void {
    const { view } = this.state;
    const name = keyName(input, key);
    if (!isPrompt(view)) {
      const { day } = this;
      if (day?.isTyping === true) {
        day.handleKey(name, input, key);
        return;
      }
      if (/^[1-9]$/.test(name) && this.#deps.live.question !== undefined) {
        void this.#deps.live.answerQuestion(Number(name) - 1).then((text) => this.#showAnswer(text));
        return;
      }
      if (day !== undefined) {
        day.handleKey(name, input, key);
        return;
      }
      if (name === dayKey.keys[0]) {
        this.#openDay();
        return;
      }
      const command = findCommand(name);
      if (command !== undefined) this.#handleCommand(command);
      return;
    }
    if (name === 'Enter') this.#submit(view);
    else if (name === 'Escape') this.#show({ ...this.state, view: 'list', message: '' });
    else {
      this.line = applyKey(this.line, input, key);
      this.#show({ ...this.state, message: '' });
    }
  }

  #openDay(): void {
    const { cli, live, redraw } = this.#deps;
    const close = () => {
      this.day = undefined;
      redraw();
    };
    this.day = new DayController({ cli, live, redraw, close });
    this.#show({ ...this.state, view: 'list', message: '' });
  }

  #showAnswer(message: string): void {
    if (this.day !== undefined) this.day.state = { ...this.day.state, message };
    this.#showMessage(this.day === undefined ? message : '');
  }

  #handleCommand(command: KeyCommand): void {
    const { screen, effect } = handleCommand(this.state, command, this.tasks);
    this.#show(screen);
    if (isPrompt(screen.view)) this.line = createLine(this.#initialText(screen.view));
    if (effect !== undefined) this.#perform(effect);
  }

  #initialText(view: PromptName): string {
    if (view === 'context') return this.#deps.live.database.context.join(' ');
    return view === 'update' && this.selected !== undefined ? formatEditLine(this.selected) : '';
  }

  #perform(effect: GuiEffect): void {
    const { live, quit } = this.#deps;
    switch (effect.do) {
      case 'quit':
        quit();
        break;
      case 'refresh':
        void live.wake();
        break;
      case 'undo':
        this.#showMessage(live.revert());
        break;
      case 'hide done':
        this.#act('toggle hide done', actions.toggleHideDone, '');
        break;
      default: {
        const { task } = effect;
        this.#act(effect.do, actions.singleTaskActions[effect.do], String(task.id), task);
      }
    }
  }

  #submit(view: PromptName): void {
    const text = lineText(this.line);
    const task = this.selected;
    const isDone =
      view === 'add'
        ? this.#act('add', actions.add, text)
        : view === 'update'
          ? task !== undefined && this.#act('update', actions.update, parseEditLine(task, text), task)
          : this.#act(view, view === 'worktime' ? actions.worktime : actions.setContext, text);
    if (isDone) this.#show({ ...this.state, view: 'list' });
  }

  /** @returns false if the action was refused */
  #act(name: string, action: actions.TaskAction, args: string, task?: PlainTask): boolean {
    const { cli, live } = this.#deps;
    const outcome = live.act(name, action, args, task);
    if (!outcome.ok) {
      this.#showMessage(outcome.error);
      return false;
    }
    const { output } = outcome;
    const now = Math.floor(cli.now() / 1_000);
    const [line = ''] = formatOutput(output, { colour: false, width: undefined, now });
    if (output.kind === 'worktime') this.#showMessage(`worktime ${output.tags.join(' ')}: ${line}`);
    else if (output.kind === 'task') {
      const selected = output.verb === 'added' ? { selected: output.task.index } : {};
      this.#showMessage(`${output.verb}: ${escapeControls(output.task.desc)}`, selected);
    } else this.#showMessage(line);
    return true;
  }

  #showMessage(message: string, more: Partial<GuiState> = {}): void {
    this.#show({ ...this.state, message, ...more });
  }

  #show(state: GuiState): void {
    this.state = state;
    this.#deps.redraw();
  }
}

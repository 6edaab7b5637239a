// The whole page of tasks: the list, what keys and buttons do, and the dialogs.

import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { fullDuration } from '../../../protocol/duration.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { taskTexts } from '../../../protocol/stringify.ts';
import { totalWorktime, worktimeOf } from '../../../protocol/worktime.ts';
import * as actions from '../../kronos/data/actions.ts';
import { formatEditLine, parseEditLine } from '../../kronos/data/edit-line.ts';
import type { KeyCommand } from '../../kronos/gui/keys.ts';
import { Dialog } from '../shared/dialog.tsx';
import { KeysDialog, useKeys } from '../shared/keyboard.tsx';
import { remember, remembered } from '../shared/settings.ts';
import { useRefusal } from '../shared/use-refusal.ts';
import { words } from './connection-text.ts';
import { bindings, commandAt } from './keys.ts';
import { LiveTasks, scene } from './live-tasks.ts';
import { Prompt } from './task-prompt.tsx';
import { TaskRow } from './task-row.tsx';

/** What this browser shows; other devices have their own settings. */
interface Options {
  readonly hide_done: boolean;
  readonly context: readonly string[];
}

type Open = 'add' | 'update' | 'info' | 'worktime' | 'context' | 'keys';

/** How long a message is shown, in milliseconds. */
const messageMs = 8_000;

/** The state of the page, and what its keys, buttons and dialogs do. */
function useTasksPage() {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [options, setOptions] = useState(readOptions);
  const [open, setOpen] = useState<Open>();
  const [chosen, choose] = useState('');
  const [message, showMessage] = useMessage();
  const live = useMemo(
    () =>
      new LiveTasks({
        token: remembered().token,
        changed: () => redraw(0),
        failed: (text) => showMessage({ text, undo: false }),
      }),
    [],
  );
  useEffect(() => () => live.close(), [live]);
  useEverySecond(() => redraw(0));

  const shown = actions.visibleTasks({ tasks: live.tasks, ...options });
  const at = Math.max(
    0,
    shown.findIndex(({ index }) => index === chosen),
  );
  const task = shown[at];
  const list = useRef<HTMLOListElement>(null);
  const move = (to: number) => {
    const next = shown[Math.min(Math.max(0, to), shown.length - 1)];
    if (next === undefined) return;
    choose(next.index);
    list.current?.querySelector<HTMLElement>(`[data-index="${CSS.escape(next.index)}"]`)?.focus();
  };
  const perform = (action: actions.TaskAction, args: string): boolean => {
    const output = live.act(action, args, options);
    if (output === undefined) return false;
    if (output.kind === 'task') {
      showMessage({ text: `${output.verb}: ${output.task.desc}`, undo: true });
      if (output.verb === 'added') choose(output.task.index);
    }
    return true;
  };
  const set = (changed: Partial<Options>) => {
    const next = { ...options, ...changed };
    setOptions(next);
    remember('tasks', JSON.stringify(next));
  };
  const act = (command: KeyCommand, about: PlainTask | undefined = task) => {
    if (about !== undefined) choose(about.index);
    switch (command) {
      case 'up':
      case 'down':
        return move(list.current?.contains(document.activeElement) ? at + (command === 'up' ? -1 : 1) : at);
      case 'hide done':
        return set({ hide_done: !options.hide_done });
      case 'undo':
        return undo();
      case 'add':
      case 'worktime':
      case 'context':
      case 'keys':
        return setOpen(command);
      case 'refresh':
      case 'quit':
        return;
    }
    if (about === undefined) return showMessage({ text: 'There is no task: add one first.', undo: false });
    if (command === 'info' || command === 'update') setOpen(command);
    else perform(actions.singleTaskActions[command], String(about.id));
  };
  const undo = () => {
    live.undo();
    showMessage({ text: live.canUndo ? 'Undone.' : 'Undone. There is nothing more to undo.', undo: false });
  };
  useKeys(commandAt, act);
  return { live, options, set, open, setOpen, message, shown, at, task, list, choose, perform, act, undo };
}

export function TasksPage() {
  const { live, options, set, open, setOpen, message, shown, at, task, list, choose, perform, act, undo } =
    useTasksPage();
  /** A dialog may report its closing after the next one has opened. */
  const closing = (one: Open) => () => setOpen((now) => (now === one ? undefined : now));
  const refusal = useRefusal(live.state.name === 'offline');
  const hidden = live.tasks.length - shown.length;
  return (
    <>
      <Head live={live} showKeys={() => setOpen('keys')} />
      {refusal !== '' && (
        <p class="problem" role="alert">
          {refusal}
        </p>
      )}
      {live.state.name === 'revoked' && (
        <Admission
          reason={live.state.reason}
          enter={(token) => {
            remember('token', token);
            live.login(token);
          }}
        />
      )}
      <Prompt
        id="add"
        label="Add a task"
        verb="add"
        context={options.context}
        focused={open === 'add'}
        left={closing('add')}
        submit={(line) => perform(actions.add, line)}
      />
      <Tools options={options} set={set} open={setOpen} />
      <ol class="tasks" ref={list} aria-label="Tasks">
        {shown.map((one, place) => (
          <TaskRow key={one.index} task={one} chosen={place === at} act={act} choose={() => choose(one.index)} />
        ))}
      </ol>
      {shown.length === 0 && <Nothing known={live.known} hidden={hidden} context={options.context} />}
      <output class="said" data-shown={message !== undefined}>
        {message?.text}
        {message?.undo === true && (
          <button type="button" aria-keyshortcuts="z" onClick={undo}>
            Undo
          </button>
        )}
      </output>
      <Dialogs
        open={open}
        closing={closing}
        task={task}
        tasks={live.tasks}
        context={options.context}
        update={(line, about) => {
          const accepted = perform(actions.update, parseEditLine(about, line));
          if (accepted) setOpen(undefined);
          return accepted;
        }}
        setContext={(line) => {
          const output = live.act(actions.setContext, line, options);
          if (output?.kind !== 'context') return;
          set({ context: output.context });
          setOpen(undefined);
        }}
      />
    </>
  );
}

function Head({ live, showKeys }: { live: LiveTasks; showKeys: () => void }) {
  const { state, detail } = words(live.state, live.waiting);
  return (
    <div class="tasks-head">
      <h1>Tasks</h1>
      <p class="link" data-state={live.state.name}>
        <span class="dot" aria-hidden="true" />
        <output>{state}</output> {detail}
      </p>
      <button type="button" aria-keyshortcuts="?" onClick={showKeys}>
        Keys <kbd>?</kbd>
      </button>
    </div>
  );
}

interface ToolsProps {
  readonly options: Options;
  readonly set: (changed: Partial<Options>) => void;
  readonly open: (dialog: Open) => void;
}

function Tools({ options, set, open }: ToolsProps) {
  return (
    <div class="tasks-tools">
      <label class="switch">
        <input
          type="checkbox"
          aria-keyshortcuts="H"
          checked={options.hide_done}
          onChange={() => set({ hide_done: !options.hide_done })}
        />
        Hide done
      </label>
      <button type="button" aria-keyshortcuts="C" onClick={() => open('context')}>
        {options.context.length === 0 ? 'Filter by tag' : `Filter: ${options.context.join(' ')}`}
      </button>
      <button type="button" aria-keyshortcuts="W" onClick={() => open('worktime')}>
        Worktime
      </button>
    </div>
  );
}

interface DialogsProps {
  readonly open: Open | undefined;
  readonly closing: (dialog: Open) => () => void;
  /** The task that dialogs are about. */
  readonly task: PlainTask | undefined;
  readonly tasks: readonly PlainTask[];
  readonly context: readonly string[];
  /** @returns true if the line was accepted */
  readonly update: (line: string, task: PlainTask) => boolean;
  readonly setContext: (line: string) => void;
}

function Dialogs({ open, closing, task, tasks, context, update, setContext }: DialogsProps) {
  return (
    <>
      <KeysDialog keys={bindings} open={open === 'keys'} close={closing('keys')} />
      {task !== undefined && (
        <Dialog title={task.desc} open={open === 'info'} close={closing('info')}>
          <Info task={task} />
        </Dialog>
      )}
      {task !== undefined && (
        <Dialog title="Change the task" open={open === 'update'} close={closing('update')}>
          <Prompt
            key={task.index}
            id="update"
            label={`Task ${task.id}`}
            verb="update"
            context={[]}
            initial={formatEditLine(task)}
            focused={open === 'update'}
            submit={(line) => update(line, task)}
          />
        </Dialog>
      )}
      <Dialog title="Filter by tag" open={open === 'context'} close={closing('context')}>
        <p class="hint">
          Shows tasks with at least one of these tags. New tasks get all of them. Empty shows all tasks.
        </p>
        <TagsForm initial={context} button="Set" enter={setContext} />
      </Dialog>
      <Dialog title="Worktime" open={open === 'worktime'} close={closing('worktime')}>
        <Worktime tasks={tasks} />
      </Dialog>
    </>
  );
}

function readOptions(): Options {
  try {
    const { hide_done = true, context = [] } = JSON.parse(remembered().tasks || '{}');
    return { hide_done: hide_done === true, context: Array.isArray(context) ? context.map(String) : [] };
  } catch {
    return { hide_done: true, context: [] };
  }
}

function Nothing({ known, hidden, context }: { known: boolean; hidden: number; context: readonly string[] }) {
  if (!known) return <p class="hint">Waiting for the hub …</p>;
  if (hidden > 0) {
    const why =
      context.length > 0
        ? `tasks without a tag of ${context.join(' ')}, and done tasks, are hidden`
        : 'done tasks are hidden';
    return <p class="hint">Nothing to do: {why}.</p>;
  }
  return (
    <section class="card next-steps">
      <h2>No tasks yet. What now?</h2>
      <ol>
        <li>
          <p>
            Type one above: <code>water the plants +home :10:18</code> makes a task with the tag <code>home</code>, due
            on the next 10th at 18:00.
          </p>
        </li>
        <li>
          <p>
            Press <kbd>?</kbd> for the keys: <kbd>↵</kbd> starts the clock on a task, <kbd>d</kbd> marks it as done.
          </p>
        </li>
        <li>
          <p>
            The same list is in Vim, in the terminal (<code>kronos</code>) and on your other devices: see{' '}
            <a href="/help">Help</a>.
          </p>
        </li>
      </ol>
    </section>
  );
}

function Info({ task }: { task: PlainTask }) {
  const here = scene();
  const fields = taskTexts('info', { ...task, worktime: worktimeOf(task, here.now) }, here);
  const names = {
    id: 'Id',
    tags: 'Tags',
    due: 'Due',
    active: 'Active since',
    last_active: 'Last active',
    done: 'Done',
    worktime: 'Worktime',
  } as const;
  return (
    <dl class="facts">
      {Object.entries(names).map(([name, label]) => (
        <div key={name}>
          <dt>{label}</dt>
          <dd>{fields[name as keyof typeof names] || '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

function Worktime({ tasks }: { tasks: readonly PlainTask[] }) {
  const [tags, setTags] = useState<readonly string[]>([]);
  return (
    <>
      <p class="hint">Counts tasks that have all of these tags. Empty counts all tasks.</p>
      <TagsForm initial={tags} button="Show" enter={(line) => setTags(tagsIn(line))} />
      <p class="total">{fullDuration(totalWorktime(tasks, tags, scene().now))}</p>
    </>
  );
}

function tagsIn(line: string): readonly string[] {
  return line.split(/\s+/).flatMap((word) => (word === '' ? [] : [word.replace(/^\+/, '')]));
}

function TagsForm({
  initial,
  button,
  enter,
}: {
  initial: readonly string[];
  button: string;
  enter: (line: string) => void;
}) {
  const [typed, setTyped] = useState(initial.join(' '));
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault();
        enter(typed);
      }}
    >
      <input
        aria-label="Tags"
        placeholder="home work"
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <button type="submit" class="primary">
        {button}
      </button>
    </form>
  );
}

function Admission({ reason, enter }: { reason: string; enter: (token: string) => void }) {
  const [typed, setTyped] = useState('');
  return (
    <section class="card admission">
      <h2>Sign in</h2>
      <p>
        The hub says: {reason}. Paste your token: <code>horai token create</code> prints one. This browser will remember
        it.
      </p>
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault();
          enter(typed.trim());
        }}
      >
        <input
          type="password"
          aria-label="Token"
          autocomplete="current-password"
          required
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </section>
  );
}

interface Message {
  readonly text: string;
  /** True if the message offers to undo the change. */
  readonly undo: boolean;
}

/** A message that disappears by itself. */
function useMessage(): [Message | undefined, (message: Message) => void] {
  const [message, showMessage] = useState<Message>();
  useEffect(() => {
    if (message === undefined) return;
    const timer = setTimeout(() => showMessage(undefined), messageMs);
    return () => clearTimeout(timer);
  }, [message]);
  return [message, showMessage];
}

function useEverySecond(act: () => void): void {
  useEffect(() => {
    const timer = setInterval(act, 1_000);
    return () => clearInterval(timer);
  }, []);
}

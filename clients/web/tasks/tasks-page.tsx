// The whole page of tasks: the list, what keys and buttons do, and the dialogs.

import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { fullDuration } from '../../../protocol/duration.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { totalWorktime, worktimeOf } from '../../../protocol/worktime.ts';
import * as actions from '../../kronos/data/actions.ts';
import { formatEditLine, parseEditLine } from '../../kronos/data/edit-line.ts';
import type { TasksPageTexts } from '../languages/tasks.ts';
import { pathTo } from '../shared/address.ts';
import { Dialog } from '../shared/dialog.tsx';
import { fillPieces } from '../shared/fill-pieces.ts';
import { KeysDialog, useKeys } from '../shared/keyboard.tsx';
import { readStoredSettings, remember } from '../shared/settings.ts';
import { SignIn } from '../shared/sign-in.tsx';
import { useRefusal } from '../shared/use-refusal.ts';
import { type Arrangement, arrangeTasks, inUnits, nameOfTask } from './board.ts';
import { words } from './connection-text.ts';
import { bindings, commandAt, type PageKeyCommand } from './keys.ts';
import { LiveTasks, scene } from './live-tasks.ts';
import { Prompt } from './task-prompt.tsx';
import { TaskRow } from './task-row.tsx';

/** The view settings of this browser; other devices have their own. */
interface Options {
  readonly hide_done: boolean;
  readonly context: readonly string[];
  readonly sort: Arrangement['sort'];
}

type Open = 'add' | 'update' | 'info' | 'worktime' | 'context' | 'keys';

/** How long a message is shown, in milliseconds. */
const messageMs = 8_000;

/** The state of the page, and what its keys, buttons and dialogs do. */
function useTasksPage(texts: TasksPageTexts) {
  const { text } = texts;
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [options, setOptions] = useState(readOptions);
  const [open, setOpen] = useState<Open>();
  const [chosen, choose] = useState('');
  const [message, showMessage] = useMessage();
  const live = useMemo(
    () =>
      new LiveTasks({
        texts,
        changed: () => redraw(0),
        failed: (reason) => showMessage({ text: reason, undo: false }),
      }),
    [],
  );
  useEffect(() => () => live.close(), [live]);
  useEverySecond(() => redraw(0));

  const { shown, search, setSearch } = useArranged(live.tasks, options, texts);
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
      showMessage({ text: `${texts.find(`tasks.did-${output.verb}`) ?? ''}: ${output.task.desc}`, undo: true });
      if (output.verb === 'added') choose(output.task.index);
    }
    return true;
  };
  const set = (changed: Partial<Options>) => {
    const next = { ...options, ...changed };
    setOptions(next);
    remember('tasks', JSON.stringify(next));
  };
  const act = (command: PageKeyCommand, about: PlainTask | undefined = task) => {
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
    }
    if (about === undefined) return showMessage({ text: text('tasks.none-yet'), undo: false });
    if (command === 'info' || command === 'update') setOpen(command);
    else perform(actions.singleTaskActions[command], String(about.id));
  };
  const undo = () => {
    live.undo();
    showMessage({ text: text(live.canUndo ? 'edit.undone' : 'tasks.undo-end'), undo: false });
  };
  useKeys(commandAt, act);
  return {
    live,
    options,
    set,
    search,
    setSearch,
    open,
    setOpen,
    message,
    shown,
    at,
    task,
    list,
    choose,
    perform,
    act,
    undo,
  };
}

export function TasksPage({ texts }: { texts: TasksPageTexts }) {
  const { text } = texts;
  const page = useTasksPage(texts);
  const { live, options, set, open, setOpen, message, shown, at, task, list, choose, perform, act, undo } = page;
  const worked = useWorkedToday(live);
  /** A dialog may report its closing after the next one has opened. */
  const closing = (one: Open) => () => setOpen((now) => (now === one ? undefined : now));
  const refusal = useRefusal(live.state.name === 'offline');
  const hidden = live.tasks.length - shown.length;
  // Nothing of the person is shown any more; what waits in this browser is sent when they sign in again.
  if (live.state.name === 'revoked') {
    return (
      <>
        <Head live={live} texts={texts} worked={undefined} showKeys={() => setOpen('keys')} />
        <SignIn texts={texts} reason={live.state.reason} />
      </>
    );
  }
  return (
    <>
      <Head live={live} texts={texts} worked={worked} showKeys={() => setOpen('keys')} />
      {refusal !== '' && (
        <p class="problem" role="alert">
          {refusal}
        </p>
      )}
      <Prompt
        id="add"
        texts={texts}
        label={text('tasks.add')}
        verb="add"
        context={options.context}
        focused={open === 'add'}
        left={closing('add')}
        submit={(line) => perform(actions.add, line)}
      />
      <Tools texts={texts} options={options} set={set} open={setOpen} search={page.search} setSearch={page.setSearch} />
      <ol class="tasks" ref={list} aria-label={text('nav.tasks')}>
        {shown.map((one, place) => (
          <TaskRow
            key={one.index}
            texts={texts}
            task={one}
            chosen={place === at}
            act={act}
            choose={() => choose(one.index)}
          />
        ))}
      </ol>
      {shown.length === 0 && <Nothing texts={texts} known={live.known} hidden={hidden} context={options.context} />}
      <output class="said" data-shown={message !== undefined}>
        {message?.text}
        {message?.undo === true && (
          <button type="button" aria-keyshortcuts="z" onClick={undo}>
            {text('edit.undo')}
          </button>
        )}
      </output>
      <Dialogs
        texts={texts}
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

/** Due dates that a thumb can reach; the line above takes any other. */
function DueChips({
  task,
  set,
  texts: { text },
}: {
  task: PlainTask;
  set: (line: string) => void;
  texts: TasksPageTexts;
}) {
  const line = formatEditLine({ ...task, due: 0 });
  const chips = [
    ['today', '::2359'],
    ['tasks.tomorrow', ':1d'],
    ['tasks.next-week', ':1w'],
  ] as const;
  return (
    <p class="buttons">
      <span class="soft">{text('tasks.due')}</span>
      {chips.map(([label, due]) => (
        <button key={label} type="button" onClick={() => set(`${line} ${due}`)}>
          {text(label)}
        </button>
      ))}
      <input
        type="date"
        aria-label={text('tasks.due-on')}
        onChange={({ currentTarget: { value } }) => {
          const [year = '', month, day] = value.split('-');
          if (day !== undefined) set(`${line} :${day}${month}${year.slice(2)}:2359`);
        }}
      />
    </p>
  );
}

interface HeadProps {
  readonly texts: TasksPageTexts;
  readonly live: LiveTasks;
  /** Seconds. */
  readonly worked: number | undefined;
  readonly showKeys: () => void;
}

function Head({ live, worked, showKeys, texts }: HeadProps) {
  const { text } = texts;
  const { state, detail } = words(live.state, live.waiting, texts);
  return (
    <div class="tasks-head">
      <h1>{text('nav.tasks')}</h1>
      <p class="link" data-state={live.state.name}>
        <span class="dot" aria-hidden="true" />
        <output>{state}</output> {detail}
      </p>
      {worked !== undefined && worked > 0 && (
        <p class="today">
          {fillPieces(texts.pieces('tasks.worked'), {
            today: <a href={pathTo('/day')}>{text('today')}</a>,
            time: <strong>{inUnits(fullDuration(Math.floor(worked / 60) * 60), texts)}</strong>,
          })}
        </p>
      )}
      <button type="button" class="keys-button" aria-keyshortcuts="?" onClick={showKeys}>
        {text('keys')} <kbd>?</kbd>
      </button>
    </div>
  );
}

interface ToolsProps {
  readonly texts: TasksPageTexts;
  readonly options: Options;
  readonly set: (changed: Partial<Options>) => void;
  readonly open: (dialog: Open) => void;
  readonly search: string;
  readonly setSearch: (search: string) => void;
}

function Tools({ options, set, open, search, setSearch, texts: { text } }: ToolsProps) {
  return (
    <div class="tasks-tools">
      <label class="switch">
        <input
          type="checkbox"
          aria-keyshortcuts="H"
          checked={options.hide_done}
          onChange={() => set({ hide_done: !options.hide_done })}
        />
        {text('tasks.hide-done')}
      </label>
      <input
        class="task-search"
        type="search"
        aria-label={text('tasks.search')}
        placeholder={text('tasks.search-hint')}
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <select
        class="task-sort"
        aria-label={text('tasks.order')}
        value={options.sort}
        onChange={({ currentTarget: { value } }) => set({ sort: value === 'due' || value === 'tag' ? value : 'added' })}
      >
        <option value="added">{text('tasks.by-added')}</option>
        <option value="due">{text('tasks.by-due')}</option>
        <option value="tag">{text('tasks.by-tag')}</option>
      </select>
      <button type="button" aria-keyshortcuts="C" onClick={() => open('context')}>
        {options.context.length === 0
          ? text('tasks.filter')
          : text('tasks.filter-is', { tags: options.context.join(' ') })}
      </button>
      <button type="button" aria-keyshortcuts="W" onClick={() => open('worktime')}>
        {text('tasks.worktime')}
      </button>
    </div>
  );
}

interface DialogsProps {
  readonly texts: TasksPageTexts;
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

function Dialogs({ open, closing, task, tasks, context, update, setContext, texts }: DialogsProps) {
  const { text } = texts;
  const closeText = text('close');
  return (
    <>
      <KeysDialog
        texts={texts}
        keys={bindings.map(({ label, command }) => ({ label, does: text(`tasks.key-${command}`) }))}
        open={open === 'keys'}
        close={closing('keys')}
      />
      {task !== undefined && (
        <Dialog title={task.desc} closeText={closeText} open={open === 'info'} close={closing('info')}>
          <Info task={task} texts={texts} />
        </Dialog>
      )}
      {task !== undefined && (
        <Dialog
          title={text('tasks.change-title')}
          closeText={closeText}
          open={open === 'update'}
          close={closing('update')}
        >
          <Prompt
            key={task.index}
            id="update"
            texts={texts}
            label={text('tasks.task-id', { id: task.id })}
            verb="update"
            context={[]}
            initial={formatEditLine(task)}
            focused={open === 'update'}
            submit={(line) => update(line, task)}
          />
          <DueChips texts={texts} task={task} set={(due) => update(due, task)} />
        </Dialog>
      )}
      <Dialog title={text('tasks.filter')} closeText={closeText} open={open === 'context'} close={closing('context')}>
        <p class="hint">{text('tasks.filter-hint')}</p>
        <TagsForm texts={texts} initial={context} button={text('tasks.set')} enter={setContext} />
      </Dialog>
      <Dialog
        title={text('tasks.worktime')}
        closeText={closeText}
        open={open === 'worktime'}
        close={closing('worktime')}
      >
        <Worktime tasks={tasks} texts={texts} />
      </Dialog>
    </>
  );
}

/** The tasks that are shown, in their order, and what is searched for. */
function useArranged(tasks: readonly PlainTask[], options: Options, texts: TasksPageTexts) {
  const [search, setSearch] = useState('');
  useRunningTitle(tasks, texts);
  const shown = arrangeTasks(actions.visibleTasks({ tasks, ...options }), { search, sort: options.sort });
  return { shown, search, setSearch };
}

/** The day's time on tasks, as the merged day has it: asked again each minute, and after a change of the tasks. @returns seconds */
function useWorkedToday(live: LiveTasks): number | undefined {
  const [worked, setWorked] = useState<number>();
  const { tasks } = live;
  const isLive = live.state.name === 'live';
  useEffect(() => {
    if (!isLive) return;
    const ask = () => void live.workedToday().then(setWorked);
    ask();
    const timer = setInterval(ask, 60_000);
    return () => clearInterval(timer);
  }, [live, tasks, isLive]);
  return worked;
}

/** The running task is the title of the tab, so that it is seen from elsewhere. */
function useRunningTitle(tasks: readonly PlainTask[], texts: TasksPageTexts): void {
  const running = tasks.find(({ active }) => active !== 0);
  const title = `${running === undefined ? texts.text('nav.tasks') : `▶ ${nameOfTask(running, texts)}`} · Horai`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}

function readOptions(): Options {
  try {
    const { hide_done = true, context = [], sort = 'added' } = JSON.parse(readStoredSettings().tasks || '{}');
    return {
      hide_done: hide_done === true,
      context: Array.isArray(context) ? context.map(String) : [],
      sort: sort === 'due' || sort === 'tag' ? sort : 'added',
    };
  } catch {
    return { hide_done: true, context: [], sort: 'added' };
  }
}

interface NothingProps {
  readonly texts: TasksPageTexts;
  readonly known: boolean;
  readonly hidden: number;
  readonly context: readonly string[];
}

function Nothing({ known, hidden, context, texts }: NothingProps) {
  const { text, pieces } = texts;
  if (!known) return <p class="hint">{text('tasks.waiting')}</p>;
  if (hidden > 0) {
    const tags = context.join(' ');
    return <p class="hint">{text(tags === '' ? 'tasks.nothing' : 'tasks.nothing-tags', { tags })}</p>;
  }
  const steps = [
    fillPieces(pieces('tasks.first-line'), { line: <code>water the plants +home :10:18</code> }),
    fillPieces(pieces('tasks.first-keys'), { help: <kbd>?</kbd>, enter: <kbd>↵</kbd>, done: <kbd>d</kbd> }),
    fillPieces(pieces('tasks.first-else'), { help: <a href={pathTo('/help')}>{text('nav.help')}</a> }),
  ];
  return (
    <section class="card next-steps">
      <h2>{text('tasks.first')}</h2>
      <ol>
        {steps.map((step, at) => (
          <li key={at}>
            <p>{step}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Info({ task, texts }: { task: PlainTask; texts: TasksPageTexts }) {
  const { text } = texts;
  const { now, date } = scene();
  const moment = (seconds: number) => (seconds === 0 ? '' : date(seconds));
  const facts = [
    ['tasks.id', String(task.id)],
    ['tasks.tags', task.tags.join(' ')],
    ['tasks.due', moment(task.due)],
    ['tasks.active-since', moment(task.active)],
    ['tasks.last-active', moment(task.last_active)],
    ['tasks.done', moment(task.done)],
    ['tasks.worktime', inUnits(fullDuration(worktimeOf(task, now)), texts)],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(([label, fact]) => (
        <div key={label}>
          <dt>{text(label)}</dt>
          <dd>{fact || '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

function Worktime({ tasks, texts }: { tasks: readonly PlainTask[]; texts: TasksPageTexts }) {
  const { text } = texts;
  const [tags, setTags] = useState<readonly string[]>([]);
  return (
    <>
      <p class="hint">{text('tasks.worktime-hint')}</p>
      <TagsForm texts={texts} initial={tags} button={text('tasks.show')} enter={(line) => setTags(tagsIn(line))} />
      <p class="total">{inUnits(fullDuration(totalWorktime(tasks, tags, scene().now)), texts)}</p>
    </>
  );
}

function tagsIn(line: string): readonly string[] {
  return line.split(/\s+/).flatMap((word) => (word === '' ? [] : [word.replace(/^\+/, '')]));
}

function TagsForm({
  texts: { text },
  initial,
  button,
  enter,
}: {
  texts: TasksPageTexts;
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
        aria-label={text('tasks.tags')}
        placeholder={text('tasks.tags-example')}
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

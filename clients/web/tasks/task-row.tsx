// One task in the list: its fields in a line, and buttons for people without a keyboard.

import { fullDuration, shortDuration } from '../../../protocol/duration.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { worktimeOf } from '../../../protocol/worktime.ts';
import type { TasksPageTexts } from '../languages/tasks.ts';
import { fromNow, inUnits, nameOfTask } from './board.ts';
import type { PageKeyCommand } from './keys.ts';
import { scene } from './live-tasks.ts';

export interface TaskRowProps {
  readonly texts: TasksPageTexts;
  readonly task: PlainTask;
  /** True if keys act on this task. */
  readonly chosen: boolean;
  readonly choose: () => void;
  readonly act: (command: PageKeyCommand, task: PlainTask) => void;
}

export function TaskRow({ task, chosen, choose, act, texts }: TaskRowProps) {
  const { text } = texts;
  const { now } = scene();
  const name = nameOfTask(task, texts);
  const running = task.active !== 0;
  const state = task.done !== 0 ? 'done' : running ? 'running' : 'open';
  const late = task.done === 0 && task.due !== 0 && task.due < now;
  const button = (command: PageKeyCommand, label: string) => (
    <button
      type="button"
      class={command}
      aria-label={`${label}: ${name}`}
      onClick={(event) => {
        // After a click of the mouse the keys belong to the row again; the keyboard stays where it is.
        if (event.detail > 0) event.currentTarget.closest('li')?.focus();
        act(command, task);
      }}
    >
      {label}
    </button>
  );
  return (
    // The row takes the keys for its task; its buttons are for the mouse.
    <li
      class="task"
      data-index={task.index}
      data-state={state}
      data-chosen={chosen}
      aria-current={chosen}
      tabIndex={chosen ? 0 : -1}
      onFocus={choose}
    >
      <span class="id">{task.done === 0 ? task.id : '-'}</span>
      <div class="what">
        <button type="button" class="desc" onClick={() => act('info', task)}>
          {task.desc.trim() === '' ? <em>{name}</em> : task.desc}
        </button>
        {task.tags.length > 0 && (
          <span class="tags">
            {task.tags.map((tag) => (
              <span key={tag} class="tag">
                {tag}
              </span>
            ))}
          </span>
        )}
      </div>
      <span class="due" data-late={late}>
        {task.done !== 0
          ? text('tasks.was-done', { when: fromNow(task.done - now, texts) })
          : task.due !== 0 && text('tasks.is-due', { when: fromNow(task.due - now, texts) })}
      </span>
      <span class="worked">
        {running
          ? inUnits(fullDuration(worktimeOf(task, now)), texts)
          : task.worktime !== 0 && inUnits(shortDuration(task.worktime), texts)}
      </span>
      <div class="acts">
        {task.done === 0
          ? button('toggle', text(running ? 'tasks.stop' : 'tasks.start'))
          : button('undone', text('tasks.not-done'))}
        {task.done === 0 && button('done', text('tasks.done'))}
        {task.done === 0 && button('update', text('edit.change'))}
        {button('delete', text('goals.delete'))}
      </div>
    </li>
  );
}

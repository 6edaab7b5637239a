// One task in the list: its fields in a line, and buttons for people without a keyboard.

import { fullDuration } from '../../../protocol/duration.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { taskTexts } from '../../../protocol/stringify.ts';
import { worktimeOf } from '../../../protocol/worktime.ts';
import type { KeyCommand } from '../../kronos/gui/keys.ts';
import { scene } from './live-tasks.ts';

export interface TaskRowProps {
  readonly task: PlainTask;
  /** True if keys act on this task. */
  readonly chosen: boolean;
  readonly choose: () => void;
  readonly act: (command: KeyCommand, task: PlainTask) => void;
}

export function TaskRow({ task, chosen, choose, act }: TaskRowProps) {
  const here = scene();
  const fields = taskTexts('list', task, here);
  const running = task.active !== 0;
  const state = task.done !== 0 ? 'done' : running ? 'running' : 'open';
  const late = task.done === 0 && task.due !== 0 && task.due < here.now;
  const button = (command: KeyCommand, label: string) => (
    <button type="button" aria-label={`${label}: ${task.desc}`} onClick={() => act(command, task)}>
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
      <span class="id">{fields.id}</span>
      <div class="what">
        <button type="button" class="desc" onClick={() => act('info', task)}>
          {task.desc}
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
        {task.done !== 0 ? `done ${fields.done}` : fields.due === '' ? '' : `due ${fields.due}`}
      </span>
      <span class="worked">
        {running ? fullDuration(worktimeOf(task, here.now)) : task.worktime === 0 ? '' : fields.worktime}
      </span>
      <div class="acts">
        {task.done === 0 ? button('toggle', running ? 'Stop' : 'Start') : button('undone', 'Not done')}
        {task.done === 0 && button('done', 'Done')}
        {task.done === 0 && button('update', 'Change')}
        {button('delete', 'Delete')}
      </div>
    </li>
  );
}

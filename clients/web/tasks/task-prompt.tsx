// The line for typing a task, with a live preview of what the hub will make of it.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { kindOf, type PlanningWords, parseTaskLine, splitWords } from '../../../protocol/words.ts';
import type { TasksPageTexts } from '../languages/tasks.ts';
import { fromNow } from './board.ts';
import { scene } from './live-tasks.ts';

export interface PromptProps {
  readonly texts: TasksPageTexts;
  readonly id: string;
  readonly label: string;
  readonly verb: 'add' | 'update';
  /** Tags that a new task gets in addition. */
  readonly context: readonly string[];
  readonly initial?: string;
  /** When this becomes true, the line gets the focus. */
  readonly focused: boolean;
  readonly left?: () => void;
  /** @returns true if the line was accepted; it is empty then */
  readonly submit: (line: string) => boolean;
}

/** The named fields of a line, as they are typed: `priority:high every:week`. */
function planningTexts({ project, priority, every }: PlanningWords, { text }: TasksPageTexts): readonly string[] {
  const fields = [
    ['tasks.plan-project', project],
    ['tasks.plan-priority', priority],
    ['tasks.plan-every', every],
  ] as const;
  return fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${text(name)} ${value ?? text('tasks.none')}`],
  );
}

export function Prompt({ id, label, verb, context, initial = '', focused, left, submit, texts }: PromptProps) {
  const { text } = texts;
  const [typed, setTyped] = useState(initial);
  const field = useRef<HTMLInputElement>(null);
  // A layout effect moves the focus before the next key, which is the first letter of the line.
  useLayoutEffect(() => {
    if (focused) field.current?.focus();
  }, [focused]);
  const { now, zone, date } = scene();
  const read = parseTaskLine(typed, verb, now, zone);
  return (
    <form
      class="prompt"
      onSubmit={(event) => {
        event.preventDefault();
        if (submit(typed)) setTyped('');
      }}
    >
      <label for={`${id}-line`}>{label}</label>
      <div class="line">
        <input
          id={`${id}-line`}
          ref={field}
          aria-describedby={`${id}-hint`}
          aria-invalid={!read.ok}
          aria-keyshortcuts={verb === 'add' ? 'a' : undefined}
          placeholder={verb === 'add' ? text('tasks.example') : ''}
          autocomplete="off"
          enterkeyhint="done"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onBlur={left}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <button type="submit" class="primary">
          {text(verb === 'add' ? 'tasks.add-verb' : 'edit.change')}
        </button>
      </div>
      <p class={read.ok ? 'hint' : 'hint problem'} id={`${id}-hint`}>
        {!read.ok ? (
          text(`tasks.wrong ${read.error}`)
        ) : splitWords(typed).some((word) => kindOf(word, verb) !== 'text') ? (
          <>
            {read.line.desc || <em>{text('tasks.no-desc')}</em>}
            {[...read.line.tags, ...context].map((tag) => (
              <span key={tag} class="tag">
                {tag}
              </span>
            ))}
            {read.line.untags.map((tag) => (
              <s key={tag} class="tag">
                {tag}
              </s>
            ))}
            {planningTexts(read.line.planning, texts).map((words) => ` ${words}`)}
            {read.line.due === null && ` ${text('tasks.no-due')}`}
            {typeof read.line.due === 'number' &&
              ` ${text('tasks.due-at', { date: date(read.line.due), when: fromNow(read.line.due - now, texts) })}`}
          </>
        ) : (
          text('tasks.grammar')
        )}
      </p>
    </form>
  );
}

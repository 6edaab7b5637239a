// The line for typing a task, with a live preview of what the hub will make of it.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { relativeMoment } from '../../../protocol/stringify.ts';
import { kindOf, parseTaskLine, splitWords } from '../../../protocol/words.ts';
import { scene } from './live-tasks.ts';

export interface PromptProps {
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

const grammar =
  '+tag adds a tag; :DDMMYY:HHMM sets the due date, and may be cut short: :10 the next 10th, ::8 at eight, :2d in two days.';

const problems = {
  'invalid tags': 'A tag is letters, digits, - and _.',
  'invalid due': 'That is not a date, or it has passed: type :DDMMYY:HHMM or :2w1d.',
} as const;

export function Prompt({ id, label, verb, context, initial = '', focused, left, submit }: PromptProps) {
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
          placeholder={verb === 'add' ? 'water the plants +home :10' : ''}
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
          {verb === 'add' ? 'Add' : 'Change'}
        </button>
      </div>
      <p class={read.ok ? 'hint' : 'hint problem'} id={`${id}-hint`}>
        {!read.ok ? (
          problems[read.error]
        ) : splitWords(typed).some((word) => kindOf(word, verb) !== 'text') ? (
          <>
            {read.line.desc || <em>no description yet</em>}
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
            {read.line.due !== undefined && ` due ${date(read.line.due)}, ${relativeMoment(read.line.due - now)}`}
          </>
        ) : (
          grammar
        )}
      </p>
    </form>
  );
}

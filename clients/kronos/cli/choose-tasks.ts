// Which tasks an action is about: the line of one task, several ids, or all tasks of a filter. An action takes one line a task.

import { markText, splitWords, textMark } from '../../../protocol/words.ts';
import { type ActionContext, type ActionRefusal, type TaskState, visibleTasks } from '../data/actions.ts';
import { applyFilter, parseFilter } from '../data/filter.ts';
import type { ActionRow } from './table.ts';

/** The lines of an action, one a task; or a filter, and the words that follow each id. */
export type ActionTarget =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'filter'; readonly filter: string; readonly changes: string };

const idWord = /^-?\d{1,16}$/;
const idsWord = /^\d{1,16}(?:[,-]\d{1,16})+$/;
const widestRange = 1_000;

/** The word between a filter and the changes of `update`. */
const changeWord = 'set';

/**
 * @param words the words behind the action's name
 * @param textFrom how many of them are before `--`; undefined without one
 */
export function findTarget(row: ActionRow, words: readonly string[], textFrom: number | undefined): ActionTarget {
  const [name] = row.names;
  const before = words.slice(0, textFrom);
  const after = textFrom === undefined ? [] : words.slice(textFrom);
  if (row.takesSeveral === true) return severalTasks(words);
  if (name === 'update') return updatedTasks(before, after, textFrom !== undefined);
  if (textFrom === undefined) return { kind: 'lines', lines: [words.join(' ')] };
  if (name === 'add') return { kind: 'lines', lines: [markText(before, after, 'add')] };
  const takesFilter = name === 'list' || name === 'next';
  return { kind: 'lines', lines: [[...before, ...(takesFilter ? [textMark] : []), ...after].join(' ')] };
}

function severalTasks(words: readonly string[]): ActionTarget {
  const ids = splitWords(words.join(' ')).map(expandIds);
  if (!ids.every((id) => id !== undefined)) return { kind: 'filter', filter: words.join(' '), changes: '' };
  const known = [...new Set(ids.flat())];
  return { kind: 'lines', lines: known.length === 0 ? [''] : known };
}

function updatedTasks(before: readonly string[], after: readonly string[], isMarked: boolean): ActionTarget {
  const [first = '', ...rest] = before;
  const line = (from: readonly string[]) => (isMarked ? markText(from, after, 'update') : from.join(' '));
  const at = before.indexOf(changeWord);
  const ids = expandIds(first);
  if (ids === undefined && at > 0) {
    const changes = line(['', ...before.slice(at + 1)]).trim();
    return { kind: 'filter', filter: before.slice(0, at).join(' '), changes };
  }
  if (ids === undefined || ids.length === 1) return { kind: 'lines', lines: [line(before)] };
  return { kind: 'lines', lines: ids.map((id) => line([id, ...rest])) };
}

/** `3`, `3,5`, `3-5`. @returns undefined for a word that is no id */
function expandIds(word: string): readonly string[] | undefined {
  if (idWord.test(word)) return [word];
  if (!idsWord.test(word)) return undefined;
  return word.split(',').flatMap((part) => {
    const [from = '', to = from] = part.split('-');
    const count = Math.min(widestRange, Number(to) - Number(from) + 1);
    return Array.from({ length: Math.max(0, count) }, (_, at) => String(Number(from) + at));
  });
}

type Chosen =
  | { readonly ok: true; readonly lines: readonly string[] }
  | (ActionRefusal & { readonly shown?: readonly string[] });

/** How many of the tasks of a filter are named before one confirms. */
const mostShown = 10;

/**
 * @param confirmed true if a change to all tasks of a filter is meant
 * @returns the lines of the action, one a task
 */
export function chooseLines(
  row: ActionRow,
  target: ActionTarget,
  state: TaskState,
  context: ActionContext,
  confirmed: boolean,
): Chosen {
  if (target.kind === 'lines') return { ok: true, lines: target.lines };
  const scene = { ...context, tasks: state.tasks };
  const parsed = parseFilter(target.filter, scene);
  if (!parsed.ok) return { ok: false, error: 'invalid filter', why: 'usage', detail: parsed.detail };
  const { filter } = parsed;
  // A word that is only text is more likely a mistyped id than a wish to change every task that has it.
  if (!filter.isExplicit) return { ok: true, lines: [target.filter] };
  const isUndone = row.names[0] === 'undone';
  const visible = visibleTasks(
    { ...state, hide_done: !filter.wantsDone && !isUndone },
    filter.wantsWaiting ? undefined : context.now,
  );
  const candidates = isUndone ? visible.filter(({ done }) => done !== 0) : visible;
  const tasks = applyFilter(candidates, filter, scene);
  if (tasks.length === 0)
    return { ok: false, error: 'task not found', why: 'not found', detail: 'no task fits the filter' };
  if (!confirmed) {
    const rest = tasks.length - mostShown;
    return {
      ok: false,
      error: `${tasks.length} ${tasks.length === 1 ? 'task fits' : 'tasks fit'} the filter; nothing was changed`,
      why: 'failure',
      shown: [
        ...tasks.slice(0, mostShown).map(({ id, desc }) => `${id} ${desc}`),
        ...(rest > 0 ? [`and ${rest} more`] : []),
      ],
      detail: `Repeat the command with --yes to ${row.names[0]} ${tasks.length === 1 ? 'it' : 'all of them'}.`,
    };
  }
  return { ok: true, lines: tasks.map(({ id }) => `${id} ${target.changes}`.trimEnd()) };
}

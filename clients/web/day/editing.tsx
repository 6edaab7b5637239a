// The editing parts of the page of a day: cards of suggestions, questions, and the dialog that edits a stretch. They are fetched when the
// day has been drawn.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { QuestionAnswer, QuestionView } from '../../../protocol/day-questions.ts';
import type { SuggestionView } from '../../../protocol/day-suggestions.ts';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { Dialog } from '../shared/dialog.tsx';
import { EditLine } from '../shared/edit-line.tsx';
import type { TimeFormat } from '../shared/time-format.ts';
import type { DayEditor } from './day-editor.ts';
import { shortestUnassigned, type UnassignedRow, unassignedOf } from './day-view.ts';
import {
  assignStretch,
  clockOf,
  type EditedStretch,
  emptyStretch,
  momentOfClock,
  removeStretch,
  type StatedEntry,
} from './edit-stretch.ts';

export { BlockActions, BlockEdges } from './block-edges.tsx';
export { DayEditor } from './day-editor.ts';
export { emptyAround, likelyEmpty } from './edit-stretch.ts';

export interface EditingProps {
  readonly editor: DayEditor;
  readonly day: MergedDayView;
  readonly texts: Texts;
  readonly format: TimeFormat;
}

export function EditingLine({ editor, texts }: Pick<EditingProps, 'editor' | 'texts'>) {
  return <EditLine edits={editor.edits} texts={texts} undo={() => void editor.undo()} />;
}

const questionTexts: Readonly<Record<QuestionView['kind'], TextKey>> = {
  idle: 'question.idle',
  left_running: 'question.left-running',
  unexplained: 'question.unexplained',
};

const answerTexts: Readonly<Record<QuestionAnswer, TextKey>> = {
  stop: 'question.stop',
  keep: 'question.keep',
  split: 'question.split',
  dismiss: 'question.dismiss',
};

/** The hub's questions; one answer counts for all devices. */
export function Questions({ editor, texts, format }: EditingProps) {
  return (
    <>
      {editor.questions.map((question) => {
        const { key, kind, desc, from, to, answers } = question;
        const time = to === null ? texts.text('question.since', { time: format.clock(from) }) : format.range(from, to);
        return (
          <section key={key} class="card question" aria-label={texts.text('question.title')}>
            <p>{texts.text(questionTexts[kind], { task: desc, time })}</p>
            <p class="buttons">
              {answers.map((answer) => (
                <button key={answer} type="button" onClick={() => void editor.answerQuestion(question, answer)}>
                  {texts.text(answerTexts[answer], { time: format.clock(from) })}
                </button>
              ))}
              {kind === 'unexplained' && (
                <a class="button" href={pathTo(`/day/${key.split(' ')[1] ?? ''}`)}>
                  {texts.text('question.look')}
                </a>
              )}
            </p>
          </section>
        );
      })}
    </>
  );
}

/** Stretches without a project: with a suggestion as cards, the others with what can be done about them. */
export function UnassignedCards(props: EditingProps) {
  const { editor, day, texts, format } = props;
  const { suggestions } = editor;
  const { stretches, more, shorter } = unassignedOf(day);
  const others = stretches.filter((one) => !suggestions.some(({ from, to }) => from < one.to && to > one.from));
  const isNone = stretches.length === 0 && shorter === 0;
  const time = format.duration(shortestUnassigned);
  const count = (key: 'unassigned.more' | 'unassigned.shorter', amount: number) =>
    amount > 0 && (
      <p class="hint">{texts.text(`${key}-${format.isOne(amount) ? 'one' : 'other'}`, { count: amount, time })}</p>
    );
  return (
    <section class="card" aria-labelledby="unassigned-title">
      <h2 id="unassigned-title">{texts.text('unassigned.title')}</h2>
      <p class="hint">{texts.text(isNone ? 'unassigned.none' : 'unassigned.hint')}</p>
      <ul class="suggestions">
        {suggestions.map((suggestion) => (
          <Suggestion key={suggestion.key} suggestion={suggestion} {...props} />
        ))}
        {others.map((row) => (
          <UnassignedStretch key={row.from} row={row} {...props} />
        ))}
      </ul>
      {count('unassigned.more', more)}
      {count('unassigned.shorter', shorter)}
    </section>
  );
}

const reasonTexts: Readonly<Record<SuggestionView['reasons'][number]['kind'], TextKey>> = {
  'task id': 'reason.task-id',
  alias: 'reason.alias',
  task: 'reason.task',
  goal: 'reason.goal',
  neighbour: 'reason.neighbour',
  words: 'reason.words',
};

function ofSuggestion({ from, to, spans, project, task }: SuggestionView): EditedStretch {
  return { from, to, spans, project, task, entry: undefined };
}

function Suggestion({ suggestion, editor, texts, format }: EditingProps & { suggestion: SuggestionView }) {
  const { from, to, time, project, task, tier, reasons, rule } = suggestion;
  const range = format.range(from, to);
  const name = task === null ? project : texts.text('suggestion.task', { project, task: editor.taskName(task) });
  const button = (key: TextKey, act: () => void, kind = '') => (
    <button type="button" class={kind} aria-label={`${texts.text(key)}: ${range}`} onClick={act}>
      {texts.text(key)}
    </button>
  );
  return (
    <li class="suggestion">
      <p class="suggestion-head">
        <span class="when">{range}</span> <span class="soft">{format.duration(time)}</span>
      </p>
      <p class="suggestion-name">
        {texts.text(tier === 1 ? 'suggestion.sure' : 'suggestion.maybe')} <strong>{name}</strong>
      </p>
      <p class="soft">
        {[...new Set(reasons.map(({ kind, text }) => texts.text(reasonTexts[kind], { text })))].join(' · ')}
      </p>
      <p class="buttons">
        {button('suggestion.accept', () => void editor.answer(suggestion, 'accept'), 'primary')}
        {button('suggestion.change', () => editor.open(ofSuggestion(suggestion)))}
        {button('suggestion.refuse', () => void editor.answer(suggestion, 'refuse'))}
      </p>
      <details class="suggestion-more">
        <summary>{texts.text('suggestion.more')}</summary>
        <p class="buttons">
          {rule !== null && button('suggestion.always', () => void editor.answer(suggestion, 'always'))}
          {button('edit.away', () => void editor.save(removeStretch(ofSuggestion(suggestion))))}
          {rule !== null && button('suggestion.never-work', () => void editor.neverWork(suggestion))}
        </p>
        {rule !== null && <RuleText when={rule.when} />}
      </details>
    </li>
  );
}

/** The condition of the rule that "always" would save. */
function RuleText({ when }: { when: object }) {
  return (
    <p class="soft">
      {Object.entries(when).map(([name, condition]) => (
        <code key={name}>
          {name} {Object.entries(condition).flat().join(' ')}{' '}
        </code>
      ))}
    </p>
  );
}

function UnassignedStretch({ row, editor, texts, format }: EditingProps & { row: UnassignedRow }) {
  const { from, to, lane, source } = row;
  const range = format.range(from, to);
  return (
    <li class="suggestion">
      <p class="suggestion-head">
        <span class="when">{range}</span> <span class="soft">{format.duration(to - from)}</span>
      </p>
      <p class="soft">
        {texts.text(`lane.${lane}`)} · {source}
      </p>
      <p class="buttons">
        <button
          type="button"
          aria-label={`${texts.text('edit.assign')}: ${range}`}
          onClick={() => editor.open(emptyStretch(from, to))}
        >
          {texts.text('edit.assign')}
        </button>
        <button
          type="button"
          aria-label={`${texts.text('edit.away')}: ${range}`}
          onClick={() => void editor.save(removeStretch(emptyStretch(from, to)))}
        >
          {texts.text('edit.away')}
        </button>
      </p>
    </li>
  );
}

/** The dialog that says what a stretch was. */
export function EditDialog(props: EditingProps) {
  const { editor, texts, format } = props;
  const { opened } = editor;
  return (
    <Dialog
      title={opened === undefined ? '' : texts.text('edit.title', { range: format.range(opened.from, opened.to) })}
      open={opened !== undefined}
      close={() => editor.open(undefined)}
      closeText={texts.text('edit.cancel')}
    >
      {opened !== undefined && <EditForm {...props} stretch={opened} />}
    </Dialog>
  );
}

interface EditFields {
  readonly from: string;
  readonly to: string;
  readonly project: string;
  readonly task: string;
  readonly text: string;
  readonly split: string;
}

function EditForm({ editor, day, texts, stretch }: EditingProps & { stretch: EditedStretch }) {
  const clock = (moment: number) => clockOf(moment, day.zone);
  const begin = { from: clock(stretch.from), to: clock(stretch.to) };
  const [fields, setFields] = useState<EditFields>({
    ...begin,
    project: stretch.project ?? '',
    task: stretch.task ?? '',
    text: stretch.entry?.item.text ?? '',
    split: clock((stretch.from + stretch.to) / 2),
  });
  const set = (changed: Partial<EditFields>) => setFields({ ...fields, ...changed });
  // A field shows minutes: one that was not touched keeps its seconds.
  const moment = (side: 'from' | 'to') =>
    fields[side] === begin[side] ? stretch[side] : momentOfClock(day, fields[side], stretch[side]);
  const [from, to] = [moment('from'), moment('to')];
  const isSpan = from !== undefined && to !== undefined && to > from;
  const save = () => {
    if (!isSpan) return;
    const { project, task, text } = fields;
    const item: StatedEntry = {
      ...(project.trim() === '' ? {} : { project: project.trim() }),
      ...(task === '' ? {} : { task }),
      ...(text.trim() === '' ? {} : { text: text.trim() }),
    };
    void editor.save(assignStretch(stretch, { from, to, item }));
  };
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div class="edit-times">
        <TimeField label={texts.text('table.from')} value={fields.from} set={(value) => set({ from: value })} />
        <TimeField label={texts.text('table.to')} value={fields.to} set={(value) => set({ to: value })} />
      </div>
      {!isSpan && (
        <p class="problem" role="alert">
          {texts.text('edit.wrong-span')}
        </p>
      )}
      <Field label={texts.text('table.project')}>
        <input
          type="text"
          list="edit-projects"
          maxLength={128}
          autocomplete="off"
          value={fields.project}
          onInput={(event) => set({ project: event.currentTarget.value })}
        />
        <datalist id="edit-projects">
          {day.projects.map(({ project }) => project !== null && <option key={project} value={project} />)}
        </datalist>
      </Field>
      <Field label={texts.text('edit.task')}>
        <select value={fields.task} onChange={(event) => set({ task: event.currentTarget.value })}>
          <option value="">{texts.text('edit.no-task')}</option>
          {editor.tasks.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label={texts.text('edit.text')}>
        <input type="text" value={fields.text} onInput={(event) => set({ text: event.currentTarget.value })} />
      </Field>
      <p class="hint">{texts.text(stretch.entry === undefined ? 'edit.hint' : 'edit.hint-entry')}</p>
      <p class="buttons">
        <button type="submit" class="primary" disabled={!isSpan}>
          {texts.text('edit.save')}
        </button>
        <button type="button" onClick={() => void editor.save(removeStretch(stretch))}>
          {texts.text(stretch.entry === undefined ? 'edit.away' : 'edit.delete')}
        </button>
      </p>
      <SplitLine editor={editor} day={day} texts={texts} stretch={stretch} fields={fields} set={set} />
    </form>
  );
}

interface SplitLineProps extends Omit<EditingProps, 'format'> {
  readonly stretch: EditedStretch;
  readonly fields: EditFields;
  readonly set: (changed: Partial<EditFields>) => void;
}

/** An entry is split into two; of anything else the part from that moment on is what the form is about. */
function SplitLine({ editor, day, texts, stretch, fields, set }: SplitLineProps) {
  const at = momentOfClock(day, fields.split, stretch.from);
  const isInside = at !== undefined && at > stretch.from && at < stretch.to;
  return (
    <div class="edit-split">
      <TimeField label={texts.text('edit.split-at')} value={fields.split} set={(value) => set({ split: value })} />
      <button
        type="button"
        disabled={!isInside}
        onClick={() => {
          if (at === undefined) return;
          if (stretch.entry === undefined) set({ from: fields.split, project: '', task: '' });
          else void editor.save({ do: 'split', key: stretch.entry.key, at });
        }}
      >
        {texts.text('edit.split')}
      </button>
    </div>
  );
}

function Field({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

function TimeField({ label, value, set }: { label: string; value: string; set: (value: string) => void }) {
  return (
    <Field label={label}>
      <input type="time" required value={value} onInput={(event) => set(event.currentTarget.value)} />
    </Field>
  );
}

// Notes on cells of the grid: what was done for a project on a day, for an invoice or a memory. Each is an item of the channel `day_notes`.

import { useState } from 'preact/hooks';
import type { DayNoteItem } from '../../../protocol/day.ts';
import type { Texts } from '../languages/languages.ts';
import { Dialog } from '../shared/dialog.tsx';
import type { PageEdits } from '../shared/edits.ts';
import type { TimeFormat } from '../shared/time-format.ts';
import { type GridCell, type NotedCell, noteKey, type WeekGrid } from './week-view.ts';

export interface NotesProps {
  readonly grid: WeekGrid;
  readonly notes: readonly NotedCell[];
  /** The cell whose note is open. */
  readonly opened: GridCell | undefined;
  readonly open: (cell: GridCell | undefined) => void;
  readonly edits: PageEdits;
  readonly texts: Texts;
  readonly format: TimeFormat;
}

/** In a cell: there for the mouse, and for everybody where a note is. Others are reached by the dialog. */
export function NoteMark({
  cell,
  about,
  notes,
  open,
  texts,
}: Pick<NotesProps, 'notes' | 'texts'> & { cell: GridCell; about: string; open: (cell: GridCell) => void }) {
  const text = notes.find(({ date, project }) => date === cell.date && project === cell.project)?.text;
  return (
    <button
      type="button"
      class="note-mark"
      data-noted={text !== undefined}
      tabIndex={text === undefined ? -1 : 0}
      aria-label={`${texts.text('edit.text')}: ${about}`}
      title={text ?? texts.text('week.add-note')}
      onClick={() => open(cell)}
    >
      <span aria-hidden="true">✎</span>
    </button>
  );
}

export function Notes({ grid, notes, opened, open, edits, texts, format }: NotesProps) {
  const projectName = (project: string | null) => project ?? texts.text('unassigned');
  return (
    <section class="card" aria-labelledby="notes-title">
      <h2 id="notes-title">{texts.text('week.notes')}</h2>
      <ul class="notes">
        {notes.map((note) => (
          <li key={noteKey(note)}>
            <p class="soft">
              {format.longDate(note.date)} · {projectName(note.project)} · {format.duration(note.time)}
            </p>
            <p>{note.text}</p>
            <button
              type="button"
              aria-label={`${texts.text('edit.change')}: ${projectName(note.project)}, ${format.longDate(note.date)}`}
              onClick={() => open(note)}
            >
              {texts.text('edit.change')}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" aria-keyshortcuts="a" onClick={() => open(firstCell(grid))}>
        {texts.text('week.add-note')}
      </button>
      <Dialog
        title={texts.text('week.notes')}
        open={opened !== undefined}
        close={() => open(undefined)}
        closeText={texts.text('edit.cancel')}
      >
        {opened !== undefined && (
          <NoteForm
            grid={grid}
            notes={notes}
            start={opened}
            edits={edits}
            texts={texts}
            format={format}
            done={() => open(undefined)}
          />
        )}
      </Dialog>
    </section>
  );
}

/** Where a note is likely to be written: the last day with time, its longest project. */
export function firstCell({ days, rows }: WeekGrid): GridCell {
  const date = days.findLast(({ total }) => total > 0)?.date ?? '';
  return { date, project: rows[0]?.project ?? null };
}

interface NoteFormProps extends Pick<NotesProps, 'grid' | 'notes' | 'edits' | 'texts' | 'format'> {
  readonly start: GridCell;
  readonly done: () => void;
}

function NoteForm({ grid, notes, start, edits, texts, format, done }: NoteFormProps) {
  const [cell, setCell] = useState(start);
  const known = notes.find((note) => noteKey(note) === noteKey(cell));
  const [typed, type] = useState<string>();
  const save = async (text: string) => {
    const item: DayNoteItem | undefined = text.trim() === '' ? undefined : { text: text.trim() };
    if (item === undefined && known === undefined) return done();
    if (await edits.put('day_notes', noteKey(cell), item)) done();
  };
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save(typed ?? known?.text ?? '');
      }}
    >
      <div class="edit-times">
        <label class="field">
          <span>{texts.text('table.day')}</span>
          <select value={cell.date} onChange={(event) => setCell({ ...cell, date: event.currentTarget.value })}>
            {grid.days.map(({ date }) => (
              <option key={date} value={date}>
                {format.longDate(date)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{texts.text('table.project')}</span>
          <select
            value={cell.project ?? ''}
            onChange={({ currentTarget: { value } }) => setCell({ ...cell, project: value === '' ? null : value })}
          >
            {grid.rows.map(({ project }) => (
              <option key={project} value={project ?? ''}>
                {project ?? texts.text('unassigned')}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label class="field">
        <span>{texts.text('edit.text')}</span>
        <textarea
          rows={4}
          maxLength={2_000}
          value={typed ?? known?.text ?? ''}
          onInput={(event) => type(event.currentTarget.value)}
        />
      </label>
      <p class="buttons">
        <button type="submit" class="primary">
          {texts.text('edit.save')}
        </button>
        {known !== undefined && (
          <button type="button" onClick={() => void save('')}>
            {texts.text('goals.delete')}
          </button>
        )}
      </p>
    </form>
  );
}

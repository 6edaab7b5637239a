// The whole page of a day: today, or the day of its address.

import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { dateInPath, isCalendarDate, shiftDate } from '../shared/dates.ts';
import { LivePage } from '../shared/live-page.tsx';
import { Neighbour } from '../shared/page-head.tsx';
import { colorsOf } from '../shared/project-colors.ts';
import { SentenceLine } from '../shared/sentence-line.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { WrongDate } from '../shared/wrong-date.tsx';
import { People, Projects, Unassigned } from './day-parts.tsx';
import { isRunning, notesOf, sentenceOf } from './day-view.ts';
import { EmptyDay } from './empty-day.tsx';
import { LiveDay } from './live-day.ts';
import { type DayEditing, Timeline } from './timeline-view.tsx';

export interface DayPageProps {
  readonly texts: Texts;
  /** The path of the page. */
  readonly path: string;
  /** The port of Kronos clients; '' if there is none. */
  readonly kronosPort: string;
}

const tickMs = 1_000;

/** The day on a live connection, and the time. It is drawn anew each second, and when something arrives. */
function useLiveDay(date: string) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const live = useMemo(() => new LiveDay({ date, changed: () => redraw(0) }), [date]);
  useEffect(() => () => live.close(), [live]);
  useEffect(() => {
    let asked = Date.now();
    const timer = setInterval(() => {
      redraw(0);
      // The day is over: today is another. Asked once a minute, because this machine's clock may be ahead of the hub's.
      const { day } = live;
      const now = Date.now();
      if (date !== 'today' || day === undefined || now * 1_000 < day.to || now - asked < 60_000) return;
      asked = now;
      void live.ask();
    }, tickMs);
    return () => clearInterval(timer);
  }, [live, date]);
  return live;
}

function hasTime(day: MergedDayView | undefined): boolean {
  return day !== undefined && (day.total > 0 || day.agent > 0);
}

/** Fetches the editing code when there is a day to change. @returns undefined until then */
function useEditing(live: LiveDay): DayEditing | undefined {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [editing, setEditing] = useState<DayEditing>();
  const canEdit = hasTime(live.day);
  useEffect(() => {
    if (!canEdit) return;
    let isCurrent = true;
    import('./editing.tsx').then(
      (parts) => {
        if (isCurrent) setEditing({ parts, editor: new parts.DayEditor(live, () => redraw(0)) });
      },
      // Without the network the day is read only. A browser does not fetch a module again whose fetch failed, until the page is loaded anew.
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [live, canEdit]);
  editing?.editor.watchQuestions();
  return editing;
}

export function DayPage({ texts, path, kronosPort }: DayPageProps) {
  const typed = dateInPath(path);
  if (typed !== '' && !isCalendarDate(typed)) {
    return (
      <WrongDate
        texts={texts}
        title={texts.text('today')}
        date={typed}
        href={pathTo('/day')}
        label={texts.text('day.to-today')}
      />
    );
  }
  return <Day texts={texts} date={typed === '' ? 'today' : typed} kronosPort={kronosPort} />;
}

interface DayProps extends Omit<DayPageProps, 'path'> {
  readonly date: string;
}

function Day({ texts, date, kronosPort }: DayProps) {
  const live = useLiveDay(date);
  const editing = useEditing(live);
  const [isAddWanted, wantAdd] = useState(false);
  const [tableShown, showTable] = useState(location.hash === '#table');
  const { day } = live;
  const zone = day?.zone;
  const format = useMemo(() => new TimeFormat(texts, zone ?? 'UTC'), [texts, zone]);
  const now = Date.now() * 1_000;
  // The key may come before what edits the day has been fetched: the dialog opens when it is there.
  useEffect(() => {
    if (!isAddWanted || editing === undefined || day === undefined) return;
    wantAdd(false);
    editing.editor.open(editing.parts.likelyEmpty(day, now));
  }, [isAddWanted, editing]);
  const shown = live.date;
  const isToday = date === 'today' || (day !== undefined && isRunning(day, now));
  return (
    <LivePage
      texts={texts}
      title={isToday || shown === '' ? texts.text('today') : format.longDate(shown)}
      subtitle={isToday && shown !== '' ? format.longDate(shown) : ''}
      source={live}
      format={day === undefined ? undefined : format}
      neighbours={shown !== '' && <DayNeighbours texts={texts} date={shown} isToday={isToday} />}
      deeds={{
        ...(shown === ''
          ? {}
          : {
              before: { does: 'keys.before', run: `/day/${shiftDate(shown, -1)}` },
              after: { does: 'keys.after', run: `/day/${shiftDate(shown, 1)}` },
            }),
        now: { does: 'keys.today', run: '/day' },
        table: { does: 'keys.table', run: () => showTable(!tableShown) },
        ...(hasTime(day) ? { add: { does: 'keys.add', run: () => wantAdd(true) } } : {}),
        ...(editing === undefined ? {} : { undo: { does: 'keys.undo', run: () => void editing.editor.undo() } }),
      }}
      moreKeys={[{ label: '← →', does: texts.text('keys.arrows') }]}
      content={() =>
        day !== undefined && (
          <DayContent
            live={live}
            editing={editing}
            day={day}
            texts={texts}
            format={format}
            now={now}
            isToday={isToday}
            kronosPort={kronosPort}
            tableShown={tableShown}
            showTable={showTable}
          />
        )
      }
    />
  );
}

function DayNeighbours({ texts, date, isToday }: { texts: Texts; date: string; isToday: boolean }) {
  return (
    <>
      <Neighbour href={pathTo(`/day/${shiftDate(date, -1)}`)} label={texts.text('day.before')} sign="←" keys="[" />
      {!isToday && <Neighbour href={pathTo('/day')} label={texts.text('day.to-today')} sign="" keys="t" />}
      {!isToday && (
        <Neighbour href={pathTo(`/day/${shiftDate(date, 1)}`)} label={texts.text('day.after')} sign="→" keys="]" />
      )}
      <Neighbour href={pathTo(`/week/${date}`)} label={texts.text('nav.week')} sign="" keys="g w" />
    </>
  );
}

interface DayContentProps {
  readonly live: LiveDay;
  readonly editing: DayEditing | undefined;
  readonly day: MergedDayView;
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly now: number;
  readonly isToday: boolean;
  readonly kronosPort: string;
  readonly tableShown: boolean;
  readonly showTable: (isShown: boolean) => void;
}

function DayContent({
  live,
  editing,
  day,
  texts,
  format,
  now,
  isToday,
  kronosPort,
  tableShown,
  showTable,
}: DayContentProps) {
  const isEmpty = !hasTime(day);
  const tablesOf = useDayTables(tableShown);
  const colors = useMemo(() => colorsOf(day.projects.flatMap(({ project }) => project ?? [])), [day]);
  if (isEmpty && isToday) return <FirstDay live={live} day={day} texts={texts} kronosPort={kronosPort} />;
  if (isEmpty) return <EmptyDay texts={texts} date={day.date} isToday={false} />;
  return (
    <>
      <SentenceLine parts={sentenceOf(day, { texts, format, now })} />
      {isToday && editing !== undefined && (
        <editing.parts.Questions editor={editing.editor} day={day} texts={texts} format={format} />
      )}
      <div class="day-body">
        <Timeline day={day} now={now} colors={colors} texts={texts} format={format} editing={editing} />
        <div class="column">
          <Projects day={day} colors={colors} texts={texts} format={format} />
          {editing === undefined ? (
            <Unassigned day={day} texts={texts} format={format} />
          ) : (
            <editing.parts.UnassignedCards editor={editing.editor} day={day} texts={texts} format={format} />
          )}
        </div>
        <div class="column">
          <People day={day} texts={texts} format={format} />
        </div>
      </div>
      <TableTwin
        tables={tableShown ? (tablesOf?.(day, texts, format, editing?.editor) ?? []) : []}
        file={`day-${day.date}`}
        texts={texts}
        isOpen={tableShown}
        toggle={showTable}
      />
      {notesOf(day, { texts, format, now }).map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
      {editing !== undefined && (
        <>
          <editing.parts.EditDialog editor={editing.editor} day={day} texts={texts} format={format} />
          <editing.parts.EditingLine editor={editing.editor} texts={texts} />
        </>
      )}
    </>
  );
}

type DayTables = typeof import('./day-tables.ts').dayTables;

/** The tables are fetched when they are opened. */
function useDayTables(isWanted: boolean): DayTables | undefined {
  const [loaded, setLoaded] = useState<{ readonly dayTables: DayTables }>();
  useEffect(() => {
    if (isWanted) void import('./day-tables.ts').then(setLoaded);
  }, [isWanted]);
  return loaded?.dayTables;
}

type FirstParts = typeof import('./first-day.tsx');

/** A today without time is rare, so what it shows is fetched then. */
function FirstDay({ live, day, texts, kronosPort }: Pick<DayContentProps, 'live' | 'day' | 'texts' | 'kronosPort'>) {
  const [parts, setParts] = useState<FirstParts>();
  useEffect(() => {
    void import('./first-day.tsx').then(setParts);
  }, []);
  if (parts === undefined) return <p class="hint">{texts.text('loading')}</p>;
  return (
    <parts.FirstDay
      connection={live.live.connection}
      texts={texts}
      kronosPort={kronosPort}
      otherwise={<EmptyDay texts={texts} date={day.date} isToday />}
    />
  );
}

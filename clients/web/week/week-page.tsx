// The pages of a week and of a month: a bar for each day, and the grid of projects by days.

import { useMemo, useReducer, useState } from 'preact/hooks';
import type { DayNoteItem } from '../../../protocol/day.ts';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { dateInPath, firstDayOfWeek, isCalendarDate, monthOf, shiftDate, weekOf } from '../shared/dates.ts';
import { EditLine } from '../shared/edit-line.tsx';
import { PageEdits } from '../shared/edits.ts';
import { LivePage } from '../shared/live-page.tsx';
import { LiveSums, type ShownSpan } from '../shared/live-sums.ts';
import { Neighbour } from '../shared/page-head.tsx';
import { colorClass, colorsOf } from '../shared/project-colors.ts';
import { SentenceLine } from '../shared/sentence-line.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useItems } from '../shared/use-items.ts';
import { useLive } from '../shared/use-live.ts';
import { WrongDate } from '../shared/wrong-date.tsx';
import { firstCell, NoteMark, Notes } from './cell-notes.tsx';
import {
  type GridCell,
  type NotedCell,
  notedCells,
  type WeekBar,
  type WeekGrid,
  weekBars,
  weekGrid,
  weekSentence,
  weekTables,
} from './week-view.ts';

const barsHeight = 180;

interface WeekPartProps {
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly today: string;
}

export type PeriodKind = 'week' | 'month';

const periodTexts: Readonly<
  Record<
    PeriodKind,
    Readonly<Record<'nav' | 'now' | 'before' | 'after' | 'keysBefore' | 'keysAfter' | 'keysNow' | 'empty', TextKey>>
  >
> = {
  week: {
    nav: 'nav.week',
    now: 'week.this',
    before: 'week.before',
    after: 'week.after',
    keysBefore: 'keys.week-before',
    keysAfter: 'keys.week-after',
    keysNow: 'keys.this-week',
    empty: 'week.empty',
  },
  month: {
    nav: 'nav.month',
    now: 'month.this',
    before: 'month.before',
    after: 'month.after',
    keysBefore: 'month.before',
    keysAfter: 'month.after',
    keysNow: 'month.this',
    empty: 'month.empty',
  },
};

interface PeriodPageProps {
  readonly texts: Texts;
  readonly kind: PeriodKind;
  /** The path of the page. */
  readonly path: string;
}

export function PeriodPage({ texts, kind, path }: PeriodPageProps) {
  const typed = dateInPath(path);
  if (typed !== '' && !isCalendarDate(typed)) {
    const { nav, now } = periodTexts[kind];
    return (
      <WrongDate texts={texts} title={texts.text(nav)} date={typed} href={pathTo(`/${kind}`)} label={texts.text(now)} />
    );
  }
  return <Period texts={texts} kind={kind} date={typed === '' ? 'today' : typed} />;
}

/** @param steps weeks or months before or after */
function spanOf(kind: PeriodKind, date: string, locale: string, steps = 0): ShownSpan {
  if (kind === 'month') return monthOf(date, steps);
  const week = weekOf(shiftDate(date, steps * 7), firstDayOfWeek(locale));
  return [week[0] ?? date, week.at(-1) ?? date];
}

function Period({ texts, kind, date }: { texts: Texts; kind: PeriodKind; date: string }) {
  const { locale } = texts;
  const live = useLive(
    (changed) => new LiveSums({ spanAt: (today) => spanOf(kind, date === 'today' ? today : date, locale), changed }),
    [kind, date, locale],
  );
  const [tableShown, showTable] = useState(location.hash === '#table');
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const format = useMemo(() => new TimeFormat(texts, live.zone), [texts, live.zone]);
  const own = periodTexts[kind];
  const edits = useMemo(() => new PageEdits(live.live, () => redraw(0)), [live]);
  const [opened, open] = useState<GridCell>();
  const [first = '', last = ''] = [live.dates[0], live.dates.at(-1)];
  const isNow = live.today !== '' && live.dates.includes(live.today);
  const [before, after] = [-1, 1].map(
    (steps) => `/${kind}/${first === '' ? '' : spanOf(kind, first, locale, steps)[0]}`,
  );
  const name =
    first === ''
      ? ''
      : kind === 'month'
        ? format.monthAndYear(first)
        : texts.text('week.title', { date: format.shortDate(first) });
  const span = first === '' ? '' : `${format.shortDate(first)} – ${format.shortDate(last)}`;
  return (
    <LivePage
      texts={texts}
      title={isNow || first === '' ? texts.text(own.now) : name}
      subtitle={isNow && kind === 'month' ? name : span}
      source={live}
      format={live.isKnown ? format : undefined}
      neighbours={
        first !== '' && (
          <>
            <Neighbour href={pathTo(before ?? '')} label={texts.text(own.before)} sign="←" keys="[" />
            {!isNow && <Neighbour href={pathTo(`/${kind}`)} label={texts.text(own.now)} sign="" keys="t" />}
            {!isNow && <Neighbour href={pathTo(after ?? '')} label={texts.text(own.after)} sign="→" keys="]" />}
          </>
        )
      }
      deeds={{
        ...(first === ''
          ? {}
          : {
              before: { does: own.keysBefore, run: before ?? '' },
              after: { does: own.keysAfter, run: after ?? '' },
            }),
        now: { does: own.keysNow, run: `/${kind}` },
        add: { does: 'week.add-note', run: () => open(firstCell(weekGrid(live.days ?? []))) },
        undo: { does: 'keys.undo', run: () => void edits.undo() },
        table: { does: 'keys.table', run: () => showTable(!tableShown) },
      }}
      content={() => (
        <PeriodContent
          live={live}
          kind={kind}
          texts={texts}
          format={format}
          tableShown={tableShown}
          showTable={showTable}
          edits={edits}
          opened={opened}
          open={open}
        />
      )}
    />
  );
}

interface PeriodContentProps {
  readonly live: LiveSums;
  readonly kind: PeriodKind;
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly tableShown: boolean;
  readonly showTable: (isShown: boolean) => void;
  readonly edits: PageEdits;
  /** The cell whose note is open. */
  readonly opened: GridCell | undefined;
  readonly open: (cell: GridCell | undefined) => void;
}

function PeriodContent(props: PeriodContentProps) {
  const { live, kind, texts, format, tableShown, showTable, edits, opened, open } = props;
  const { days = [], today } = live;
  const grid = useMemo(() => weekGrid(days), [days]);
  const items = useItems<DayNoteItem>(live.live, 'day_notes');
  const notes = useMemo(() => notedCells(grid, items), [grid, items]);
  const colors = useMemo(() => colorsOf(grid.rows.flatMap(({ project }) => project ?? [])), [grid]);
  return (
    <>
      <SentenceLine parts={weekSentence(grid, texts, format, periodTexts[kind].empty)} />
      {grid.total > 0 && (
        <>
          <DayBars bars={weekBars(grid)} kind={kind} colors={colors} texts={texts} format={format} today={today} />
          <Grid
            grid={grid}
            notes={notes}
            open={open}
            kind={kind}
            colors={colors}
            texts={texts}
            format={format}
            today={today}
          />
          <Notes grid={grid} notes={notes} opened={opened} open={open} edits={edits} texts={texts} format={format} />
          <EditLine edits={edits} texts={texts} undo={() => void edits.undo()} />
        </>
      )}
      <TableTwin
        tables={tableShown ? weekTables(grid, notes, texts, format) : []}
        file={`${kind}-${live.dates[0] ?? ''}`}
        texts={texts}
        isOpen={tableShown}
        toggle={showTable}
      />
    </>
  );
}

interface ColorProps {
  readonly colors: ReadonlyMap<string, number>;
  readonly kind: PeriodKind;
}

function DayBars({
  bars,
  kind,
  colors,
  texts,
  format,
  today,
}: WeekPartProps & ColorProps & { bars: readonly WeekBar[] }) {
  return (
    <section class="card" aria-labelledby="bars-title">
      <h2 id="bars-title">{texts.text('week.by-day')}</h2>
      <ol class={`day-bars of-${kind}`}>
        {bars.map(({ date, total, parts }) => (
          <li key={date} data-today={date === today}>
            <a href={pathTo(`/day/${date}`)}>
              <span class="bar-total">{total > 0 ? format.digits(Math.floor(total / 60_000_000)) : ''}</span>
              <svg height={barsHeight} aria-hidden="true">
                <rect class="bed" y="0" width="100%" height={barsHeight} rx="4" />
                {parts.map(({ project, from, to }) => (
                  <rect
                    key={project}
                    class={`part ${colorClass(project, colors)}`}
                    y={((1 - to) * barsHeight).toFixed(2)}
                    width="100%"
                    height={Math.max(1, (to - from) * barsHeight - 1).toFixed(2)}
                    rx="2"
                  />
                ))}
              </svg>
              <span class="bar-day">
                {kind === 'month' ? (
                  Number(date.slice(8))
                ) : (
                  <>
                    {format.weekday(date)} <span class="soft">{format.shortDate(date)}</span>
                  </>
                )}
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface GridProps extends WeekPartProps, ColorProps {
  readonly grid: WeekGrid;
  readonly notes: readonly NotedCell[];
  readonly open: (cell: GridCell) => void;
}

function Grid({ grid, notes, open, kind, colors, texts, format, today }: GridProps) {
  const projectName = (project: string | null) => project ?? texts.text('unassigned');
  return (
    <section class="card" aria-labelledby="grid-title">
      <h2 id="grid-title">{texts.text('week.by-project')}</h2>
      <section
        class="twin-scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard
        tabIndex={0}
        aria-label={texts.text('table.region', { title: texts.text('week.by-project') })}
      >
        <table class={`grid of-${kind}`}>
          <thead>
            <tr>
              <th scope="col">{texts.text('table.project')}</th>
              {grid.days.map(({ date }) => (
                <th key={date} scope="col" data-today={date === today}>
                  <a href={pathTo(`/day/${date}`)}>
                    {kind === 'month' ? Number(date.slice(8)) : format.weekday(date)}
                    <span class="unseen"> {format.shortDate(date)}</span>
                  </a>
                </th>
              ))}
              <th scope="col">{texts.text('table.total')}</th>
            </tr>
          </thead>
          <tbody>
            {grid.rows.map(({ project, times, minutes, total }) => (
              <tr key={project}>
                <th scope="row">
                  <span class={`swatch ${colorClass(project, colors)}`} aria-hidden="true" />
                  {projectName(project)}
                </th>
                {times.map((time, at) => {
                  const date = grid.days[at]?.date ?? '';
                  const day = format.longDate(date);
                  return (
                    <td key={date} data-today={date === today}>
                      {kind === 'week' && time > 0 && (
                        <NoteMark
                          cell={{ date, project }}
                          about={`${projectName(project)}, ${day}`}
                          notes={notes}
                          open={open}
                          texts={texts}
                        />
                      )}
                      {time > 0 && (
                        <a
                          href={pathTo(`/day/${date}`)}
                          aria-label={texts.text('week.cell', {
                            project: projectName(project),
                            day,
                            time: format.digits(minutes[at] ?? 0),
                          })}
                        >
                          <data value={time}>{format.digits(minutes[at] ?? 0)}</data>
                        </a>
                      )}
                    </td>
                  );
                })}
                <td class="sum">
                  <data value={total}>{format.digits(Math.floor(total / 60_000_000))}</data>
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{texts.text('table.total')}</th>
              {grid.days.map(({ date, total }) => (
                <td key={date} data-today={date === today}>
                  <data value={total}>{total > 0 ? format.digits(Math.floor(total / 60_000_000)) : ''}</data>
                </td>
              ))}
              <td class="sum">
                <data value={grid.total}>{format.digits(Math.floor(grid.total / 60_000_000))}</data>
              </td>
            </tr>
          </tfoot>
        </table>
      </section>
    </section>
  );
}

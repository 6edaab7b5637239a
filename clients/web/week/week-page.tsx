// The whole page of a week: a bar for each day, and the grid of projects by days.

import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { connectionWords } from '../shared/connection-words.ts';
import { dateInPath, firstDayOfWeek, isCalendarDate } from '../shared/dates.ts';
import { Neighbour, PageHead, PageKeysDialog } from '../shared/page-head.tsx';
import { type PeriodCommand, periodKeyRows, periodKeys } from '../shared/page-keys.ts';
import { colorsOf } from '../shared/project-colors.ts';
import { SentenceLine } from '../shared/sentence-line.tsx';
import { SignIn } from '../shared/sign-in.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { usePageKeys } from '../shared/use-page-keys.ts';
import { useRefusal } from '../shared/use-refusal.ts';
import { WrongDate } from '../shared/wrong-date.tsx';
import { LiveWeek } from './live-week.ts';
import { type WeekBar, type WeekGrid, weekBars, weekGrid, weekSentence, weekTables } from './week-view.ts';

const barsHeight = 180;

interface WeekPartProps {
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly today: string;
}

export function WeekPage({ texts, path }: { texts: Texts; path: string }) {
  const typed = dateInPath(path);
  if (typed !== '' && !isCalendarDate(typed)) {
    return (
      <WrongDate
        texts={texts}
        title={texts.text('nav.week')}
        date={typed}
        href="/week"
        label={texts.text('week.this')}
      />
    );
  }
  return <Week texts={texts} date={typed === '' ? 'today' : typed} />;
}

function useLiveWeek(date: string, locale: string): LiveWeek {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const live = useMemo(
    () => new LiveWeek({ date, firstDay: firstDayOfWeek(locale), changed: () => redraw(0) }),
    [date, locale],
  );
  useEffect(() => () => live.close(), [live]);
  useEffect(() => {
    const timer = setInterval(() => redraw(0), 1_000);
    return () => clearInterval(timer);
  }, []);
  return live;
}

function Week({ texts, date }: { texts: Texts; date: string }) {
  const live = useLiveWeek(date, texts.locale);
  const [keysShown, showKeys] = useState(false);
  const [tableShown, showTable] = useState(location.hash === '#table');
  const format = useMemo(() => new TimeFormat(texts, live.zone), [texts, live.zone]);
  const { state } = live.live;
  const refusal = useRefusal(state.name === 'offline');
  const [first = ''] = live.dates;
  const isThisWeek = live.today !== '' && live.dates.includes(live.today);
  const reason = state.name === 'revoked' ? state.reason : live.days === undefined ? live.problem : '';
  usePageKeys(periodKeys, (command: PeriodCommand) => {
    if (command === 'keys') showKeys(true);
    else if (command === 'table') showTable(!tableShown);
    else if (command === 'now') location.assign('/week');
    else if (command === 'before' || command === 'after') {
      if (first !== '') location.assign(`/week/${live.neighbour(command === 'before' ? -1 : 1)}`);
    } else location.assign(command);
  });
  const title =
    isThisWeek || first === '' ? texts.text('week.this') : texts.text('week.title', { date: format.shortDate(first) });
  useEffect(() => {
    document.title = `${title} · Horai`;
  }, [title]);
  const words = connectionWords(
    { state, isOnline: navigator.onLine, now: Date.now(), asOf: live.live.liveAt },
    texts,
    live.days === undefined ? undefined : format,
  );
  const last = live.dates.at(-1) ?? '';
  return (
    <>
      <PageHead
        title={title}
        subtitle={first === '' ? '' : `${format.shortDate(first)} – ${format.shortDate(last)}`}
        words={words}
        texts={texts}
        showKeys={() => showKeys(true)}
      >
        {first !== '' && (
          <>
            <Neighbour href={`/week/${live.neighbour(-1)}`} label={texts.text('week.before')} sign="←" keys="[" />
            {!isThisWeek && <Neighbour href="/week" label={texts.text('week.this')} sign="" keys="t" />}
            {!isThisWeek && (
              <Neighbour href={`/week/${live.neighbour(1)}`} label={texts.text('week.after')} sign="→" keys="]" />
            )}
          </>
        )}
      </PageHead>
      {refusal !== '' && (
        <p class="problem" role="alert">
          {refusal}
        </p>
      )}
      {reason !== '' ? (
        <SignIn texts={texts} reason={reason} enter={(token) => void live.enter(token)} />
      ) : live.days === undefined ? (
        <p class="hint">{texts.text('loading')}</p>
      ) : (
        <WeekContent live={live} texts={texts} format={format} tableShown={tableShown} showTable={showTable} />
      )}
      <PageKeysDialog
        keys={periodKeyRows(texts, { before: 'keys.week-before', after: 'keys.week-after', now: 'keys.this-week' })}
        texts={texts}
        open={keysShown}
        close={() => showKeys(false)}
      />
    </>
  );
}

interface WeekContentProps {
  readonly live: LiveWeek;
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly tableShown: boolean;
  readonly showTable: (isShown: boolean) => void;
}

function WeekContent({ live, texts, format, tableShown, showTable }: WeekContentProps) {
  const { days = [], today } = live;
  const grid = useMemo(() => weekGrid(days), [days]);
  const colors = useMemo(() => colorsOf(grid.rows.flatMap(({ project }) => project ?? [])), [grid]);
  return (
    <>
      <SentenceLine parts={weekSentence(grid, texts, format)} />
      {grid.total > 0 && (
        <>
          <DayBars bars={weekBars(grid)} colors={colors} texts={texts} format={format} today={today} />
          <Grid grid={grid} colors={colors} texts={texts} format={format} today={today} />
        </>
      )}
      <TableTwin
        tables={tableShown ? weekTables(grid, texts, format) : []}
        file={`week-${live.dates[0] ?? ''}`}
        texts={texts}
        isOpen={tableShown}
        toggle={showTable}
      />
    </>
  );
}

interface ColorProps {
  readonly colors: ReadonlyMap<string, number>;
}

function colorClass(project: string | null, colors: ReadonlyMap<string, number>): string {
  return project === null ? 'none' : `p${colors.get(project) ?? 0}`;
}

function DayBars({ bars, colors, texts, format, today }: WeekPartProps & ColorProps & { bars: readonly WeekBar[] }) {
  return (
    <section class="card" aria-labelledby="bars-title">
      <h2 id="bars-title">{texts.text('week.by-day')}</h2>
      <ol class="day-bars">
        {bars.map(({ date, total, parts }) => (
          <li key={date} data-today={date === today}>
            <a href={`/day/${date}`}>
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
                {format.weekday(date)} <span class="soft">{format.shortDate(date)}</span>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Grid({ grid, colors, texts, format, today }: WeekPartProps & ColorProps & { grid: WeekGrid }) {
  const named = (project: string | null) => project ?? texts.text('unassigned');
  return (
    <section class="card" aria-labelledby="grid-title">
      <h2 id="grid-title">{texts.text('week.by-project')}</h2>
      <section
        class="twin-scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard
        tabIndex={0}
        aria-label={texts.text('table.region', { title: texts.text('week.by-project') })}
      >
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">{texts.text('table.project')}</th>
              {grid.days.map(({ date }) => (
                <th key={date} scope="col" data-today={date === today}>
                  <a href={`/day/${date}`}>
                    {format.weekday(date)}
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
                  {named(project)}
                </th>
                {times.map((time, at) => {
                  const date = grid.days[at]?.date ?? '';
                  const day = format.longDate(date);
                  return (
                    <td key={date} data-today={date === today}>
                      {time > 0 && (
                        <a
                          href={`/day/${date}`}
                          aria-label={texts.text('week.cell', {
                            project: named(project),
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

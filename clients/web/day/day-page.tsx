// The whole page of a day: today, or the day of its address.

import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { Texts } from '../languages/languages.ts';
import { SetUpCards } from '../set-up/set-up-cards.tsx';
import { useArrivals } from '../set-up/use-arrivals.ts';
import { connectionWords } from '../shared/connection-words.ts';
import { dateInPath, isCalendarDate, shiftDate } from '../shared/dates.ts';
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
import { People, Projects, Unassigned } from './day-parts.tsx';
import { dayTables } from './day-tables.ts';
import { isRunning, notesOf, sentenceOf } from './day-view.ts';
import { LiveDay } from './live-day.ts';
import { Timeline } from './timeline-view.tsx';

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

export function DayPage({ texts, path, kronosPort }: DayPageProps) {
  const typed = dateInPath(path);
  if (typed !== '' && !isCalendarDate(typed)) {
    return (
      <WrongDate
        texts={texts}
        title={texts.text('today')}
        date={typed}
        href="/day"
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
  const [keysShown, showKeys] = useState(false);
  const [tableShown, showTable] = useState(location.hash === '#table');
  const { day } = live;
  const zone = day?.zone;
  const format = useMemo(() => new TimeFormat(texts, zone ?? 'UTC'), [texts, zone]);
  const now = Date.now() * 1_000;
  const shown = live.date;
  const isToday = date === 'today' || (day !== undefined && isRunning(day, now));
  const state = live.live.state;
  const refusal = useRefusal(state.name === 'offline');
  const reason = state.name === 'revoked' ? state.reason : day === undefined ? live.problem : '';
  usePageKeys(periodKeys, (command: PeriodCommand) => {
    if (command === 'keys') showKeys(true);
    else if (command === 'table') showTable(!tableShown);
    else if (command === 'now') location.assign('/day');
    else if (command === 'before' || command === 'after') {
      if (shown !== '') location.assign(`/day/${shiftDate(shown, command === 'before' ? -1 : 1)}`);
    } else location.assign(command);
  });
  useTitle(isToday ? texts.text('today') : format.longDate(shown));
  const words = connectionWords(
    { state, isOnline: navigator.onLine, now: Date.now(), asOf: live.live.liveAt },
    texts,
    day === undefined ? undefined : format,
  );
  return (
    <>
      <PageHead
        title={isToday || shown === '' ? texts.text('today') : format.longDate(shown)}
        subtitle={isToday && shown !== '' ? format.longDate(shown) : ''}
        words={words}
        texts={texts}
        showKeys={() => showKeys(true)}
      >
        {shown !== '' && <DayNeighbours texts={texts} date={shown} isToday={isToday} />}
      </PageHead>
      {refusal !== '' && (
        <p class="problem" role="alert">
          {refusal}
        </p>
      )}
      {reason !== '' ? (
        <SignIn texts={texts} reason={reason} enter={(token) => void live.enter(token)} />
      ) : day === undefined ? (
        <p class="hint">{texts.text('loading')}</p>
      ) : (
        <DayContent
          live={live}
          day={day}
          texts={texts}
          format={format}
          now={now}
          isToday={isToday}
          kronosPort={kronosPort}
          tableShown={tableShown}
          showTable={showTable}
        />
      )}
      <PageKeysDialog
        keys={[
          ...periodKeyRows(texts, { before: 'keys.before', after: 'keys.after', now: 'keys.today' }),
          { label: '← →', does: texts.text('keys.arrows') },
        ]}
        texts={texts}
        open={keysShown}
        close={() => showKeys(false)}
      />
    </>
  );
}

function DayNeighbours({ texts, date, isToday }: { texts: Texts; date: string; isToday: boolean }) {
  return (
    <>
      <Neighbour href={`/day/${shiftDate(date, -1)}`} label={texts.text('day.before')} sign="←" keys="[" />
      {!isToday && <Neighbour href="/day" label={texts.text('day.to-today')} sign="" keys="t" />}
      {!isToday && <Neighbour href={`/day/${shiftDate(date, 1)}`} label={texts.text('day.after')} sign="→" keys="]" />}
      <Neighbour href={`/week/${date}`} label={texts.text('nav.week')} sign="" keys="g w" />
    </>
  );
}

interface DayContentProps {
  readonly live: LiveDay;
  readonly day: MergedDayView;
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly now: number;
  readonly isToday: boolean;
  readonly kronosPort: string;
  readonly tableShown: boolean;
  readonly showTable: (isShown: boolean) => void;
}

function DayContent({ live, day, texts, format, now, isToday, kronosPort, tableShown, showTable }: DayContentProps) {
  const isEmpty = day.total === 0 && day.agent === 0;
  const arrivals = useArrivals(isEmpty && isToday ? live.live.connection : undefined);
  // Cards that were open stay, with their ticks, until the day has time to show.
  const [isNew, setNew] = useState(false);
  if (arrivals?.size === 0 && !isNew) setNew(true);
  const colors = useMemo(() => colorsOf(day.projects.flatMap(({ project }) => project ?? [])), [day]);
  if (isEmpty && isToday && arrivals === undefined) return <p class="hint">{texts.text('loading')}</p>;
  if (isEmpty && isToday && isNew && arrivals !== undefined) {
    return <SetUpCards texts={texts} arrived={arrivals} kronosPort={kronosPort} isFirst />;
  }
  if (isEmpty) return <EmptyDay texts={texts} date={day.date} isToday={isToday} />;
  return (
    <>
      <SentenceLine parts={sentenceOf(day, { texts, format, now })} />
      <div class="day-body">
        <Timeline day={day} now={now} colors={colors} texts={texts} format={format} />
        <div class="column">
          <Projects day={day} colors={colors} texts={texts} format={format} />
          <Unassigned day={day} texts={texts} format={format} />
        </div>
        <div class="column">
          <People day={day} texts={texts} format={format} />
        </div>
      </div>
      <TableTwin
        tables={tableShown ? dayTables(day, texts, format) : []}
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
    </>
  );
}

function EmptyDay({ texts, date, isToday }: { texts: Texts; date: string; isToday: boolean }) {
  return (
    <section class="empty">
      <p class="sentence">{texts.text(isToday ? 'empty.today' : 'empty.past')}</p>
      {isToday && <p class="hint">{texts.text('empty.hint')}</p>}
      <p class="buttons">
        <a class="button" href={`/day/${shiftDate(date, -1)}`}>
          {texts.text('empty.yesterday')}
        </a>
        {isToday && (
          <a class="button" href="/set-up">
            {texts.text('empty.connect')}
          </a>
        )}
      </p>
    </section>
  );
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Horai`;
  }, [title]);
}

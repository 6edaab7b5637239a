// The page of trends: a range of days, compared with the one before; and what WakaTime's API says of the same time.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { firstDayOfWeek, shiftDate } from '../shared/dates.ts';
import { openPage } from '../shared/frame.ts';
import { dataRecord, isObject, type NamedSeconds, namedSeconds } from '../shared/hub-values.ts';
import type { LiveConnection } from '../shared/live-connection.ts';
import { LivePage } from '../shared/live-page.tsx';
import { LiveSums } from '../shared/live-sums.ts';
import { MeterBar } from '../shared/meter-bar.tsx';
import { NamedBars, namedTable } from '../shared/named-bars.tsx';
import { colorClass, colorsOf } from '../shared/project-colors.ts';
import { SentenceLine } from '../shared/sentence-line.tsx';
import { StackedDays } from '../shared/stacked-days.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useLive } from '../shared/use-live.ts';
import {
  appsIn,
  appsQuery,
  type HeatCell,
  type Rhythm,
  rangeIn,
  rhythmCells,
  rhythmIn,
  stripOf,
  type TrendModel,
  type TrendRange,
  trendModel,
  trendRanges,
  trendSentence,
  trendTables,
  type WindowBucket,
  weekdaysFrom,
} from './trends-view.ts';

const shownRows = 12;

interface PartProps {
  readonly texts: Texts;
  readonly format: TimeFormat;
}

function TrendsPage({ texts }: { texts: Texts }) {
  const range = rangeIn(location.search);
  const live = useLive(
    (changed) => new LiveSums({ spanAt: (today) => [shiftDate(today, 1 - 2 * range.days), today], changed }),
    [range],
  );
  const [tableShown, showTable] = useState(location.hash === '#table');
  const format = useMemo(() => new TimeFormat(texts, live.zone), [texts, live.zone]);
  return (
    <LivePage
      texts={texts}
      title={texts.text('nav.trends')}
      subtitle={texts.text('trends.range', { count: range.days })}
      source={live}
      format={live.isKnown ? format : undefined}
      neighbours={trendRanges.map(({ days }) => (
        <a
          key={days}
          class="button"
          href={pathTo(`/trends?days=${days}`)}
          aria-current={days === range.days ? 'true' : undefined}
        >
          {texts.text('trends.range', { count: days })}
        </a>
      ))}
      deeds={{ table: { does: 'keys.table', run: () => showTable(!tableShown) } }}
      content={() => (
        <TrendsContent
          live={live}
          range={range}
          texts={texts}
          format={format}
          tableShown={tableShown}
          showTable={showTable}
        />
      )}
    />
  );
}

interface ContentProps extends PartProps {
  readonly live: LiveSums;
  readonly range: TrendRange;
  readonly tableShown: boolean;
  readonly showTable: (isShown: boolean) => void;
}

function TrendsContent({ live, range, texts, format, tableShown, showTable }: ContentProps) {
  const { days = [] } = live;
  const model = useMemo(() => trendModel(days, range.days), [days, range]);
  const colors = useMemo(() => colorsOf(model.rows.flatMap(({ project }) => project ?? [])), [model]);
  const lists = useWakatimeLists(live.live, range);
  const apps = useApps(live, range);
  const rhythm = useRhythm(live, model);
  const strip = useMemo(() => stripOf(model.days, firstDayOfWeek(texts.locale)), [model, texts]);
  return (
    <>
      <SentenceLine parts={trendSentence(model, texts, format)} />
      <div class="day-body">
        <section class="card wide" aria-labelledby="days-title">
          <h2 id="days-title">{texts.text('week.by-day')}</h2>
          <StackedDays
            days={model.days}
            projects={model.rows.map(({ project }) => project)}
            colors={colors}
            label={texts.text('trends.chart', { count: model.days.length })}
            format={format}
          />
          {range.days > 30 && (
            <HeatMap
              cells={strip}
              label={texts.text('trends.strip')}
              titleOf={({ date, time }) => `${format.fullDate(date)}: ${format.duration(time)}`}
            />
          )}
        </section>
        <div class="column">
          <ProjectChanges model={model} colors={colors} texts={texts} format={format} />
          {rhythm.length > 0 && <RhythmCard rhythm={rhythm} texts={texts} format={format} />}
        </div>
        <div class="column">
          <Weekdays model={model} texts={texts} format={format} />
        </div>
      </div>
      <div class="lists">
        {lists.map(({ title, rows }) => (
          <NamedBars key={title} title={texts.text(title)} rows={rows.slice(0, shownRows)} format={format} />
        ))}
      </div>
      {lists.length > 0 && <p class="hint">{texts.text('trends.wakatime')}</p>}
      {apps.length > 0 && (
        <div class="lists">
          <NamedBars title={texts.text('trends.apps')} rows={apps.slice(0, shownRows)} format={format}>
            <p class="hint">{texts.text('trends.activitywatch')}</p>
          </NamedBars>
        </div>
      )}
      <TableTwin
        tables={
          tableShown
            ? [
                ...trendTables(model, rhythm, texts, format),
                ...lists.map(({ aspect, title, rows }) => namedTable(aspect, texts.text(title), rows, texts)),
                ...(apps.length > 0 ? [namedTable('apps', texts.text('trends.apps'), apps, texts)] : []),
              ]
            : []
        }
        file={`trends-${range.days}-${live.today}`}
        texts={texts}
        isOpen={tableShown}
        toggle={showTable}
      />
    </>
  );
}

/** Squares in seven rows, darker for more time. */
function HeatMap<C extends HeatCell>({
  cells,
  label,
  titleOf,
}: {
  cells: readonly C[];
  label: string;
  titleOf: (cell: C) => string;
}) {
  const columns = (cells.at(-1)?.column ?? 0) + 1;
  return (
    <svg class="strip" viewBox={`0 0 ${columns * 12} 84`} preserveAspectRatio="none" role="img" aria-label={label}>
      {cells.map((cell) => (
        <rect
          key={`${cell.column} ${cell.row}`}
          x={cell.column * 12}
          y={cell.row * 12}
          width="10"
          height="10"
          rx="2"
          data-level={cell.level}
        >
          <title>{titleOf(cell)}</title>
        </rect>
      ))}
    </svg>
  );
}

function RhythmCard({ rhythm, texts, format }: PartProps & { rhythm: Rhythm }) {
  const firstDay = firstDayOfWeek(texts.locale);
  const rows = weekdaysFrom(firstDay).map((weekday) => format.weekdayName(weekday));
  return (
    <section class="card" aria-labelledby="rhythm-title">
      <h2 id="rhythm-title">{texts.text('trends.rhythm')}</h2>
      <div class="rhythm">
        <ul class="soft" aria-hidden="true">
          {rows.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
        <HeatMap
          cells={rhythmCells(rhythm, firstDay)}
          label={texts.text('trends.rhythm-chart')}
          titleOf={({ row, column, time }) => `${rows[row]} ${format.hour(column)}: ${format.duration(time)}`}
        />
        <p class="ends soft" aria-hidden="true">
          {[0, 6, 12, 18].map((hour) => (
            <span key={hour}>{format.hour(hour)}</span>
          ))}
        </p>
      </div>
    </section>
  );
}

function ProjectChanges({
  model,
  colors,
  texts,
  format,
}: PartProps & { model: TrendModel; colors: ReadonlyMap<string, number> }) {
  const longest = Math.max(1, ...model.rows.map(({ time, before }) => Math.max(time, before)));
  // Of time before the first there is nothing to compare with.
  const isFirst = model.before === 0;
  return (
    <section class="card" aria-labelledby="changes-title">
      <h2 id="changes-title">{texts.text('projects')}</h2>
      <ul class="bars">
        {model.rows.slice(0, shownRows).map(({ project, time, before }) => (
          <MeterBar
            key={project}
            name={
              project === null ? (
                texts.text('unassigned')
              ) : (
                <a href={pathTo(`/projects/${encodeURIComponent(project)}`)}>{project}</a>
              )
            }
            note={isFirst ? '' : texts.text('trends.was', { time: format.duration(before) })}
            value={time}
            text={format.duration(time)}
            share={time / longest}
            {...(isFirst ? {} : { mark: before / longest })}
            color={colorClass(project, colors)}
          />
        ))}
      </ul>
      {!isFirst && <p class="hint">{texts.text('trends.mark')}</p>}
    </section>
  );
}

function Weekdays({ model, texts, format }: PartProps & { model: TrendModel }) {
  const longest = Math.max(1, ...model.weekdays);
  return (
    <section class="card" aria-labelledby="weekdays-title">
      <h2 id="weekdays-title">{texts.text('trends.weekdays')}</h2>
      <ul class="bars">
        {model.weekdays.map((time, at) => (
          <MeterBar
            key={at}
            name={format.weekdayName(at)}
            value={time}
            text={format.duration(time)}
            share={time / longest}
          />
        ))}
      </ul>
    </section>
  );
}

/** When the days of the range have their time; asked anew when they change. */
function useRhythm({ live }: LiveSums, { days }: TrendModel): Rhythm {
  const [rhythm, setRhythm] = useState<Rhythm>([]);
  useEffect(() => {
    const [from, to] = [days[0]?.date, days.at(-1)?.date];
    if (from === undefined) return;
    void live.get(`/-/rhythm?from=${from}&to=${to}`).then((answer) => {
      if (answer.ok) setRhythm(rhythmIn(answer.value));
    });
  }, [live, days]);
  return rhythm;
}

/** The programs in front, as ActivityWatch's API answers; nothing if it may not be read or knows nothing. */
function useApps({ live, end }: LiveSums, { days }: TrendRange): readonly NamedSeconds[] {
  const [apps, setApps] = useState<readonly NamedSeconds[]>([]);
  useEffect(() => {
    void live.get('/api/0/buckets').then(async (answer) => {
      const query = appsQuery(answer.ok && isObject(answer.value) ? Object.values(answer.value).filter(isBucket) : []);
      if (query === undefined) return;
      const moment = (daysBefore: number) => new Date(end / 1_000 - daysBefore * 86_400_000).toISOString();
      const asked = await live.send('POST', '/api/0/query', { timeperiods: [`${moment(days)}/${moment(0)}`], query });
      if (asked.ok) setApps(appsIn(asked.value));
    });
  }, [live, end, days]);
  return apps;
}

function isBucket(value: unknown): value is WindowBucket {
  return isObject(value) && typeof value['id'] === 'string';
}

interface WakatimeList {
  readonly aspect: string;
  readonly title: TextKey;
  readonly rows: readonly NamedSeconds[];
}

const aspects: readonly (readonly [aspect: string, title: TextKey])[] = [
  ['languages', 'trends.languages'],
  ['editors', 'trends.editors'],
  ['categories', 'trends.categories'],
  ['machines', 'trends.machines'],
];

/** The answer of the API that editors use for the range; nothing if it may not be read or knows nothing. */
function useWakatimeLists(live: LiveConnection, { wakatime }: TrendRange): readonly WakatimeList[] {
  const [lists, setLists] = useState<readonly WakatimeList[]>([]);
  useEffect(() => {
    let isCurrent = true;
    void Promise.all(
      aspects.map(async ([aspect, title]): Promise<readonly WakatimeList[]> => {
        const answer = await live.get(`/api/v1/users/current/insights/${aspect}/${wakatime}`);
        const list: unknown = answer.ok ? dataRecord(answer.value)[aspect] : undefined;
        const rows = namedSeconds(list);
        return rows.length === 0 ? [] : [{ aspect, title, rows }];
      }),
    ).then((found) => {
      if (isCurrent) setLists(found.flat());
    });
    return () => {
      isCurrent = false;
    };
  }, [live, wakatime]);
  return lists;
}

await openPage('trends', (texts) => <TrendsPage texts={texts} />);

// Draws a merged day, or a week of them, as lines for a terminal: a bar for each lane over the hours, then projects and tasks. Times are in
// microseconds since 1970. Prints nothing.

import { columns, escapeControls, textWidth, truncate } from '../../../protocol/columns.ts';
import { fullDuration } from '../../../protocol/duration.ts';
import type { DayInterval, DayIntervals } from '../../../server/day/engine/intervals.ts';
import { drawCells, drawHours } from './bars.ts';
import { weekday } from './dates.ts';
import type { ShownDay } from './local-day.ts';

export interface DayLayout {
  /** Columns of the terminal; undefined if the output is not a terminal. */
  readonly width: number | undefined;
  readonly colour: boolean;
  /** The description of a task by its key; undefined if it is not known here. */
  readonly taskName: (key: string) => string | undefined;
}

const defaultWidth = 80;
const maxWidth = 120;
/** A shorter bar shows too little: in a narrow terminal the column of times is left out, so that the bar has room. */
const minBarWidth = 16;
const minute = 60_000_000;
const hour = 60 * minute;
const [reset, bold, dim] = ['\u001b[0m', '\u001b[1m', '\u001b[2m'];
const monthNames = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const dayNames = 'Mon Tue Wed Thu Fri Sat Sun'.split(' ');

/** Formats a duration in whole minutes. The figures of a day are rounded only here. @param time microseconds */
export function minutesText(time: number): string {
  if (time > 0 && time < minute / 2) return '<1min';
  const rounded = Math.round(time / minute) * 60;
  return rounded === 0 ? '0min' : fullDuration(rounded);
}

function totalText(total: number, { colour }: DayLayout): string {
  return colour ? `${bold}${minutesText(total)}${reset}` : minutesText(total);
}

/** `Sat 28 Nov 2026` */
export function dateText(date: string): string {
  const [year = '', month = '', day = ''] = date.split('-');
  return `${dayNames[weekday(date)]} ${Number(day)} ${monthNames[Number(month) - 1]} ${year}`;
}

/** One row of bars. */
interface BarRow {
  readonly label: string;
  readonly intervals: DayIntervals;
  readonly time: number;
  readonly isFaint?: boolean;
}

export function drawDay(day: ShownDay, layout: DayLayout): readonly string[] {
  const { total, first, last, breaks, segments, lanes } = day;
  const clock = clockOf(day.zone);
  const head = [`${dateText(day.date)}, ${day.zone}`, totalText(total, layout)];
  if (first !== null && last !== null) {
    const pause = breaks.reduce((sum, { from, to }) => sum + to - from, 0);
    const rest =
      breaks.length === 0
        ? ''
        : `, ${breaks.length === 1 ? 'a break' : `${breaks.length} breaks`} of ${minutesText(pause)}`;
    head.push(`${clock(first)} to ${clock(last)}${rest}`);
  }
  const rows: BarRow[] = [
    { label: 'you', intervals: segments.map(({ from, to }): DayInterval => [from, to]), time: total },
    ...lanes.map(({ lane, source, time, intervals }) => ({
      label: source,
      intervals,
      time,
      isFaint: lane === 'agent' || lane === 'afk',
    })),
  ];
  return [
    ...head.flatMap((text) => wrap(text, layout)),
    ...(lanes.length === 0 ? [] : ['', ...drawBars(rows, shownSpan(day, rows), layout, clock)]),
    ...drawFigures(day, layout),
    ...formatRemarks(day).flatMap((text) => wrap(text, layout)),
  ];
}

/** @param days of one week, Monday first */
export function drawWeek(days: readonly ShownDay[], layout: DayLayout): readonly string[] {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const total = days.reduce((sum, day) => sum + day.total, 0);
  const hours = Math.max(...days.map(({ from, to }) => to - from));
  // All days share one scale of hours, so their intervals are moved to the first day.
  const rows = days.map((day): BarRow => {
    const moved = day.segments.map(
      ({ from, to }): DayInterval => [from - day.from + first.from, to - day.from + first.from],
    );
    const [weekdayName = '', dayOfMonth = '', month = ''] = dateText(day.date).split(' ');
    return { label: `${weekdayName} ${dayOfMonth} ${month}`, intervals: moved, time: day.total };
  });
  const lanes = new Map<string, number>();
  for (const { source, time } of days.flatMap((day) => day.lanes)) lanes.set(source, (lanes.get(source) ?? 0) + time);
  return [
    ...wrap(`${dateText(first.date)} to ${dateText(last.date)}, ${last.zone}`, layout),
    totalText(total, layout),
    '',
    ...drawBars(rows, [first.from, first.from + hours], layout, clockOf(first.zone)),
    ...(lanes.size === 0
      ? []
      : [
          '',
          ...drawLengthBars(
            [...lanes].map(([label, time]) => ({ label, time })),
            layout,
          ),
        ]),
    ...drawFigures(sumDays(days), layout),
    ...[...new Set(days.flatMap(formatRemarks))].flatMap((text) => wrap(text, layout)),
  ];
}

/** @returns the span of whole hours that contains all intervals */
function shownSpan({ from, to }: ShownDay, rows: readonly BarRow[]): DayInterval {
  const all = rows.flatMap(({ intervals }) => intervals);
  const begin = Math.min(...all.map(([start]) => start), to);
  const end = Math.max(...all.map(([, stop]) => stop), from);
  if (end <= begin) return [from, to];
  const floor = from + Math.floor((begin - from) / hour) * hour;
  return [floor, Math.min(to, Math.max(floor + hour, from + Math.ceil((end - from) / hour) * hour))];
}

interface BarColumns {
  readonly label: number;
  readonly bar: number;
  /** 0 if the terminal is too narrow for times. */
  readonly time: number;
}

function fitColumns(labels: readonly string[], times: readonly string[], { width }: DayLayout): BarColumns {
  const whole = Math.min(width ?? defaultWidth, maxWidth);
  const label = Math.min(Math.max(...labels.map(textWidth)), Math.max(6, Math.floor(whole / 4)));
  const time = Math.max(...times.map(textWidth));
  const bar = whole - label - time - 4;
  return bar >= minBarWidth ? { label, bar, time } : { label, bar: Math.max(1, whole - label - 2), time: 0 };
}

function drawBars(
  rows: readonly BarRow[],
  [from, to]: DayInterval,
  layout: DayLayout,
  clock: (moment: number) => string,
): readonly string[] {
  const { widths, lines } = drawBarLines(rows, layout, ({ intervals, isFaint }, width) => {
    const bar = drawCells(intervals, from, to, width);
    return isFaint === true && layout.colour ? `${dim}${bar}${reset}` : bar;
  });
  return [`${' '.repeat(widths.label + 2)}${drawHours(from, to, widths.bar, clock)}`.trimEnd(), ...lines];
}

/** Draws bars that start at the left; their length shows the time. */
function drawLengthBars(rows: readonly Pick<BarRow, 'label' | 'time'>[], layout: DayLayout): readonly string[] {
  const longest = Math.max(...rows.map(({ time }) => time), 1);
  return drawBarLines(rows, layout, ({ time }, width) => drawCells([[0, time]], 0, longest, width)).lines;
}

/** @param barOf draws the bar of a row; `width` is in columns */
function drawBarLines<R extends Pick<BarRow, 'label' | 'time'>>(
  rows: readonly R[],
  layout: DayLayout,
  barOf: (row: R, width: number) => string,
): { readonly widths: BarColumns; readonly lines: readonly string[] } {
  const texts = rows.map((row) => ({ row, label: escapeControls(row.label), time: minutesText(row.time) }));
  const widths = fitColumns(
    texts.map(({ label }) => label),
    texts.map(({ time }) => time),
    layout,
  );
  return { widths, lines: texts.map(({ row, label, time }) => drawLine(label, barOf(row, widths.bar), time, widths)) };
}

function drawLine(label: string, bar: string, time: string, widths: BarColumns): string {
  const cut = truncate(label, widths.label);
  const padded = cut + ' '.repeat(widths.label - textWidth(cut));
  return `${padded}  ${bar}${widths.time === 0 ? '' : `  ${time.padStart(widths.time)}`}`.trimEnd();
}

/** `09:30` on a clock of the zone. */
export function clockOf(zone: string): (moment: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (moment) => format.format(moment / 1_000);
}

type Figures = Pick<ShownDay, 'total' | 'projects' | 'tasks' | 'agent' | 'attended'>;

function sumDays(days: readonly ShownDay[]): Figures {
  const projects = new Map<string | null, ShownDay['projects'][number]>();
  const tasks = new Map<string, number>();
  for (const one of days.flatMap((day) => day.projects)) {
    const before = projects.get(one.project);
    const add = (name: 'time' | 'agent' | 'agent_wall' | 'attended' | 'unattended') =>
      one[name] + (before?.[name] ?? 0);
    projects.set(one.project, {
      project: one.project,
      time: add('time'),
      agent: add('agent'),
      agent_wall: add('agent_wall'),
      attended: add('attended'),
      unattended: add('unattended'),
    });
  }
  for (const { key, time } of days.flatMap((day) => day.tasks)) tasks.set(key, (tasks.get(key) ?? 0) + time);
  const sum = (name: 'total' | 'agent' | 'attended') => days.reduce((all, day) => all + day[name], 0);
  return {
    total: sum('total'),
    agent: sum('agent'),
    attended: sum('attended'),
    projects: [...projects.values()].sort((a, b) => b.time - a.time || b.agent - a.agent),
    tasks: [...tasks].map(([key, time]) => ({ key, time })).sort((a, b) => b.time - a.time),
  };
}

function drawFigures(
  { total, projects, tasks, agent, attended }: Figures,
  { width, taskName }: DayLayout,
): readonly string[] {
  const layout = { width, flexible: 0 };
  const share = (time: number): string => (total === 0 ? '' : `${Math.round((time / total) * 100)}%`);
  const hasAgents = agent > 0;
  const rows = projects.map(({ project, time, agent: ofAgents }) => [
    project ?? '(unassigned)',
    minutesText(time),
    share(time),
    ...(hasAgents ? [ofAgents === 0 ? '' : minutesText(ofAgents)] : []),
  ]);
  const named = tasks.map(({ key, time }) => [taskName(key) ?? key, minutesText(time)]);
  return [
    ...(rows.length === 0
      ? []
      : ['', ...columns(['PROJECT', 'TIME', 'SHARE', ...(hasAgents ? ['AGENTS'] : [])], rows, layout)]),
    ...(named.length === 0 ? [] : ['', ...columns(['TASK', 'TIME'], named, layout)]),
    ...(hasAgents
      ? ['', `agents: ${minutesText(agent)}; while they worked, you were present for ${minutesText(attended)}`]
      : []),
  ];
}

function formatRemarks({ guesses, final, without }: ShownDay): readonly string[] {
  const lines = [
    ...guesses.map(({ channel, device }) => `guess: ${channel} ran on ${device}`),
    ...(final ? ['final: its evidence has expired, so rules no longer change it'] : []),
    ...(without.length === 0 ? [] : [`without: ${without.join(', ')}`]),
  ];
  return lines.length === 0 ? [] : ['', ...lines.map(escapeControls)];
}

/** Breaks a text between words into lines that fit the terminal. */
function wrap(text: string, { width }: DayLayout): readonly string[] {
  if (width === undefined || textWidth(text) <= width) return [text];
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    if (current !== '' && textWidth(current) + 1 + textWidth(word) > width) {
      lines.push(current);
      current = `  ${word}`;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

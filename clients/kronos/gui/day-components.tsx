// The components of the day view of the terminal GUI. They draw their properties and have no state.

import { Box, Text } from 'ink';
import { columns, escapeControls, textWidth, truncate } from '../../../protocol/columns.ts';
import type { CliContext } from '../cli/cli-context.ts';
import { slotWhen } from '../cli/verbs/slot-change.ts';
import { cellsOf, drawCells, drawHours } from '../day/bars.ts';
import { clockOf, dateText, minutesText } from '../day/draw-day.ts';
import type { ShownDay } from '../day/local-day.ts';
import { fitHints } from './components.tsx';
import type { DayController } from './day-controller.ts';
import { dayKeyBindings } from './day-keys.ts';
import { type DayLaneRow, type DayState, fitRows, type LaneStretch, selectedIn, shownHours } from './day-screen.ts';
import type { SyncStatus } from './live.ts';
import { visibleRange } from './screen.ts';

const micros = 1_000_000;
const laneHints = [
  '↑↓ select',
  '←→ day',
  'Tab lane',
  'a add',
  'e edit',
  '-+ length',
  '<> move',
  's split',
  'J join',
  '⌫ delete',
  'z undo',
  '? all keys',
  'q back',
];

export function dayHints({ view, pending }: DayState, width: number): string {
  if (pending !== undefined) return fitHints(['c cut what is there', 'k keep both', 'Esc cancel'], width);
  return view === 'keys' ? '? back  q back' : fitHints(laneHints, width);
}

const linkColours = new Map([
  ['live', 'green'],
  ['offline', 'yellow'],
  ['refused', 'red'],
]);

export function DayHead({ controller, link, width }: { controller: DayController; link: SyncStatus; width: number }) {
  const { date } = controller.state;
  const { total } = controller.day.day(date);
  const state = truncate(link.text, Math.max(12, width - 36));
  const colour = linkColours.get(link.state);
  return (
    <Box justifyContent="space-between">
      <Text>
        <Text bold>{dateText(date)}</Text>
        {truncate(`  ${minutesText(total)}`, Math.max(8, width - textWidth(state) - 19))}
      </Text>
      <Text {...(colour === undefined ? {} : { color: colour })}>● {state}</Text>
    </Box>
  );
}

interface DayViewProps {
  readonly controller: DayController;
  readonly cli: CliContext;
  readonly width: number;
  readonly rows: number;
}

export function DayBody({ controller, cli, width, rows }: DayViewProps) {
  const { state, lanes, day } = controller;
  if (state.view === 'keys') return <DayKeyList rows={rows} width={width} />;
  const merged = day.day(state.date);
  const note = day.note(state.date);
  const selected = selectedIn(state, lanes);
  // The hours, the bar of the whole day, and an empty row before the list.
  const fit = fitRows(rows - 3 - (note === '' ? 0 : 1), lanes.length);
  const shown = visibleRange(lanes.length, selected.lane, fit.lanes);
  return (
    <>
      <Lanes day={merged} lanes={lanes} shown={shown} selected={selected} zone={cli} width={width} />
      {note !== '' && <Text dimColor>{truncate(note, width)}</Text>}
      <Text> </Text>
      <StretchList
        lane={lanes[selected.lane]}
        at={selected.at}
        controller={controller}
        cli={cli}
        {...{ width, rows: fit.list }}
      />
    </>
  );
}

interface LanesProps {
  readonly day: ShownDay;
  readonly lanes: readonly DayLaneRow[];
  readonly shown: { readonly from: number; readonly to: number };
  readonly selected: { readonly lane: number; readonly stretch: LaneStretch | undefined };
  readonly zone: Pick<CliContext, 'zone' | 'zoneName'>;
  readonly width: number;
}

function Lanes({ day, lanes, shown, selected, zone, width }: LanesProps) {
  const hours = shownHours(lanes, day, zone);
  const texts = lanes.map(({ label, stretches }) => ({
    label: escapeControls(label),
    time: minutesText(stretches.reduce((sum, { from, to }) => sum + (to - from), 0) * micros),
  }));
  const all = [...texts, { label: 'you', time: minutesText(day.total) }];
  const labelWidth = Math.min(
    Math.max(...all.map(({ label }) => textWidth(label))),
    Math.max(8, Math.floor(width / 5)),
  );
  const timeWidth = Math.max(...all.map(({ time }) => time.length));
  const bar = Math.max(10, width - labelWidth - timeWidth - 6);
  const label = (text: string, mark: string) => {
    const cut = truncate(text, labelWidth);
    return `${mark} ${cut}${' '.repeat(labelWidth - textWidth(cut))}  `;
  };
  const you = drawCells(
    day.segments.map(({ from, to }) => [from, to]),
    ...hours,
    bar,
  );
  return (
    <>
      <Text dimColor>{`${' '.repeat(labelWidth + 4)}${drawHours(...hours, bar, clockOf(day.zone))}`}</Text>
      <Text wrap="truncate">
        <Text bold>{label('you', ' ')}</Text>
        {`${you}  ${minutesText(day.total).padStart(timeWidth)}`}
      </Text>
      {lanes.slice(shown.from, shown.to).map(({ label: name, stretches, isFaint }, place) => {
        const at = shown.from + place;
        const isSelected = at === selected.lane;
        const cells = drawCells(
          stretches.map(({ from, to }) => [from * micros, to * micros]),
          ...hours,
          bar,
        );
        const cursor = isSelected ? selected.stretch : undefined;
        return (
          <Text key={`${name} ${at}`} wrap="truncate" dimColor={isFaint && !isSelected}>
            <Text bold={isSelected}>{label(texts[at]?.label ?? '', isSelected ? '›' : ' ')}</Text>
            <Bar cells={cells} cursor={cursor} hours={hours} />
            {`  ${(texts[at]?.time ?? '').padStart(timeWidth)}`}
          </Text>
        );
      })}
    </>
  );
}

interface BarProps {
  readonly cells: string;
  readonly cursor: LaneStretch | undefined;
  readonly hours: readonly [number, number];
}

/** The selected stretch is drawn as `▲`, in other colours, so that it is seen without colours too. */
function Bar({ cells, cursor, hours }: BarProps) {
  if (cursor === undefined) return <Text color="cyan">{cells}</Text>;
  const span = { from: cursor.from * micros, to: cursor.to * micros };
  const [first, end] = cellsOf(span, hours, cells.length);
  return (
    <>
      <Text color="cyan">{cells.slice(0, first)}</Text>
      <Text color="yellow" bold>
        {'▲'.repeat(end - first)}
      </Text>
      <Text color="cyan">{cells.slice(end)}</Text>
    </>
  );
}

interface StretchListProps extends DayViewProps {
  readonly lane: DayLaneRow | undefined;
  readonly at: number;
}

function StretchList({ lane, at, controller, cli, width, rows }: StretchListProps) {
  const stretches = lane?.stretches ?? [];
  if (stretches.length === 0) {
    return <Text>Nothing yet. Press a and type what you did, such as 9:00-10:15 task:12 or 14:00 30min review.</Text>;
  }
  const { date } = controller.state;
  const day = controller.day.day(date);
  const texts = stretches.map((stretch) => rowOf(stretch, controller, day, cli));
  const [, ...lines] = columns(['N', 'WHEN', 'TIME', 'ID', 'WHAT'], texts, { width: width - 2, flexible: 4 });
  const isCut = lines.length > rows;
  const { from, to } = visibleRange(lines.length, at, isCut ? Math.max(1, rows - 1) : rows);
  return (
    <>
      {lines.slice(from, to).map((line, place) => (
        <Text key={stretches[from + place]?.from} inverse={from + place === at} wrap="truncate">
          {`${from + place === at ? '›' : ' '} ${line}`}
        </Text>
      ))}
      {isCut && rows > 1 && <Text dimColor>{`  ${from + 1}–${to} of ${lines.length}`}</Text>}
    </>
  );
}

function rowOf({ from, to, slot }: LaneStretch, controller: DayController, day: ShownDay, cli: CliContext): string[] {
  const time = minutesText((to - from) * micros);
  if (slot !== undefined) {
    const [id, title] = controller.day.title(slot.slot);
    return [`${slot.number}`, slotWhen(slot.slot, cli), time, id, title];
  }
  const clock = clockOf(day.zone);
  const within = day.segments.filter((one) => one.from < to * micros && one.to > from * micros);
  const projects = [...new Set(within.flatMap(({ project }) => project ?? []))];
  return ['', `${clock(from * micros)}-${clock(to * micros)}`, time, '', escapeControls(projects.join(', '))];
}

/** In two columns if they are too many for one. */
function DayKeyList({ rows, width }: { rows: number; width: number }) {
  const keys = dayKeyBindings.filter(({ label }) => label !== '');
  const lines = keys.map(({ label, does }) => `${label.padEnd(6)} ${does}`);
  const half = Math.ceil(lines.length / 2);
  const columnWidth = Math.floor(width / 2) - 1;
  const cell = (text: string) => {
    const cut = truncate(text, columnWidth);
    return cut + ' '.repeat(columnWidth - textWidth(cut));
  };
  const shown =
    lines.length <= rows
      ? lines
      : lines.slice(0, half).map((line, at) => `${cell(line)}  ${cell(lines[half + at] ?? '')}`);
  return <Text wrap="truncate">{shown.join('\n')}</Text>;
}

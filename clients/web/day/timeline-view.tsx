// Draws the timeline: the result row, whose blocks can be chosen, and the lanes below it. timeline.ts has the positions.

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { Texts } from '../languages/languages.ts';
import type { TimeFormat } from '../shared/time-format.ts';
import { reasonOf } from './day-view.ts';
import {
  momentAt,
  type PixelSpan,
  type TimelineBlock,
  type TimelineLane,
  type TimelineModel,
  type TimelineView,
  timelineOf,
  viewAfter,
} from './timeline.ts';

/** Heights in pixels. */
const row = 56;
const laneHeight = 12;
const axisHeight = 24;
/** Pixels of a letter of a label, at most. */
const letter = 7.6;
const shownSegments = 5;

type EditingParts = typeof import('./editing.tsx');

/** The editing code; it is fetched after the day is drawn. */
export interface DayEditing {
  readonly editor: InstanceType<EditingParts['DayEditor']>;
  readonly parts: EditingParts;
}

export interface TimelineProps {
  readonly editing: DayEditing | undefined;
  readonly day: MergedDayView;
  readonly now: number;
  readonly colors: ReadonlyMap<string, number>;
  readonly texts: Texts;
  readonly format: TimeFormat;
}

export function Timeline({ day, now, colors, texts, format, editing }: TimelineProps) {
  const [place, width] = useWidth();
  const [chosen, choose] = useState<number>();
  const [view, show] = useState<TimelineView>();
  const model = timelineOf(day, Math.max(120, width), now, view);
  const look = (change: Parameters<typeof viewAfter>[2]) => show(viewAfter(day, model.axis, change));
  useWheel(place, (event, x) => {
    if (event.ctrlKey) look({ factor: 1.002 ** event.deltaY, around: momentAt(model.axis, x) });
    else if (view !== undefined && event.deltaX !== 0) look({ by: event.deltaX / width });
    else return false;
    return true;
  });
  const block = model.blocks.find(({ from, to }) => chosen !== undefined && from <= chosen && chosen < to);
  return (
    <section class="card timeline-card" aria-labelledby="timeline-title">
      <div class="timeline-head">
        <h2 id="timeline-title">{texts.text('timeline.title')}</h2>
        {view !== undefined && (
          <>
            <Step sign="‹" name={texts.text('timeline.earlier')} press={() => look({ by: -0.5 })} />
            <Step sign="›" name={texts.text('timeline.later')} press={() => look({ by: 0.5 })} />
            <Step sign="−" name={texts.text('timeline.out')} press={() => look({ factor: 2 })} />
          </>
        )}
        <Step sign="+" name={texts.text('timeline.in')} press={() => look({ factor: 0.5 })} />
      </div>
      <div class="rows">
        <p class="row-label strong">{texts.text('timeline.day')}</p>
        <div class="row-chart" ref={place}>
          {width > 0 && (
            <ResultRow
              model={model}
              colors={colors}
              texts={texts}
              format={format}
              chosen={block}
              choose={(one) => choose(one?.from)}
              editing={editing}
              day={day}
              add={(moment) => {
                const empty = editing?.parts.emptyAround(day, moment, now);
                if (empty !== undefined) editing?.editor.open(empty);
              }}
            />
          )}
        </div>
        {width > 0 &&
          model.lanes.map((lane) => <Lane key={lane.lane} lane={lane} model={model} texts={texts} format={format} />)}
      </div>
      <Details block={block} texts={texts} format={format} />
      {block !== undefined && editing !== undefined && (
        <editing.parts.BlockActions
          editor={editing.editor}
          day={day}
          model={model}
          block={block}
          texts={texts}
          format={format}
        />
      )}
    </section>
  );
}

function Step({ sign, name, press }: { sign: string; name: string; press: () => void }) {
  return (
    <button type="button" aria-label={name} title={name} onClick={press}>
      {sign}
    </button>
  );
}

/** @param turned gets the place of the pointer in pixels; returns false for what the browser does itself */
function useWheel(place: { readonly current: HTMLElement | null }, turned: (event: WheelEvent, x: number) => boolean) {
  const newest = useRef(turned);
  newest.current = turned;
  useLayoutEffect(() => {
    const element = place.current;
    const wheel = (event: WheelEvent) => {
      if (element === null) return;
      if (newest.current(event, event.clientX - element.getBoundingClientRect().left)) event.preventDefault();
    };
    // Preact's own would be passive: it could not keep the browser from zooming the page.
    element?.addEventListener('wheel', wheel, { passive: false });
    return () => element?.removeEventListener('wheel', wheel);
  }, []);
}

/** The width of an element in pixels, also when it changes; 0 until it is known. */
function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = () => setWidth(Math.floor(element.clientWidth));
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return [place, width];
}

interface ResultRowProps extends Omit<TimelineProps, 'now'> {
  /** Adds time around a moment at which nothing is. */
  readonly add: (moment: number) => void;
  readonly model: TimelineModel;
  readonly chosen: TimelineBlock | undefined;
  readonly choose: (block: TimelineBlock | undefined) => void;
}

function ResultRow(props: ResultRowProps) {
  const { model, colors, texts, format, chosen, choose, editing, add } = props;
  const { blocks, axis } = model;
  const group = useRef<SVGGElement>(null);
  const hatch = useId();
  const at = Math.max(0, chosen === undefined ? 0 : blocks.indexOf(chosen));
  const move = (event: KeyboardEvent) => {
    const steps = new Map([
      ['ArrowLeft', at - 1],
      ['ArrowRight', at + 1],
      ['Home', 0],
      ['End', blocks.length - 1],
    ]);
    const to = steps.get(event.key);
    const next = to === undefined ? undefined : blocks[to];
    if (event.key === 'Escape') choose(undefined);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    const element = group.current?.children[blocks.indexOf(next)];
    if (element instanceof SVGElement) element.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be an SVG
    <svg
      class="result"
      width={axis.width}
      height={row + axisHeight}
      role="group"
      aria-label={texts.text('timeline.label', { count: blocks.length })}
      onKeyDown={move}
      onClick={({ target, clientX, currentTarget }) => {
        if (!(target instanceof Element) || target.closest('.ground, .axis') === null) return;
        add(momentAt(axis, clientX - currentTarget.getBoundingClientRect().left));
      }}
    >
      <defs>
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect class="hatch-paper" width="6" height="6" />
          <rect class="hatch-line" width="2" height="6" />
        </pattern>
      </defs>
      {editing !== undefined && <rect class="ground" width={axis.width} height={row} />}
      <Axis model={model} texts={texts} format={format} />
      <g ref={group}>
        {blocks.map((block, index) => (
          <Block
            key={block.from}
            block={block}
            fill={block.project === null ? `url(#${hatch})` : undefined}
            color={block.project === null ? 'none' : `p${colors.get(block.project) ?? 0}`}
            label={blockLabel(block, texts, format)}
            isChosen={block === chosen}
            isReached={index === at}
            choose={() => choose(block === chosen ? undefined : block)}
          />
        ))}
      </g>
      <BlockNames blocks={blocks} />
      {chosen !== undefined && editing !== undefined && (
        <editing.parts.BlockEdges
          editor={editing.editor}
          day={props.day}
          model={model}
          block={chosen}
          texts={texts}
          format={format}
          height={row}
        />
      )}
      {model.now !== undefined && <line class="now" x1={model.now} x2={model.now} y1={-2} y2={row + 6} />}
    </svg>
  );
}

function nameOf({ project, work }: Pick<TimelineBlock, 'project' | 'work'>, texts: Texts): string {
  return work ? (project ?? texts.text('unassigned')) : texts.text('people.not-work');
}

function blockLabel(block: TimelineBlock, texts: Texts, format: TimeFormat): string {
  return texts.text('block.label', {
    project: nameOf(block, texts),
    from: format.clock(block.from),
    to: format.clock(block.to),
    time: format.duration(block.time),
  });
}

function Axis({ model, texts, format }: Pick<ResultRowProps, 'model' | 'texts' | 'format'>) {
  return (
    <g class="axis">
      {model.ticks.map(({ at, x }) => (
        <g key={at}>
          <line class="hour" x1={x} x2={x} y1={0} y2={row + 6} />
          <text x={Math.min(Math.max(x, 18), model.axis.width - 18)} y={row + 20}>
            {format.clock(at)}
          </text>
        </g>
      ))}
      {model.gaps.map(({ from, to, x, width }) => (
        <g key={from} class="gap">
          <title>{texts.text('timeline.gap', { time: format.duration(to - from) })}</title>
          <rect x={x} y={0} width={width} height={row} />
          <path d={zigzag(x + width / 2)} />
        </g>
      ))}
    </g>
  );
}

/** A line that says: here is something left out. */
function zigzag(x: number): string {
  const points = Array.from({ length: 9 }, (_, index) => `${x + (index % 2 === 0 ? -3 : 3)},${(index * row) / 8}`);
  return `M${points.join('L')}`;
}

/** The names of projects on the blocks that have room for them. A block's own name, for those who do not see it, is its label. */
function BlockNames({ blocks }: { blocks: readonly TimelineBlock[] }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a group of an SVG takes no focus
    <g class="block-names" aria-hidden="true">
      {blocks.map(({ from, x, width, project, work }) =>
        project !== null && work && project.length * letter + 12 < width ? (
          <text key={from} x={x + 8} y={row / 2 + 4}>
            {project}
          </text>
        ) : null,
      )}
    </g>
  );
}

interface BlockProps {
  readonly block: TimelineBlock;
  readonly fill: string | undefined;
  readonly color: string;
  readonly label: string;
  readonly isChosen: boolean;
  /** True if Tab reaches it; arrow keys reach the others. */
  readonly isReached: boolean;
  readonly choose: () => void;
}

function Block({ block, fill, color, label, isChosen, isReached, choose }: BlockProps) {
  const { x, width } = block;
  const drawn = Math.max(1, width - (width > 4 ? 1 : 0));
  return (
    // biome-ignore lint/a11y/useSemanticElements: HTML buttons cannot be in an SVG
    <g
      class={`block ${color}${block.work ? '' : ' not-work'}`}
      role="button"
      aria-label={label}
      aria-pressed={isChosen}
      // In an SVG the name of an attribute keeps its letter case.
      tabindex={isReached ? 0 : -1}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        choose();
      }}
    >
      <title>{label}</title>
      <rect
        x={x}
        y={0}
        width={drawn}
        height={row}
        rx={Math.min(4, drawn / 3)}
        {...(fill === undefined ? {} : { fill })}
      />
    </g>
  );
}

function Lane({
  lane,
  model,
  texts,
  format,
}: {
  lane: TimelineLane;
  model: TimelineModel;
  texts: Texts;
  format: TimeFormat;
}) {
  const [isOpen, setOpen] = useState(false);
  const name = texts.text(`lane.${lane.lane}`);
  const [only] = lane.sources;
  if (lane.sources.length === 1 && only !== undefined) {
    return (
      <LaneRow
        label={<LaneLabel name={name} detail={format.duration(only.time)} source={only.source} />}
        kind={lane.lane}
        spans={only.spans}
        model={model}
      />
    );
  }
  return (
    <>
      <LaneRow
        label={
          <button type="button" class="expand" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <span>{name}</span> <span class="soft">{lane.sources.length}</span>
          </button>
        }
        kind={lane.lane}
        spans={lane.sources.flatMap(({ spans }) => spans)}
        model={model}
      />
      {isOpen &&
        lane.sources.map(({ source, time, spans }) => (
          <LaneRow
            key={source}
            label={<LaneLabel name={source} detail={format.duration(time)} source={source} isInner />}
            kind={lane.lane}
            spans={spans}
            model={model}
          />
        ))}
    </>
  );
}

function LaneLabel({
  name,
  detail,
  source,
  isInner,
}: {
  name: string;
  detail: string;
  source: string;
  isInner?: true;
}) {
  return (
    <span class={isInner === undefined ? 'lane-label' : 'lane-label inner'} title={source}>
      <span class="lane-name">{name}</span> <span class="soft">{detail}</span>
    </span>
  );
}

interface LaneRowProps {
  readonly label: ComponentChildren;
  readonly kind: string;
  readonly spans: readonly PixelSpan[];
  readonly model: TimelineModel;
}

function LaneRow({ label, kind, spans, model }: LaneRowProps) {
  return (
    <>
      <div class="row-label">{label}</div>
      <svg class={`lane ${kind}`} width={model.axis.width} height={laneHeight} aria-hidden="true">
        <rect class="bed" x={0} y={laneHeight / 2 - 0.5} width={model.axis.width} height={1} />
        {/* One path for all of them: a day has thousands. */}
        <path
          d={spans.map(([x, width]) => `M${round(x)} 0h${round(width)}v${laneHeight}h${-round(width)}z`).join('')}
        />
      </svg>
    </>
  );
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}

function Details({ block, texts, format }: { block: TimelineBlock | undefined; texts: Texts; format: TimeFormat }) {
  if (block === undefined) return <p class="hint timeline-hint">{texts.text('timeline.hint')}</p>;
  const longest = [...block.segments].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, shownSegments);
  const more = block.segments.length - longest.length;
  return (
    <div class="details" aria-live="polite">
      <p>
        <strong>{nameOf(block, texts)}</strong> {format.range(block.from, block.to)} · {format.duration(block.time)}
      </p>
      <ul>
        {longest
          .sort((a, b) => a.from - b.from)
          .map((segment) => (
            <li key={segment.from}>
              <span class="when">{format.range(segment.from, segment.to)}</span> {texts.text(`lane.${segment.lane}`)}{' '}
              <span class="soft">
                {segment.source} · {reasonOf(segment, texts)}
              </span>
            </li>
          ))}
      </ul>
      {more > 0 && <p class="hint">{texts.text('block.more', { count: more })}</p>}
    </div>
  );
}

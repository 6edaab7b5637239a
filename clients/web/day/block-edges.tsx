// The edges of the chosen block: dragged with a pointer, or moved by arrow keys and saved by Enter.

import { useState } from 'preact/hooks';
import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { Texts } from '../languages/languages.ts';
import type { TimeFormat } from '../shared/time-format.ts';
import type { DayEditor } from './day-editor.ts';
import { type EditedStretch, joinStretches, moveEdge, stretchOf } from './edit-stretch.ts';
import { momentAt, positionOf, type TimelineBlock, type TimelineModel } from './timeline.ts';

const minute = 60_000_000;
const handleWidth = 14;

export interface BlockEditProps {
  readonly editor: DayEditor;
  readonly day: MergedDayView;
  readonly model: TimelineModel;
  readonly block: TimelineBlock;
  readonly texts: Texts;
  readonly format: TimeFormat;
}

/** The stretches of the blocks before and after, as far as there are any. */
function neighbours({
  editor,
  model,
  block,
}: BlockEditProps): Readonly<Record<'from' | 'to', EditedStretch | undefined>> {
  const at = model.blocks.indexOf(block);
  const of = (neighbour: TimelineBlock | undefined) =>
    neighbour === undefined ? undefined : stretchOf(neighbour, editor.entryOf);
  return { from: of(model.blocks[at - 1]), to: of(model.blocks[at + 1]) };
}

export function BlockEdges(props: BlockEditProps & { readonly height: number }) {
  const { block } = props;
  if (!block.work) return null;
  return (
    <>
      {(['from', 'to'] as const).map((side) => (
        <Edge key={`${block.from} ${side}`} side={side} {...props} />
      ))}
    </>
  );
}

function Edge(props: BlockEditProps & { readonly height: number; readonly side: 'from' | 'to' }) {
  const { editor, day, model, block, texts, format, height, side } = props;
  const [draft, setDraft] = useState<number>();
  const edge = block[side];
  const at = draft ?? edge;
  const x = positionOf(model.axis, at);
  const put = (moment: number) => {
    // An edge stays within the day, and a minute from the other one.
    const [least, most] = side === 'from' ? [day.from, block.to - minute] : [block.from + minute, day.to];
    setDraft(Math.min(most, Math.max(least, moment)));
  };
  const save = () => {
    setDraft(undefined);
    const stretch = stretchOf(block, editor.entryOf);
    void editor.save(moveEdge(stretch, { side, at, neighbour: neighbours(props)[side] }));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -15, PageUp: 15 }[event.key];
    if (step !== undefined) put((Math.round(at / minute) + step * (event.shiftKey ? 5 : 1)) * minute);
    else if (event.key === 'Enter') save();
    else if (event.key === 'Escape' && draft !== undefined) setDraft(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onDrag = (event: PointerEvent) => {
    const { currentTarget } = event;
    if (!(currentTarget instanceof SVGElement) || !currentTarget.hasPointerCapture(event.pointerId)) return;
    const left = currentTarget.ownerSVGElement?.getBoundingClientRect().left ?? 0;
    put(Math.round(momentAt(model.axis, event.clientX - left) / minute) * minute);
  };
  return (
    <g
      class="edge"
      role="slider"
      tabindex={0}
      aria-label={texts.text(side === 'from' ? 'edge.from' : 'edge.to')}
      aria-valuemin={Math.floor(day.from / minute)}
      aria-valuemax={Math.ceil(day.to / minute)}
      aria-valuenow={Math.round(at / minute)}
      aria-valuetext={format.clock(at)}
      onKeyDown={onKey}
      onBlur={() => setDraft(undefined)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.focus();
      }}
      onPointerMove={onDrag}
      onPointerUp={() => draft !== undefined && save()}
      onPointerCancel={() => setDraft(undefined)}
    >
      <rect class="edge-reach" x={x - handleWidth} y={0} width={handleWidth * 2} height={height} />
      <line x1={x} x2={x} y1={-4} y2={height + 4} />
      <circle cx={x} cy={height / 2} r={5} />
      {draft !== undefined && (
        <text x={Math.min(Math.max(x, 24), model.axis.width - 24)} y={-8}>
          {format.clock(at)}
        </text>
      )}
    </g>
  );
}

/** The actions on the chosen block. */
export function BlockActions(props: BlockEditProps) {
  const { editor, block, texts } = props;
  const stretch = stretchOf(block, editor.entryOf);
  const { from, to } = neighbours(props);
  const join = (neighbour: EditedStretch | undefined, key: 'edit.join-before' | 'edit.join-after') =>
    neighbour !== undefined &&
    (stretch.project !== null || stretch.task !== null) && (
      <button type="button" onClick={() => void editor.save(joinStretches(stretch, neighbour))}>
        {texts.text(key)}
      </button>
    );
  return (
    <p class="buttons">
      <button type="button" class="primary" onClick={() => editor.open(stretch)}>
        {texts.text('edit.change')}
      </button>
      {join(from, 'edit.join-before')}
      {join(to, 'edit.join-after')}
    </p>
  );
}

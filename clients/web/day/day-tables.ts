// The numbers of a day as tables: the twin of what its page draws.

import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { Texts } from '../languages/languages.ts';
import type { DataTable, TableCell } from '../shared/data-table.ts';
import type { TimeFormat } from '../shared/time-format.ts';
import { reasonOf } from './day-view.ts';
import { type EditedStretch, stretchOf } from './edit-stretch.ts';

const text = (value: string): TableCell => ({ text: value });
const duration = (value: number): TableCell => ({ duration: value });

/** The functions with which the table twin edits a stretch. */
export interface StretchOpener {
  readonly entryOf: Parameters<typeof stretchOf>[1];
  open(stretch: EditedStretch): void;
}

/** @param opener makes each stretch one that can be edited */
export function dayTables(
  day: MergedDayView,
  texts: Texts,
  format: TimeFormat,
  opener?: StretchOpener,
): readonly DataTable[] {
  const nameCell = (project: string | null): TableCell => text(project ?? texts.text('unassigned'));
  const time = texts.text('table.time');
  return [
    {
      name: 'projects',
      title: texts.text('projects'),
      columns: [texts.text('table.project'), time, texts.text('table.agent'), texts.text('table.attended')],
      rows: day.projects.map((one) => [
        nameCell(one.project),
        duration(one.time),
        duration(one.agent),
        duration(one.attended),
      ]),
      total: [text(texts.text('table.total')), duration(day.total), duration(day.agent), duration(day.attended)],
    },
    {
      name: 'stretches',
      title: texts.text('table.stretches'),
      columns: [
        texts.text('table.from'),
        texts.text('table.to'),
        time,
        texts.text('table.project'),
        texts.text('table.source'),
        texts.text('table.why'),
      ],
      rows: day.segments.map((segment) => [
        text(format.clockWithSeconds(segment.from)),
        text(format.clockWithSeconds(segment.to)),
        duration(segment.to - segment.from),
        segment.work ? nameCell(segment.project) : text(texts.text('people.not-work')),
        text(segment.source),
        text(reasonOf(segment, texts)),
      ]),
      ...(opener === undefined
        ? {}
        : {
            actions: day.segments.map((segment) => ({
              label: texts.text('edit.change'),
              about: format.range(segment.from, segment.to),
              run: () => opener.open(stretchOf({ ...segment, segments: [segment] }, opener.entryOf)),
            })),
          }),
    },
    {
      name: 'sources',
      title: texts.text('table.sources'),
      columns: [texts.text('table.lane'), texts.text('table.source'), time],
      rows: day.lanes.map(({ lane, source, time: length }) => [
        text(texts.text(`lane.${lane}`)),
        text(source),
        duration(length),
      ]),
    },
  ];
}

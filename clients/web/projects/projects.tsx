// The page of all projects, and that of one.

import { useMemo, useState } from 'preact/hooks';
import type { DayProjectItem } from '../../../protocol/day.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { shiftDate } from '../shared/dates.ts';
import { openPage } from '../shared/frame.ts';
import { LivePage } from '../shared/live-page.tsx';
import { LiveSums } from '../shared/live-sums.ts';
import { colorClass, colorsOf } from '../shared/project-colors.ts';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useItems } from '../shared/use-items.ts';
import { useLive } from '../shared/use-live.ts';
import { ProjectPage } from './project-page.tsx';
import { type ProjectRow, projectRows, projectsTables, sparkline } from './projects-view.ts';

const shownDays = 30;

function ProjectsPage({ texts }: { texts: Texts }) {
  const live = useLive(
    (changed) => new LiveSums({ spanAt: (today) => [shiftDate(today, 1 - shownDays), today], changed }),
    [],
  );
  const registered = useItems<DayProjectItem>(live.live, 'projects');
  const [typed, setTyped] = useState('');
  const [tableShown, showTable] = useState(location.hash === '#table');
  const format = useMemo(() => new TimeFormat(texts, live.zone), [texts, live.zone]);
  const rows = useMemo(() => projectRows(live.days ?? [], registered), [live.days, registered]);
  const found = rows.filter(({ project }) => project.toLowerCase().includes(typed.trim().toLowerCase()));
  const colors = useMemo(() => colorsOf(rows.map(({ project }) => project)), [rows]);
  return (
    <LivePage
      texts={texts}
      title={texts.text('nav.projects')}
      subtitle={texts.text('trends.range', { count: shownDays })}
      source={live}
      format={live.isKnown ? format : undefined}
      deeds={{ table: { does: 'keys.table', run: () => showTable(!tableShown) } }}
      content={() => (
        <>
          {rows.length > 8 && (
            <label class="field search">
              <span>{texts.text('projects.search')}</span>
              <input type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
            </label>
          )}
          {rows.length === 0 ? (
            <p class="sentence">{texts.text('projects.empty')}</p>
          ) : (
            <ul class="card project-list">
              {found.map((row) => (
                <Row
                  key={row.project}
                  row={row}
                  color={colorClass(row.project, colors)}
                  texts={texts}
                  format={format}
                />
              ))}
              {found.length === 0 && <li class="hint">{texts.text('palette.nothing')}</li>}
            </ul>
          )}
          <TableTwin
            tables={tableShown ? projectsTables(rows, texts) : []}
            file={`projects-${live.today}`}
            texts={texts}
            isOpen={tableShown}
            toggle={showTable}
          />
        </>
      )}
    />
  );
}

interface RowProps {
  readonly row: ProjectRow;
  readonly color: string;
  readonly texts: Texts;
  readonly format: TimeFormat;
}

function Row({ row, color, texts, format }: RowProps) {
  const { project, time, times, last, isArchived } = row;
  return (
    <li>
      <a href={pathTo(`/projects/${encodeURIComponent(project)}`)} data-archived={isArchived}>
        <span class="project-name">
          <span class={`swatch ${color}`} aria-hidden="true" />
          {project}
        </span>
        <svg
          class={`spark ${color}`}
          viewBox={`0 0 ${times.length - 1} 20`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          <path d={sparkline(times)} />
        </svg>
        <data value={time}>{format.duration(time)}</data>
        <span class="soft">
          {isArchived
            ? texts.text('projects.archived')
            : last === ''
              ? texts.text('projects.never')
              : format.shortDate(last)}
        </span>
      </a>
    </li>
  );
}

await openPage('projects', (texts, path) => {
  const project = decodeURIComponent(path.split('/')[2] ?? '');
  return project === '' ? <ProjectsPage texts={texts} /> : <ProjectPage texts={texts} project={project} />;
});

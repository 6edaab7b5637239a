// The page of one project: its days, branches and languages, its tasks, the rules that feed it, its goal, and what it is called.

import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import type { DayProjectItem, DayRuleItem } from '../../../protocol/day.ts';
import type { Task } from '../../../protocol/messages.ts';
import { projectIn } from '../../../protocol/project-in.ts';
import type { Texts } from '../languages/languages.ts';
import { hubUrl, pathTo } from '../shared/address.ts';
import { shiftDate } from '../shared/dates.ts';
import { EditLine } from '../shared/edit-line.tsx';
import { PageEdits } from '../shared/edits.ts';
import { dataRecord, type NamedSeconds, namedSeconds } from '../shared/hub-values.ts';
import type { LiveConnection } from '../shared/live-connection.ts';
import { LivePage } from '../shared/live-page.tsx';
import { LiveSums } from '../shared/live-sums.ts';
import { NamedBars } from '../shared/named-bars.tsx';
import { colorsOf } from '../shared/project-colors.ts';
import { ruleSentence } from '../shared/rule-sentence.ts';
import { partsOf } from '../shared/sentence.ts';
import { SentenceLine } from '../shared/sentence-line.tsx';
import { StackedDays } from '../shared/stacked-days.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useItems } from '../shared/use-items.ts';
import { useLive } from '../shared/use-live.ts';
import { projectTables, rulesOf, timesOf } from './projects-view.ts';

const shownDays = 90;
const shownRows = 10;

interface PageProps {
  readonly texts: Texts;
  readonly project: string;
}

export function ProjectPage({ texts, project }: PageProps) {
  const live = useLive(
    (changed) => new LiveSums({ spanAt: (today) => [shiftDate(today, 1 - shownDays), today], changed }),
    [],
  );
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const edits = useMemo(() => new PageEdits(live.live, () => redraw(0)), [live]);
  const [tableShown, showTable] = useState(location.hash === '#table');
  const format = useMemo(() => new TimeFormat(texts, live.zone), [texts, live.zone]);
  return (
    <LivePage
      texts={texts}
      title={project}
      subtitle={texts.text('trends.range', { count: shownDays })}
      source={live}
      format={live.isKnown ? format : undefined}
      neighbours={
        <a class="button" href={pathTo('/projects')}>
          {texts.text('nav.projects')}
        </a>
      }
      deeds={{
        table: { does: 'keys.table', run: () => showTable(!tableShown) },
        undo: { does: 'keys.undo', run: () => void edits.undo() },
      }}
      content={() => (
        <>
          <ProjectContent live={live} project={project} texts={texts} format={format} edits={edits} />
          <TableTwin
            tables={tableShown ? projectTables(live.days ?? [], project, texts, format) : []}
            file={`project-${live.today}`}
            texts={texts}
            isOpen={tableShown}
            toggle={showTable}
          />
          <EditLine edits={edits} texts={texts} undo={() => void edits.undo()} />
        </>
      )}
    />
  );
}

interface ContentProps extends PageProps {
  readonly live: LiveSums;
  readonly format: TimeFormat;
  readonly edits: PageEdits;
}

function ProjectContent({ live, project, texts, format, edits }: ContentProps) {
  const { days = [] } = live;
  const registered = useItems<DayProjectItem>(live.live, 'projects').get(project)?.item;
  const tasks = useItems<Task>(live.live, 'tasks');
  const rules = useItems<DayRuleItem>(live.live, 'rules');
  const aliases = registered?.aliases ?? [];
  const names = [project, ...aliases];
  const its = [...tasks.values()].filter(({ item }) => names.includes(projectIn(item.desc ?? '') ?? ''));
  const feeding = rulesOf(rules, project, aliases);
  const times = timesOf(days, project);
  const total = times.reduce((all, one) => all + one, 0);
  const only = days.map((day) => ({
    ...day,
    total: day.projects.find((one) => one.project === project)?.time ?? 0,
  }));
  return (
    <>
      <SentenceLine
        parts={partsOf(texts, total === 0 ? 'project.sentence-empty' : 'project.sentence', {
          total: { text: format.duration(total), role: 'figure' },
          days: { text: String(times.filter((time) => time > 0).length), role: 'plain' },
        })}
      />
      <div class="day-body">
        <section class="card wide" aria-labelledby="days-title">
          <h2 id="days-title">{texts.text('week.by-day')}</h2>
          <StackedDays
            days={only}
            projects={[project]}
            colors={colorsOf([project])}
            label={texts.text('trends.chart', { count: days.length })}
            height={120}
            format={format}
          />
        </section>
        <div class="column">
          <EditorLists live={live.live} project={project} texts={texts} format={format} />
          <TextCard
            title={texts.text('nav.tasks')}
            rows={its.map(({ item }) => item.desc ?? '')}
            empty={texts.text('project.no-tasks')}
          />
        </div>
        <div class="column">
          <TextCard
            title={texts.text('nav.rules')}
            rows={feeding.map(({ rule }) => ruleSentence(rule, texts))}
            empty={texts.text('project.no-rules')}
          />
          <Names key={project} project={project} item={registered} texts={texts} edits={edits} />
          <Badge live={live.live} project={project} texts={texts} />
        </div>
      </div>
    </>
  );
}

function TextCard({ title, rows, empty }: { title: string; rows: readonly string[]; empty: string }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p class="hint">{empty}</p>
      ) : (
        <ul class="plain-list">
          {rows.slice(0, 20).map((row) => (
            <li key={row}>{row}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Data of editors for the last 30 days. */
function EditorLists({
  live,
  project,
  texts,
  format,
}: Omit<ContentProps, 'live' | 'edits'> & { live: LiveConnection }) {
  const [lists, setLists] = useState<Readonly<Record<string, readonly NamedSeconds[]>>>({});
  useEffect(() => {
    for (const aspect of ['branches', 'languages']) {
      const query = new URLSearchParams({ project });
      void live.get(`/api/v1/users/current/insights/${aspect}/last_30_days?${query}`).then((answer) => {
        const list: unknown = answer.ok ? dataRecord(answer.value)[aspect] : undefined;
        const rows = namedSeconds(list);
        setLists((known) => ({ ...known, [aspect]: rows }));
      });
    }
  }, [live, project]);
  return (
    <>
      {(['branches', 'languages'] as const).map((aspect) => {
        const rows = lists[aspect] ?? [];
        const title = texts.text(aspect === 'branches' ? 'project.branches' : 'trends.languages');
        return (
          rows.length > 0 && (
            <NamedBars key={aspect} title={title} rows={rows.slice(0, shownRows)} format={format}>
              <p class="hint">{texts.text('project.editors')}</p>
            </NamedBars>
          )
        );
      })}
    </>
  );
}

interface NamesProps extends PageProps {
  readonly item: DayProjectItem | undefined;
  readonly edits: PageEdits;
}

/** Renaming, merging and archiving: the old name stays as an alias, and the past follows. */
function Names({ project, item, texts, edits }: NamesProps) {
  const [typed, setTyped] = useState('');
  const name = typed.trim();
  const edit = async (body: object) => {
    if (await edits.write('projects', '/-/projects', body))
      location.assign(pathTo(`/projects/${encodeURIComponent(name)}`));
  };
  return (
    <section class="card">
      <h2>{texts.text('project.names')}</h2>
      {(item?.aliases ?? []).length > 0 && (
        <p class="hint">{texts.text('project.aliases', { names: (item?.aliases ?? []).join(', ') })}</p>
      )}
      <form
        class="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          void edit({ do: 'rename', from: project, to: name });
        }}
      >
        <label class="field">
          <span>{texts.text('project.other-name')}</span>
          <input
            type="text"
            required
            maxLength={128}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <p class="buttons">
          <button type="submit" disabled={name === '' || name === project}>
            {texts.text('project.rename')}
          </button>
          <button
            type="button"
            disabled={name === '' || name === project}
            onClick={() => void edit({ do: 'merge', from: [project], into: name })}
          >
            {texts.text('project.merge')}
          </button>
          <button
            type="button"
            onClick={() => void edits.put('projects', project, { ...item, archived: item?.archived !== true })}
          >
            {texts.text(item?.archived === true ? 'project.unarchive' : 'project.archive')}
          </button>
        </p>
      </form>
    </section>
  );
}

/** A picture of the time, for a README. It shows something once the person shares their time. */
function Badge({ live, project, texts }: { live: LiveConnection; project: string; texts: Texts }) {
  const [user, setUser] = useState('');
  useEffect(() => {
    void live.get('/api/v1/users/current').then((answer) => {
      const name = answer.ok ? dataRecord(answer.value)['username'] : undefined;
      setUser(typeof name === 'string' ? name : '');
    });
  }, [live]);
  if (user === '') return null;
  const address = `${hubUrl()}/api/badge/${encodeURIComponent(user)}/interval:30_days/project:${encodeURIComponent(project)}`;
  return (
    <section class="card">
      <h2>{texts.text('project.badge')}</h2>
      <p class="hint">{texts.text('project.badge-hint')}</p>
      <div class="paste">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard */}
        <pre tabIndex={0}>
          <code>{`![${project}](${address})`}</code>
        </pre>
      </div>
    </section>
  );
}

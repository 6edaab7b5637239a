// The page of goals: WakaTime's, with their chart; made, changed and deleted here.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { Dialog } from '../shared/dialog.tsx';
import { openPage } from '../shared/frame.ts';
import { dataOf, LiveAnswer } from '../shared/live-answer.ts';
import { LivePage } from '../shared/live-page.tsx';
import { TableTwin } from '../shared/table-twin.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useLive } from '../shared/use-live.ts';
import { fieldsOf, type GoalFields, type GoalView, goalBody, isGoalView } from './goals-view.ts';

const address = '/api/v1/users/current/goals';
const chartHeight = 90;
const second = 1_000_000;

type Source = LiveAnswer<readonly GoalView[]>;

interface GoalsProps {
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly live: Source;
}

function GoalsPage({ texts }: { texts: Texts }) {
  const live = useLive(
    (changed): Source =>
      new LiveAnswer({
        changed,
        channels: ['goals'],
        load: async (connection) => {
          const answer = await connection.get(address);
          return answer.ok ? { ok: true, value: dataOf(answer.value, isGoalView) } : answer;
        },
      }),
    [],
  );
  const [opened, open] = useState<GoalView | 'new'>();
  const [tableShown, showTable] = useState(location.hash === '#table');
  const format = new TimeFormat(texts, 'UTC');
  const goals = live.value ?? [];
  return (
    <LivePage
      texts={texts}
      title={texts.text('nav.goals')}
      source={live}
      format={format}
      neighbours={
        <button type="button" aria-keyshortcuts="a" onClick={() => open('new')}>
          {texts.text('goals.new')}
        </button>
      }
      deeds={{
        add: { does: 'goals.new', run: () => open('new') },
        ...(goals.length > 0 && { table: { does: 'keys.table', run: () => showTable(!tableShown) } }),
      }}
      content={() => (
        <>
          {goals.length === 0 && <p class="sentence">{texts.text('goals.empty')}</p>}
          <ul class="cards">
            {goals.map((goal) => (
              <Goal key={goal.id} goal={goal} live={live} texts={texts} format={format} open={() => open(goal)} />
            ))}
          </ul>
          <Dialog
            title={texts.text(opened === 'new' ? 'goals.new' : 'goals.change')}
            open={opened !== undefined}
            close={() => open(undefined)}
            closeText={texts.text('edit.cancel')}
          >
            <GoalForm
              goal={opened === 'new' ? undefined : opened}
              live={live}
              texts={texts}
              done={() => open(undefined)}
            />
          </Dialog>
          {goals.length > 0 && (
            <TableTwin
              tables={tableShown ? goals.map((goal) => tableOf(goal, texts)) : []}
              file="goals"
              texts={texts}
              isOpen={tableShown}
              toggle={showTable}
            />
          )}
        </>
      )}
    />
  );
}

function tableOf(goal: GoalView, texts: Texts) {
  return {
    name: goal.id,
    title: goal.title,
    columns: [texts.text('table.day'), texts.text('table.time'), texts.text('goals.goal'), texts.text('goals.status')],
    rows: goal.chart_data.map((point) => [
      { text: point.range.text },
      { duration: point.actual_seconds * second },
      { duration: point.goal_seconds * second },
      { text: point.range_status },
    ]),
  };
}

function Goal({ goal, live, texts, format, open }: GoalsProps & { goal: GoalView; open: () => void }) {
  const { title, chart_data: points, status, id } = goal;
  const [isAsked, ask] = useState(false);
  const most = Math.max(1, ...points.map((point) => Math.max(point.actual_seconds, point.goal_seconds)));
  const last = points.at(-1);
  const remove = async () => {
    await live.live.send('DELETE', `${address}/${id}`);
    await live.ask();
  };
  return (
    <li class="card goal" data-status={status}>
      <h2>{title}</h2>
      <p>
        <strong>{format.duration((last?.actual_seconds ?? 0) * second)}</strong>{' '}
        <span class="soft">
          {texts.text(goal.is_inverse ? 'goals.at-most' : 'goals.at-least', {
            time: format.duration(goal.seconds * second),
          })}
        </span>
      </p>
      <ol class="goal-chart" aria-label={texts.text('goals.chart')}>
        {points.map((point) => (
          <li key={point.range.text} data-status={point.range_status} title={point.range_status_reason}>
            <svg height={chartHeight} width="100%" aria-hidden="true">
              <rect class="bed" width="100%" height={chartHeight} rx="4" />
              <rect
                class="value"
                width="100%"
                y={chartHeight * (1 - point.actual_seconds / most)}
                height={(chartHeight * point.actual_seconds) / most}
                rx="3"
              />
              <line
                x1="0"
                x2="100%"
                y1={chartHeight * (1 - point.goal_seconds / most)}
                y2={chartHeight * (1 - point.goal_seconds / most)}
              />
            </svg>
            <span class="soft">
              <span aria-hidden="true">
                {point.range_status === 'success' ? '✓' : point.range_status === 'fail' ? '✗' : '·'}
              </span>
              {point.range.date !== undefined && <span aria-hidden="true"> {format.weekday(point.range.date)}</span>}
              <span class="unseen">{`${point.range.text}: ${point.range_status_reason}`}</span>
            </span>
          </li>
        ))}
      </ol>
      <p class="buttons">
        <button type="button" aria-label={`${texts.text('edit.change')}: ${title}`} onClick={open}>
          {texts.text('edit.change')}
        </button>
        <button
          type="button"
          aria-label={`${texts.text(isAsked ? 'goals.really' : 'goals.delete')}: ${title}`}
          onClick={() => (isAsked ? void remove() : ask(true))}
          onBlur={() => ask(false)}
        >
          {texts.text(isAsked ? 'goals.really' : 'goals.delete')}
        </button>
      </p>
    </li>
  );
}

interface GoalFormProps {
  readonly goal: GoalView | undefined;
  readonly live: Source;
  readonly texts: Texts;
  readonly done: () => void;
}

function GoalForm({ goal, live, texts, done }: GoalFormProps) {
  const [fields, setFields] = useState<GoalFields>(() => fieldsOf(goal));
  const [problem, setProblem] = useState('');
  const set = (changed: Partial<GoalFields>) => setFields({ ...fields, ...changed });
  const body = goalBody(fields);
  const save = async () => {
    if (body === undefined) return setProblem(texts.text('goals.wrong-hours'));
    const answer = await live.live.send(
      goal === undefined ? 'POST' : 'PUT',
      goal === undefined ? address : `${address}/${goal.id}`,
      body,
    );
    if (!answer.ok) return setProblem(answer.reason);
    await live.ask();
    done();
  };
  const line = (
    name: 'title' | 'hours' | 'projects' | 'languages',
    label: string,
    mode: 'text' | 'decimal' = 'text',
  ) => (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        inputMode={mode}
        value={fields[name]}
        onInput={(event) => set({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div class="edit-times">
        {line('hours', texts.text('goals.hours'), 'decimal')}
        <label class="field">
          <span>{texts.text('goals.per')}</span>
          <select
            value={fields.delta}
            onChange={(event) => set({ delta: event.currentTarget.value === 'week' ? 'week' : 'day' })}
          >
            <option value="day">{texts.text('goals.day')}</option>
            <option value="week">{texts.text('goals.week')}</option>
          </select>
        </label>
      </div>
      {line('projects', texts.text('goals.projects'))}
      {line('languages', texts.text('goals.languages'))}
      {line('title', texts.text('goals.title'))}
      <label class="switch">
        <input type="checkbox" checked={fields.isInverse} onChange={() => set({ isInverse: !fields.isInverse })} />
        {texts.text('goals.inverse')}
      </label>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="buttons">
        <button type="submit" class="primary">
          {texts.text('edit.save')}
        </button>
      </p>
    </form>
  );
}

await openPage('goals', (texts) => <GoalsPage texts={texts} />);

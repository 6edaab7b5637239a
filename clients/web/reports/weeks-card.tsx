// Weeks that can be submitted, or are; and, for administrators, a way to return one with a reason.

import { useState } from 'preact/hooks';
import { Dialog } from '../shared/dialog.tsx';
import type { TimeFormat } from '../shared/time-format.ts';
import type { ReportPartProps } from './live-report.ts';
import { type ListedWeek, type ReportTexts, type ReportWeek, weekRows } from './reports-view.ts';

export function WeeksCard({ shown, live, texts, format }: ReportPartProps) {
  const [problem, setProblem] = useState('');
  const [returned, open] = useState('');
  const { weeksOf, account, isAdmin } = shown;
  const edit = async (body: object) => {
    const answer = await live.live.send('POST', '/-/weeks', body);
    setProblem(answer.ok ? '' : answer.reason);
    await live.ask();
  };
  const isMine = weeksOf === account;
  return (
    <section class="card">
      <h2>{texts.text(isMine ? 'reports.weeks' : 'reports.weeks-of', { person: weeksOf })}</h2>
      <p class="hint">{texts.text(weeksOf === '' ? 'reports.weeks-all' : 'reports.weeks-hint')}</p>
      <ul class="plain-list weeks">
        {weeksOf !== '' &&
          weekRows(shown.today, shown.weeks).map((row) => (
            <Week
              key={row.week}
              row={row}
              texts={texts}
              format={format}
              submit={isMine ? () => void edit({ do: 'submit', week: row.week }) : undefined}
              giveBack={isAdmin ? () => open(row.week) : undefined}
            />
          ))}
      </ul>
      <p role="alert">{problem}</p>
      <Dialog
        title={`${texts.text('reports.return')}: ${returned}`}
        open={returned !== ''}
        close={() => open('')}
        closeText={texts.text('cancel')}
      >
        <ReasonForm
          texts={texts}
          send={(reason) => {
            void edit({ do: 'return', week: returned, account: weeksOf, reason });
            open('');
          }}
        />
      </Dialog>
    </section>
  );
}

interface WeekProps {
  readonly row: ReportWeek;
  readonly texts: ReportTexts;
  readonly format: TimeFormat;
  /** Undefined where it is somebody else's week. */
  readonly submit: (() => void) | undefined;
  /** Undefined for those who do not administer. */
  readonly giveBack: (() => void) | undefined;
}

function Week({ row, texts, format, submit, giveBack }: WeekProps) {
  const [isAsked, ask] = useState(false);
  const { week, from, to, listed } = row;
  const name = texts.text('reports.week', { week, from: format.shortDate(from), to: format.shortDate(to) });
  const isLocked = listed?.state === 'submitted';
  const does = texts.text(isLocked ? 'reports.return' : isAsked ? 'reports.submit-really' : 'reports.submit');
  const run = isLocked ? giveBack : isAsked ? submit : submit && (() => ask(true));
  return (
    <li data-week={week} data-state={listed?.state ?? 'open'}>
      <span>
        <strong>{name}</strong> <span class="soft">{stateText(listed, texts, format)}</span>
      </span>
      {run !== undefined && (
        <button type="button" aria-label={`${does}: ${name}`} onClick={run} onBlur={() => ask(false)}>
          {does}
        </button>
      )}
    </li>
  );
}

function stateText(listed: ListedWeek | undefined, texts: ReportTexts, format: TimeFormat): string {
  if (listed === undefined) return texts.text('reports.not-submitted');
  const { at, by, total, reason = '', state } = listed;
  const values = { time: format.moment(at * 1_000), by, total: format.duration(total), reason };
  return texts.text(state === 'submitted' ? 'reports.submitted' : 'reports.returned', values);
}

function ReasonForm({ texts, send }: { texts: ReportTexts; send: (reason: string) => void }) {
  const [reason, setReason] = useState('');
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        send(reason.trim());
      }}
    >
      <label class="field">
        <span>{texts.text('reports.reason')}</span>
        <input
          type="text"
          required
          autofocus
          maxLength={2_000}
          pattern=".*\S.*"
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <p class="buttons">
        <button type="submit" class="primary">
          {texts.text('reports.return')}
        </button>
      </p>
    </form>
  );
}

// The price of an hour and the rounding of its time: for everything, and for each project. Each change is one write of an item of
// `settings` or `projects`, so the page of history undoes it.

import { useState } from 'preact/hooks';
import type { DayProjectItem } from '../../../protocol/day.ts';
import { Dialog } from '../shared/dialog.tsx';
import { useItems } from '../shared/use-items.ts';
import type { ReportPartProps } from './live-report.ts';
import { Choice, Field, RoundingFields, roundings } from './question-form.tsx';
import {
  amountsText,
  type ReportTerms,
  type ReportTexts,
  type TermFields,
  termFields,
  termsOf,
} from './reports-view.ts';

/** The item `report` of `settings`; a project has a name. */
const everything = '';

export function TermsCard({ shown, live, texts }: ReportPartProps) {
  const settings = useItems<ReportTerms>(live.live, 'settings');
  const projects = useItems<DayProjectItem>(live.live, 'projects');
  const [opened, open] = useState<string>();
  const [problem, setProblem] = useState('');
  const termsFor = (name: string): ReportTerms =>
    (name === everything ? settings.get('report') : projects.get(name))?.item ?? {};
  const known = new Set([...projects.keys(), ...(shown.report?.rows ?? []).flatMap(({ project }) => project ?? [])]);
  const names = [everything, ...[...known].sort()];
  const shownNames = names.filter((name) => termsText(termsFor(name), texts) !== '');
  const save = async (name: string, terms: ReportTerms) => {
    const { rate: _rate, rounding: _rounding, ...rest } = termsFor(name);
    const item = { ...rest, ...terms };
    const channel = live.live.connection.channel(name === everything ? 'settings' : 'projects');
    const key = name || 'report';
    const queued = await (channel.items.has(key) ? channel.update(key, item) : channel.create(item, { key }));
    const outcome = queued.ok ? await queued.settled : queued;
    setProblem(outcome.ok ? '' : texts.text('edit.failed', { reason: outcome.error }));
    if (outcome.ok) open(undefined);
  };
  return (
    <section class="card">
      <h2>{texts.text('reports.terms')}</h2>
      <ul class="plain-list terms">
        {shownNames.map((name) => (
          <li key={name}>
            <strong>{name || texts.text('reports.everything')}</strong>{' '}
            <span class="soft">{termsText(termsFor(name), texts)}</span>
          </li>
        ))}
      </ul>
      <p class="hint">{texts.text(shownNames.length === 0 ? 'reports.terms-none' : 'reports.terms-hint')}</p>
      <p class="buttons">
        <button type="button" onClick={() => open(everything)}>
          {texts.text('edit.change')}
        </button>
      </p>
      <Dialog
        title={texts.text('reports.terms')}
        open={opened !== undefined}
        close={() => open(undefined)}
        closeText={texts.text('cancel')}
      >
        <label class="field">
          <span>{texts.text('reports.by-project')}</span>
          <select value={opened} onChange={(event) => open(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name} value={name}>
                {name || texts.text('reports.everything')}
              </option>
            ))}
          </select>
        </label>
        {opened !== undefined && (
          <TermsForm
            key={opened}
            fields={termFields(termsFor(opened))}
            texts={texts}
            problem={problem}
            save={(terms) => void save(opened, terms)}
          />
        )}
      </Dialog>
    </section>
  );
}

function termsText({ rate, rounding }: ReportTerms, texts: ReportTexts): string {
  const price =
    rate === undefined ? [] : [texts.text('reports.an-hour', { amount: amountsText([rate], texts.locale) })];
  if (rounding === undefined) return price.join(', ');
  const { to, minutes, per = 'day' } = rounding;
  const words = { to: texts.text(`reports.round-${to}`), minutes, per: texts.text(`reports.per-${per}`) };
  return [...price, texts.text('reports.rounding', words)].join(', ');
}

interface TermsFormProps {
  readonly fields: TermFields;
  readonly texts: ReportTexts;
  /** The hub's answer to the last attempt; '' before one. */
  readonly problem: string;
  readonly save: (terms: ReportTerms) => void;
}

function TermsForm({ fields, texts, problem, save }: TermsFormProps) {
  const [isWrong, setWrong] = useState(false);
  const shownProblem = isWrong ? texts.text('reports.wrong-terms') : problem;
  const send = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const text = (name: string) => String(data.get(name) ?? '');
    const terms = termsOf({
      amount: text('amount'),
      currency: text('currency'),
      to: text('round'),
      minutes: text('minutes'),
      per: text('per'),
    });
    setWrong(terms === undefined);
    if (terms !== undefined) save(terms);
  };
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        send(event.currentTarget);
      }}
    >
      <div class="edit-times">
        <Field name="amount" mode="decimal" label={texts.text('reports.rate')} value={fields.amount} />
        <Field name="currency" label={texts.text('reports.currency')} value={fields.currency} />
      </div>
      <div class="edit-times">
        <Choice
          name="round"
          label={texts.text('reports.round')}
          value={fields.to}
          options={[['', texts.text('reports.round-none')], ...roundings(texts)]}
        />
        <RoundingFields minutes={fields.minutes} per={fields.per} texts={texts} />
      </div>
      {shownProblem !== '' && (
        <p class="problem" role="alert">
          {shownProblem}
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

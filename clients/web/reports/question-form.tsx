// The question of a report as a form: its fields are those of the address.

import { pathTo } from '../shared/address.ts';
import type { ShownReport } from './live-report.ts';
import { dimensions, fieldsIn, queryOf, type ReportFields, type ReportTexts } from './reports-view.ts';

type FormTexts = { readonly texts: ReportTexts };

function ask(form: HTMLFormElement): void {
  const parameters = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') parameters.append(name, value);
  location.assign(pathTo(`/reports?${queryOf(fieldsIn(parameters))}`));
}

export function QuestionForm({ shown, texts }: FormTexts & { shown: ShownReport }) {
  const { fields, people, account } = shown;
  return (
    <form
      class="card report-form"
      aria-label={texts.text('reports.question')}
      onSubmit={(event) => {
        event.preventDefault();
        ask(event.currentTarget);
      }}
    >
      <DateField name="from" label={texts.text('reports.from')} value={fields.from} />
      <DateField name="to" label={texts.text('reports.to')} value={fields.to} />
      <Groups by={fields.by} texts={texts} />
      {people.length > 1 && (
        <Choice
          name="people"
          label={texts.text('reports.people')}
          value={fields.people === account ? '' : fields.people}
          options={[
            ['', texts.text('reports.me')],
            ['*', texts.text('reports.everybody')],
            ...people.filter((name) => name !== account).map((name) => [name, name] as const),
          ]}
        />
      )}
      <details open={isNarrowed(fields)}>
        <summary>{texts.text('reports.more')}</summary>
        <div class="report-form">
          <Field name="project" label={texts.text('reports.only-project')} value={fields.project} />
          <Field name="task" label={texts.text('reports.only-task')} value={fields.task} />
          <Field name="tag" label={texts.text('reports.only-tag')} value={fields.tag} />
          <Choice
            name="round"
            label={texts.text('reports.round')}
            value={fields.round}
            options={[
              ['', texts.text('reports.round-usual')],
              ['none', texts.text('reports.round-none')],
              ...roundings(texts),
            ]}
          />
          <RoundingFields minutes={fields.minutes || '15'} per={fields.per || 'day'} texts={texts} />
        </div>
      </details>
      <p class="buttons">
        <button type="submit" class="primary">
          {texts.text('reports.show')}
        </button>
      </p>
    </form>
  );
}

function isNarrowed({ project, task, tag, round }: ReportFields): boolean {
  return [project, task, tag, round].some((text) => text !== '');
}

function Groups({ by, texts }: FormTexts & { by: readonly string[] }) {
  const names = dimensions.map((name) => [name, texts.text(`reports.by-${name}`)] as const);
  return [...by, '']
    .slice(0, dimensions.length)
    .map((chosen, at) => (
      <Choice
        key={at}
        name="by"
        label={texts.text(at === 0 ? 'reports.by' : 'reports.then-by')}
        value={chosen}
        options={at === 0 ? names : [['', texts.text('reports.no-group')], ...names]}
      />
    ));
}

/** The directions in which time is rounded. */
export function roundings(texts: ReportTexts): readonly (readonly [value: string, text: string])[] {
  return [
    ['up', texts.text('reports.round-up')],
    ['down', texts.text('reports.round-down')],
    ['nearest', texts.text('reports.round-nearest')],
  ];
}

/** The unit of a rounding, and for what it is rounded. */
export function RoundingFields({ minutes, per, texts }: FormTexts & { minutes: string; per: string }) {
  return (
    <>
      <Field name="minutes" mode="decimal" label={texts.text('reports.minutes')} value={minutes} />
      <Choice
        name="per"
        label={texts.text('reports.per')}
        value={per}
        options={[
          ['day', texts.text('reports.per-day')],
          ['entry', texts.text('reports.per-entry')],
        ]}
      />
    </>
  );
}

export interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
}

function DateField({ name, label, value }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input type="date" name={name} required defaultValue={value} />
    </label>
  );
}

/** @param mode the keyboard of a phone */
export function Field({ name, label, value, mode = 'text' }: FieldProps & { readonly mode?: 'text' | 'decimal' }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input type="text" name={name} inputMode={mode} defaultValue={value} />
    </label>
  );
}

export interface ChoiceProps extends FieldProps {
  readonly options: readonly (readonly [value: string, text: string])[];
}

export function Choice({ name, label, value, options }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select name={name}>
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

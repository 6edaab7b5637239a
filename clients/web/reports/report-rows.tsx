// The rows of a report as a table, and the files that the hub makes of it.

import { useState } from 'preact/hooks';
import type { ReportView } from '../../../protocol/day-report.ts';
import { pathTo } from '../shared/address.ts';
import { reasonIn } from '../shared/ask.ts';
import { saveFile } from '../shared/save-file.ts';
import type { TimeFormat } from '../shared/time-format.ts';
import { TwinTable } from '../shared/twin-table.tsx';
import type { ShownReport } from './live-report.ts';
import { queryOf, type ReportTexts, reportTable } from './reports-view.ts';

export interface ReportRowsProps {
  readonly report: ReportView;
  readonly shown: ShownReport;
  readonly texts: ReportTexts;
  readonly format: TimeFormat;
}

const files = [
  ['.csv', 'table.csv'],
  ['.pdf', 'reports.pdf'],
  ['', 'reports.json'],
] as const;

export function ReportRows({ report, shown, texts, format }: ReportRowsProps) {
  const [problem, setProblem] = useState('');
  const name = `report-${report.from}-${report.to}`;
  const save = async (form: string) => {
    const answer = await fetch(pathTo(`/-/report${form}?${queryOf(shown.fields)}`)).catch(() => undefined);
    if (answer?.ok === true) saveFile(`${name}${form || '.json'}`, await answer.blob());
    const reason = answer === undefined ? texts.text('live.offline') : answer.ok ? '' : reasonIn(await answer.json());
    setProblem(reason === '' ? '' : texts.text('reports.failed', { reason }));
  };
  return (
    <section class="card">
      <TwinTable
        table={reportTable(report, texts, format)}
        file={name}
        texts={texts}
        buttons={
          <span class="buttons">
            {files.map(([form, text]) => (
              <button key={form} type="button" onClick={() => void save(form)}>
                {texts.text(text)}
              </button>
            ))}
          </span>
        }
      />
      <p role="alert">{problem}</p>
    </section>
  );
}

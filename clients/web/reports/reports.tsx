// The page of reports: any range by project, task, tag, day or person, with rates and rounding; weeks that are submitted; feeds for calendars.

import { useMemo } from 'preact/hooks';
import { reportLanguages } from '../languages/reports.ts';
import { pathTo } from '../shared/address.ts';
import { firstDayOfWeek } from '../shared/dates.ts';
import { openPage } from '../shared/frame.ts';
import { LivePage } from '../shared/live-page.tsx';
import { figure, partsOf, plain } from '../shared/sentence.ts';
import { SentenceLine } from '../shared/sentence-line.tsx';
import { TimeFormat } from '../shared/time-format.ts';
import { useLive } from '../shared/use-live.ts';
import { FeedsCard } from './feeds-card.tsx';
import { openReport, type ReportPartProps, type ShownReport } from './live-report.ts';
import { QuestionForm } from './question-form.tsx';
import { ReportRows } from './report-rows.tsx';
import { amountsText, queryOf, type ReportTexts, rangesTo, roundingText } from './reports-view.ts';
import { TermsCard } from './terms-card.tsx';
import { WeeksCard } from './weeks-card.tsx';

function ReportsPage({ texts }: { texts: ReportTexts }) {
  const live = useLive((changed) => openReport(location.search, changed), []);
  const shown = live.value;
  const zone = shown?.zone ?? 'UTC';
  const format = useMemo(() => new TimeFormat(texts, zone), [texts, zone]);
  return (
    <LivePage
      texts={texts}
      title={texts.text('nav.reports')}
      {...(shown !== undefined && { subtitle: subtitleOf(shown, texts, format) })}
      source={live}
      format={shown === undefined ? undefined : format}
      neighbours={shown !== undefined && <Ranges shown={shown} texts={texts} />}
      content={() =>
        shown !== undefined && (
          <>
            <ReportContent shown={shown} live={live} texts={texts} format={format} />
            <div class="day-body">
              <div class="column">
                <WeeksCard shown={shown} live={live} texts={texts} format={format} />
              </div>
              <div class="column">
                <TermsCard shown={shown} live={live} texts={texts} format={format} />
                <FeedsCard shown={shown} live={live} texts={texts} />
              </div>
            </div>
          </>
        )
      }
    />
  );
}

function subtitleOf({ fields: { from, to } }: ShownReport, texts: ReportTexts, format: TimeFormat): string {
  const isDate = (text: string) => !Number.isNaN(Date.parse(text));
  const label = (text: string) => (isDate(text) ? format.fullDate(text) : text);
  return from === to ? label(from) : texts.text('reports.range', { from: label(from), to: label(to) });
}

function Ranges({ shown, texts }: { shown: ShownReport; texts: ReportTexts }) {
  const { fields, today } = shown;
  return rangesTo(today, firstDayOfWeek(texts.locale)).map(({ name, from, to }) => (
    <a
      key={name}
      class="button"
      href={pathTo(`/reports?${queryOf({ ...fields, from, to })}`)}
      aria-current={fields.from === from && fields.to === to ? 'true' : undefined}
    >
      {texts.text(name)}
    </a>
  ));
}

function ReportContent(props: ReportPartProps) {
  const { shown, texts, format } = props;
  const { report, problem } = shown;
  return (
    <>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {report !== undefined &&
        (report.rows.length === 0 ? (
          <p class="sentence">{texts.text('reports.empty')}</p>
        ) : (
          <SentenceLine parts={reportSentence(report, texts, format)} />
        ))}
      <QuestionForm shown={shown} texts={texts} />
      {report !== undefined && report.rows.length > 0 && <ReportRows report={report} {...props} />}
      {report !== undefined && report.without.length > 0 && (
        <p class="hint">{texts.text('reports.without', { channels: format.list(report.without) })}</p>
      )}
    </>
  );
}

function reportSentence({ total }: NonNullable<ShownReport['report']>, texts: ReportTexts, format: TimeFormat) {
  const isRounded = total.rounding !== 'none';
  const values = { time: figure(format.duration(total.time)), rounded: figure(format.duration(total.rounded)) };
  const price = figure(amountsText(total.amounts, texts.locale));
  return [
    ...partsOf(texts, isRounded ? 'reports.total-rounded' : 'reports.total', values),
    ...(total.amounts.length > 0 ? [plain(' '), ...partsOf(texts, 'reports.price', { amount: price })] : []),
    ...(isRounded
      ? [plain(` ${texts.text('reports.rounded-so', { rounding: roundingText(total.rounding, texts) })}`)]
      : []),
  ];
}

await openPage('reports', (texts) => <ReportsPage texts={texts} />, reportLanguages);

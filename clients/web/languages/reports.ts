// The texts of the page of reports, by language.

import type { ReportKey } from './en-reports.ts';
import type { TextTables } from './languages.ts';

export const reportLanguages: TextTables<ReportKey> = {
  en: () => import('./en-reports.ts').then(({ enReports }) => enReports),
  de: () => import('./de-reports.ts').then(({ deReports }) => deReports),
};

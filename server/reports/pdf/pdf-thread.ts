// The thread that draws a PDF: reading fonts and drawing text takes long, and holds up nobody here. It draws one and ends, so its memory is
// given back.

import { parentPort } from 'node:worker_threads';
import type { ReportView } from '../../../protocol/day-report.ts';
import { errorMessage } from '../../../protocol/error-message.ts';
import { type DrawnReport, drawReport } from './draw-report.ts';

export interface PdfRequest {
  readonly report: ReportView;
  /** With fonts. */
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type PdfAnswer = DrawnReport | { readonly failure: string };

parentPort?.once('message', ({ report, folder, at }: PdfRequest) => {
  drawReport(report, folder, at).then(
    (drawn: PdfAnswer) => parentPort?.postMessage(drawn),
    (error: unknown) => parentPort?.postMessage({ failure: errorMessage(error) } satisfies PdfAnswer),
  );
});

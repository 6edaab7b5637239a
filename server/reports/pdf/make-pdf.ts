// Makes PDFs of reports, one after the other, each in a thread of its own (pdf-thread.ts). The library and the fonts are read when the first
// one is asked for.

import type { ReportView } from '../../../protocol/day-report.ts';
import type { World } from '../../core/world.ts';
import { startThread } from '../../runtime.ts';
import type { DrawnReport } from './draw-report.ts';
import type { PdfAnswer, PdfRequest } from './pdf-thread.ts';

const patienceMs = 120_000;
/** Rows of a report: more are hundreds of pages. */
const mostRows = 10_000;
/** PDFs that wait. */
const mostWaiting = 20;

export class PdfMaker {
  readonly #world: World;
  readonly #folder: string;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param folder with fonts */
  constructor(world: World, folder: string) {
    this.#world = world;
    this.#folder = folder;
  }

  /** @throws if the thread fails */
  async make(report: ReportView): Promise<DrawnReport> {
    if (report.rows.length > mostRows)
      return { ok: false, hint: `the report has ${report.rows.length} rows: group it by less, or take the CSV` };
    if (this.#waiting >= mostWaiting) return { ok: false, hint: 'many PDFs are being made: try again later' };
    this.#waiting += 1;
    const drawn = this.#last.then(() => this.#draw(report));
    this.#last = drawn.catch(() => undefined);
    try {
      return await drawn;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #draw(report: ReportView): Promise<DrawnReport> {
    const worker = startThread(new URL('./pdf-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 1_024 },
    });
    worker.unref();
    let cancel = (): void => undefined;
    try {
      const answer = await new Promise<PdfAnswer>((resolve, reject) => {
        cancel = this.#world.after(patienceMs, () => reject(new Error('the PDF took too long')));
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', () => reject(new Error('the thread of the PDF ended')));
        const request: PdfRequest = { report, folder: this.#folder, at: this.#world.now() };
        worker.postMessage(request);
      });
      if ('failure' in answer) throw new Error(answer.failure);
      return answer;
    } finally {
      cancel();
      await worker.terminate();
    }
  }
}

// A report as a PDF: a table with its totals, the rounding by name, and text that programs can read, in any script for which the folder of
// fonts has one.

import PDFDocument from 'pdfkit';
import type { ReportDimension, ReportRowView, ReportView } from '../../../protocol/day-report.ts';
import { digitsOf } from '../rounding.ts';
import { FontBook, hasGlyph, type OpenFont } from './fonts.ts';
import { runsOf, type TextRun, wrapText } from './text-runs.ts';

const page = { width: 595.28, height: 841.89, margin: 42 } as const;
const inner = page.width - 2 * page.margin;
const sizes = { title: 16, text: 9, small: 7.5 } as const;
const lineHeight = 1.45;
const numberWidth = 62;
const gap = 8;
const longestText = 300;
const second = 1_000_000;

/** The columns right of the groups. */
interface NumberColumn {
  readonly head: string;
  readonly of: (row: Pick<ReportRowView, 'time' | 'rounded' | 'amounts'>) => string;
}

/** `12:07:30`; without seconds if there are none and `isShort`. @param micros microseconds */
export function clockText(micros: number, isShort = false): string {
  const all = Math.round(micros / second);
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
  return `${hours}:${two(minutes)}${isShort && seconds === 0 ? '' : `:${two(seconds)}`}`;
}

export type DrawnReport =
  | { readonly ok: true; readonly pdf: Uint8Array; readonly missing: readonly string[] }
  | { readonly ok: false; readonly hint: string };

/**
 * @param folder with the fonts
 * @param at milliseconds since 1970, for the date of the document
 */
export async function drawReport(report: ReportView, folder: string, at: number): Promise<DrawnReport> {
  const fonts = new FontBook(folder);
  if (fonts.base === undefined)
    return {
      ok: false,
      hint: `there are no fonts in ${folder}: install some (Debian: fonts-noto-core, fonts-noto-cjk), or name a folder by HORAI_FONTS`,
    };
  const sheet = new Sheet(fonts, at, `Report ${spanOf(report)}`);
  drawHead(sheet, report);
  const columns = numberColumns(report);
  const groupWidth = (inner - columns.length * (numberWidth + gap)) / Math.max(1, report.by.length);
  const layout = { columns, groupWidth };
  const heads = report.by.map(
    (dimension) => ({ person: 'Person', day: 'Day', project: 'Project', task: 'Task', tag: 'Tags' })[dimension],
  );
  const drawHeads = () =>
    drawRow(sheet, layout, { groups: heads, numbers: columns.map(({ head }) => head), isHead: true });
  drawHeads();
  for (const row of report.rows) {
    const groups = report.by.map((dimension) => cellOf(row, dimension));
    drawRow(sheet, layout, { groups, numbers: columns.map(({ of }) => of(row)), onNewPage: drawHeads });
  }
  const total = { groups: report.by.map((_, index) => (index === 0 ? 'Total' : '')), isHead: true };
  drawRow(sheet, layout, { ...total, numbers: columns.map(({ of }) => of(report.total)), onNewPage: drawHeads });
  if (fonts.missing.length > 0)
    sheet.paragraph(
      `No font was found for: ${fonts.missing.join(', ')}. HORAI_FONTS names a folder with fonts; the text can be copied all the same.`,
      sizes.small,
    );
  return { ok: true, pdf: await sheet.end(), missing: fonts.missing };
}

function spanOf({ from, to }: ReportView): string {
  return from === to ? from : `${from} to ${to}`;
}

function drawHead(sheet: Sheet, report: ReportView): void {
  sheet.paragraph(`Report ${spanOf(report)}`, sizes.title);
  sheet.paragraph(report.people.join(', '), sizes.text);
  sheet.paragraph(`Rounding: ${report.total.rounding}`, sizes.text);
  if (report.without.length > 0)
    sheet.paragraph(`Without: ${report.without.join(', ')}, which the token may not read`, sizes.text);
  sheet.space(10);
}

function numberColumns({ total }: ReportView): readonly NumberColumn[] {
  const rounded: NumberColumn = { head: 'Rounded', of: (row) => clockText(row.rounded, true) };
  return [
    { head: 'Time', of: ({ time }) => clockText(time) },
    ...(total.rounding === 'none' ? [] : [rounded]),
    ...total.amounts.map(
      ({ currency }): NumberColumn => ({
        head: currency,
        of: ({ amounts }) => amounts.find((one) => one.currency === currency)?.amount.toFixed(digitsOf(currency)) ?? '',
      }),
    ),
  ];
}

function cellOf({ person, day, project, task, tag }: ReportRowView, dimension: ReportDimension): string {
  switch (dimension) {
    case 'person':
      return person ?? '';
    case 'day':
      return day ?? '';
    case 'project':
      return project ?? 'unassigned';
    case 'task':
      return task === null || task === undefined ? 'no task' : task.title === '' ? task.key : task.title;
    case 'tag':
      return tag === undefined || tag.length === 0 ? 'no tag' : tag.join(', ');
  }
}

interface TableLayout {
  readonly columns: readonly NumberColumn[];
  readonly groupWidth: number;
}

interface TableRow {
  readonly groups: readonly string[];
  readonly numbers: readonly string[];
  readonly isHead?: boolean;
  readonly onNewPage?: () => void;
}

function drawRow(
  sheet: Sheet,
  { groupWidth }: TableLayout,
  { groups, numbers, isHead = false, onNewPage }: TableRow,
): void {
  const cells = groups.map((text) => sheet.wrap(text, groupWidth - gap, sizes.text));
  const lines = Math.max(1, ...cells.map(({ length }) => length));
  if (sheet.begin(lines * sizes.text * lineHeight + 4)) onNewPage?.();
  if (isHead) sheet.rule();
  for (const [index, cell] of cells.entries())
    for (const [line, text] of cell.entries()) sheet.line(text, page.margin + index * groupWidth, sizes.text, line);
  const right = page.margin + groups.length * groupWidth;
  for (const [index, text] of numbers.entries()) {
    const end = right + (index + 1) * (numberWidth + gap);
    sheet.line(text, end - sheet.widthOf(text, sizes.text), sizes.text, 0);
  }
  sheet.down(lines * sizes.text * lineHeight + 4);
}

/** Scripts whose glyphs stand in another order than their characters, or are several characters: what is read is said beside them. */
const needsActualText =
  /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Common}]/u;
const features: [] = [];

/** pdfkit, which draws text; with what a program reads in place of the glyphs (ActualText) where they would be read wrongly. */
class ReadableDocument extends PDFDocument {
  actualText: string | undefined;

  override addContent(data: unknown): PDFKit.PDFDocument {
    if (this.actualText === undefined || (data !== 'BT' && data !== 'ET')) return super.addContent(data);
    if (data === 'ET') {
      super.addContent('EMC');
      return super.addContent(data);
    }
    super.addContent(data);
    const utf16 = Buffer.from(`\ufeff${this.actualText}`, 'utf16le').swap16().toString('hex');
    return super.addContent(`/Span <</ActualText <${utf16}>>> BDC`);
  }
}

/** The pages as they are filled, from top to bottom. */
class Sheet {
  readonly #fonts: FontBook;
  readonly #known = new Map<string, OpenFont>();
  readonly #registered = new Set<string>();
  readonly #document: ReadableDocument;
  readonly #chunks: Buffer[] = [];
  readonly #ended: Promise<void>;
  #top: number = page.margin;
  #pages = 1;

  constructor(fonts: FontBook, at: number, title: string) {
    this.#fonts = fonts;
    const { margin } = page;
    this.#document = new ReadableDocument({
      size: [page.width, page.height],
      margins: { top: margin, bottom: 0, left: margin, right: margin },
      // No font of its own: the usual one cannot draw most scripts.
      font: '',
      lang: 'en',
      displayTitle: true,
      info: { Title: title, Producer: 'Horai', Creator: 'Horai', CreationDate: new Date(at) },
    });
    this.#document.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#ended = new Promise((resolve, reject) => {
      this.#document.once('end', resolve);
      this.#document.once('error', reject);
    });
    this.#number();
  }

  async end(): Promise<Uint8Array> {
    this.#document.end();
    await this.#ended;
    return Buffer.concat(this.#chunks);
  }

  paragraph(text: string, size: number): void {
    for (const line of this.wrap(text, inner, size)) {
      this.begin(size * lineHeight);
      this.line(line, page.margin, size, 0);
      this.down(size * lineHeight);
    }
  }

  /** Begins a new page if there is no room. @returns whether it did */
  begin(height: number): boolean {
    if (this.#top + height <= page.height - page.margin) return false;
    this.#document.addPage();
    this.#top = page.margin;
    this.#pages += 1;
    this.#number();
    return true;
  }

  down(height: number): void {
    this.#top += height;
  }

  space(height: number): void {
    this.down(height);
  }

  rule(): void {
    const document = this.#document;
    document
      .lineWidth(0.5)
      .moveTo(page.margin, this.#top)
      .lineTo(page.width - page.margin, this.#top)
      .stroke();
    this.down(3);
  }

  wrap(text: string, width: number, size: number): readonly string[] {
    const shown = cleanLine(text);
    return wrapText(shown, width, (piece) => this.widthOf(piece, size));
  }

  widthOf(text: string, size: number): number {
    return this.#runs(text).reduce((sum, run) => sum + this.#use(run, size).widthOfString(run.text, { features }), 0);
  }

  /** @param line how many lines below the top of the row */
  line(text: string, x: number, size: number, line: number): void {
    this.#draw(text, x, this.#top + size + line * size * lineHeight, size);
  }

  /** @param y of the line on which the letters stand */
  #draw(text: string, x: number, y: number, size: number): void {
    let left = x;
    for (const run of this.#runs(text)) {
      const document = this.#use(run, size);
      const width = document.widthOfString(run.text, { features });
      // Programs turn right-to-left text around themselves.
      const isSaid = this.#isDrawnWhole(run) ? !run.isRightToLeft && needsActualText.test(run.text) : true;
      this.#document.actualText = isSaid ? run.text : undefined;
      document.text(run.text, left, y, { lineBreak: false, baseline: 'alphabetic', features });
      this.#document.actualText = undefined;
      left += width;
    }
  }

  /** False if some characters are drawn as boxes. */
  #isDrawnWhole({ font, text }: TextRun): boolean {
    const known = this.#known.get(font);
    return known !== undefined && [...text].every((character) => hasGlyph(known, character));
  }

  #number(): void {
    const text = String(this.#pages);
    this.#draw(text, page.width / 2 - this.widthOf(text, sizes.small) / 2, page.height - page.margin / 2, sizes.small);
  }

  #runs(text: string): readonly TextRun[] {
    return runsOf(text, this.#fonts.choiceFor(text, this.#known));
  }

  #use({ font }: TextRun, size: number): PDFKit.PDFDocument {
    const known = this.#known.get(font);
    if (known !== undefined && !this.#registered.has(font)) {
      this.#document.registerFont(font, known.bytes, known.family);
      this.#registered.add(font);
    }
    return this.#document.font(font).fontSize(size);
  }
}

/** One line, without characters that are not seen; not longer than 300 characters. */
function cleanLine(text: string): string {
  const seen = text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
  return seen.length > longestText ? `${seen.slice(0, longestText).toWellFormed()}…` : seen;
}

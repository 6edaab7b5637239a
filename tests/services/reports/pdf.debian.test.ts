// The PDF of a report, read by pdftotext of Debian (poppler-utils): its text equals what the API answers, in ten scripts, drawn with Debian's
// Noto fonts.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { clockText } from '../../../server/reports/pdf/draw-report.ts';
import { DayHub } from '../../harness/day-hub.ts';

const fonts = '/usr/share/fonts';
const hasPoppler = spawnSync('pdftotext', ['-v']).status === 0;
const hasFonts = [
  'truetype/noto/NotoSans-Regular.ttf',
  'truetype/noto/NotoSansDevanagari-Regular.ttf',
  'opentype/noto/NotoSansCJK-Regular.ttc',
].every((file) => existsSync(join(fonts, file)));
const span = 'from=2026-11-28&to=2026-11-28';

const projects = {
  Latin: 'Añoranza office',
  Greek: 'Ώρα για δουλειά',
  Cyrillic: 'Время работы',
  Arabic: 'مرحبا بالعالم',
  Hebrew: 'שעות עבודה',
  Devanagari: 'हिन्दी में क्षेत्र रिपोर्ट',
  Thai: 'รายงานเวลาน้ำ',
  Chinese: '时间报告',
  Japanese: '作業時間レポート',
  Korean: '시간 보고서',
};

/** Marks of direction are pdftotext's own. */
function textOf(pdf: Buffer): string {
  const text = execFileSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8' });
  return text.replace(/[\u200e\u200f\u202a-\u202e]/g, '');
}

/** Words of the lines, with single spaces. */
const linesOf = (pdf: Buffer) =>
  textOf(pdf)
    .split(/[\n\f]/)
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '');

let hub: DayHub | undefined;

afterEach(async () => {
  await hub?.close();
  hub = undefined;
});

async function fill(own: DayHub, names: readonly string[]): Promise<void> {
  for (const [index, project] of names.entries()) {
    const from = own.us('00:00') + index * 1_800_000_000;
    await own.post('/-/entries', { do: 'add', from, to: from + 61_500_000 + index * 60_000_000, item: { project } });
  }
}

async function readPdf(own: DayHub, query: string): Promise<Buffer> {
  const answer = await fetch(new URL(`/-/report.pdf?${query}`, own.node.hub.url));
  if (answer.status !== 200) throw new Error(await answer.text());
  expect(answer.headers.get('content-type')).toBe('application/pdf');
  return Buffer.from(await answer.arrayBuffer());
}

if (!hasPoppler || !hasFonts)
  test.skip('PDFs of pdftotext: apt-get install poppler-utils fonts-noto-core fonts-noto-cjk', () => undefined);
else {
  describe('the PDF of a report', () => {
    test('has the text of the API: every script, every sum, the totals and the rounding by name', async () => {
      const own = await DayHub.start({ fonts });
      hub = own;
      await fill(own, Object.values(projects));
      await own.write({
        type: 'create',
        channel: 'settings',
        key: 'report',
        item: { rate: { amount: 80, currency: 'EUR' }, rounding: { minutes: 15, to: 'up', per: 'day' } },
      });
      const { rows, total } = await own.get(`/-/report?${span}`);
      expect(rows.length).toBe(10);
      const lines = linesOf(await readPdf(own, span));
      const numbers = ({ time, rounded, amounts }: typeof total) =>
        `${clockText(time)} ${clockText(rounded, true)} ${amounts[0].amount.toFixed(2)}`;
      expect(lines.slice(0, 4)).toEqual([
        'Report 2026-11-28',
        'owner',
        'Rounding: up to 15 min per day',
        'Project Time Rounded EUR',
      ]);
      for (const row of rows) expect(lines).toContain(`${row.project} ${numbers(row)}`);
      expect(lines).toContain(`Total ${numbers(total)}`);
      expect(lines.at(-1)).toBe('1');
    });

    test('of many rows has pages with their heads, and the total once', async () => {
      const own = await DayHub.start({ fonts });
      hub = own;
      const names = Array.from({ length: 60 }, (_, index) => `project ${index}`);
      for (const [index, project] of names.entries()) {
        const from = own.us('00:00') + index * 600_000_000;
        await own.post('/-/entries', { do: 'add', from, to: from + 60_000_000, item: { project } });
      }
      const lines = linesOf(await readPdf(own, `${span}&by=project,tag`));
      expect(lines.filter((line) => line === 'Project Tags Time').length).toBe(2);
      for (const name of names) expect(lines).toContain(`${name} no tag 0:01:00`);
      expect(lines.filter((line) => line.startsWith('Total'))).toEqual(['Total 1:00:00']);
      expect(lines.at(-1)).toBe('2');
    });

    test('names the scripts for which there is no font, and keeps their text', async () => {
      const own = await DayHub.start({ fonts: join(fonts, 'truetype/noto') });
      hub = own;
      await fill(own, [projects.Chinese, projects.Latin]);
      const text = textOf(await readPdf(own, span)).replaceAll(/\s+/g, ' ');
      expect(text).toContain(projects.Latin);
      expect(text).toContain(projects.Chinese);
      expect(text).toContain('No font was found for: Chinese. HORAI_FONTS names a folder with fonts');
    });

    test('needs a folder with fonts, and says so', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'horai-fonts-'));
      const own = await DayHub.start({ fonts: folder });
      hub = own;
      const { hint } = await own.get(`/-/report.pdf?${span}`, 400);
      expect(hint).toContain(`there are no fonts in ${folder}`);
      expect(hint).toContain('HORAI_FONTS');
      rmSync(folder, { recursive: true });
    });
  });
}

// Pictures as SVG texts: badges, the chart of a year, bars, avatars. The caller decides who may see them.

import { createHash } from 'node:crypto';
import type { Reply } from '../../../http/types.ts';
import { weekdayOf } from '../model/calendar.ts';

export const badgeColor = '2F855A';

export function svgReply(body: string): Reply {
  return {
    status: 200,
    headers: {
      'content-type': 'image/svg+xml; charset=utf-8',
      'cache-control': 'max-age=3600',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
    body,
  };
}

export function escapeXml(input: string): string {
  return input.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A colour by name, or by digits with or without `#`. */
function colorOf(input: string): string {
  const digits = input.replace(/^#/, '');
  if (/^[0-9a-fA-F]{3,8}$/.test(digits)) return `#${digits}`;
  return /^[a-z]{3,20}$/.test(input) ? input : `#${badgeColor}`;
}

/** @param style `flat`, `flat-square` or `for-the-badge`; any other is flat */
export function drawBadge(label: string, message: string, color: string, style = 'flat'): string {
  const large = style === 'for-the-badge';
  const [height, round, size] = large ? [28, 0, 10] : [20, style === 'flat-square' ? 0 : 3, 11];
  const words = [label, message].map((input) => (large ? input.toUpperCase() : input));
  const [left = 0, right = 0] = words.map((input) => input.length * (large ? 8 : 7) + (large ? 20 : 12));
  const [name = '', value = ''] = words.map(escapeXml);
  const [width, line] = [left + right, height / 2 + 4];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="${name}: ${value}">` +
    `<title>${name}: ${value}</title><clipPath id="r"><rect width="${width}" height="${height}" rx="${round}"/></clipPath>` +
    `<g clip-path="url(#r)"><rect width="${left}" height="${height}" fill="#555"/>` +
    `<rect x="${left}" width="${right}" height="${height}" fill="${colorOf(color)}"/></g>` +
    `<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="${size}">` +
    `<text x="${left / 2}" y="${line}">${name}</text><text x="${left + right / 2}" y="${line}">${value}</text></g></svg>`
  );
}

const shades = ['#ebedf0', '#9be9a8', '#40c463', '#30a14e', '#216e39'];
const darkShades = ['#161b22', '#0e4429', '#006d32', '#26a641', '#39d353'];
const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

export interface ChartDay {
  readonly date: string;
  readonly amount: number;
  readonly title: string;
}

/** A square for each day and a column for each week, darker for more time. */
export function drawYear(days: readonly ChartDay[], { dark }: { readonly dark: boolean }): string {
  const most = Math.max(...days.map(({ amount }) => amount), 1);
  const palette = dark ? darkShades : shades;
  let column = 0;
  const squares = days.map(({ date, amount, title }, index) => {
    const row = weekdays.indexOf(weekdayOf(date));
    if (row === 0 && index > 0) column += 1;
    const shade = palette[amount === 0 ? 0 : Math.ceil((amount / most) * 4)];
    return `<rect x="${column * 13}" y="${row * 13}" width="11" height="11" rx="2" fill="${shade}"><title>${escapeXml(title)}</title></rect>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${(column + 1) * 13}" height="91" role="img">${squares.join('')}</svg>`;
}

export interface ChartBar {
  readonly name: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly text: string;
  readonly color: string;
}

const barWidth = 300;

/** A bar for each entry of a list. */
export function drawBars(title: string, bars: readonly ChartBar[]): string {
  const lines = bars.map(({ name, percent, text, color }, index) => {
    const y = 34 + index * 24;
    return (
      `<text x="0" y="${y + 12}">${escapeXml(name)}</text>` +
      `<rect x="160" y="${y}" width="${((barWidth * percent) / 100).toFixed(1)}" height="14" rx="2" fill="${colorOf(color)}"/>` +
      `<text x="${160 + barWidth + 8}" y="${y + 12}">${escapeXml(text)}</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="${44 + bars.length * 24}" role="img" aria-label="${escapeXml(title)}">` +
    `<g font-family="Verdana,DejaVu Sans,sans-serif" font-size="12" fill="#777"><text x="0" y="16" font-size="14">${escapeXml(title)}</text>` +
    `${lines.join('')}</g></svg>`
  );
}

/** An identicon: five by five squares, mirrored, always the same for a name. */
export function drawIdenticon(name: string): string {
  const digest = createHash('sha256').update(name).digest();
  const color = `hsl(${((digest[0] ?? 0) * 360) >> 8},55%,45%)`;
  const squares = Array.from({ length: 25 }, (_, at) => [at % 5, Math.floor(at / 5)] as const)
    .filter(([x, y]) => ((digest[1 + Math.min(x, 4 - x) * 5 + y] ?? 0) & 1) === 1)
    .map(([x, y]) => `<rect x="${x + 1}" y="${y + 1}" width="1" height="1"/>`);
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7 7" width="140" height="140" shape-rendering="crispEdges" role="img">' +
    `<rect width="7" height="7" fill="#f0f0f0"/><g fill="${color}">${squares.join('')}</g></svg>`
  );
}

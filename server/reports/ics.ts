// Stretches of time as a calendar (RFC 5545). The moment at which a stretch begins is its identity: no two of an account begin at once, and
// one that grows keeps its UID, so calendars update an event instead of adding one.

import { createHash } from 'node:crypto';
import type { TimeStretch } from './read-parts.ts';

/** Octets of a line, without its end. */
const longestLine = 75;

export interface CalendarFacts {
  readonly account: string;
  readonly name: string;
  /** Texts of tasks and entries; without them the projects alone are shown. */
  readonly hasTitles: boolean;
}

export function toIcs({ account, name, hasTitles }: CalendarFacts, stretches: readonly TimeStretch[]): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Horai//Time//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    `X-WR-CALNAME:${escapeText(name)}`,
    'REFRESH-INTERVAL;VALUE=DURATION:PT15M',
    'X-PUBLISHED-TTL:PT15M',
    ...stretches.flatMap((stretch) => eventOf(account, stretch, hasTitles)),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${foldLine(line)}\r\n`).join('');
}

function eventOf(account: string, { from, to, project, task, tags, text }: TimeStretch, hasTitles: boolean) {
  const title = hasTitles ? task?.title || text : '';
  const summary = [project ?? 'unassigned', title].filter((part) => part !== '').join(': ');
  const categories = hasTitles ? tags.map(escapeText).join(',') : '';
  const [start, end] = [stampOf(from), stampOf(to)];
  return [
    'BEGIN:VEVENT',
    `UID:${uidOf(account, from)}`,
    // A moment that is over, so that equal answers stay equal.
    `DTSTAMP:${end}`,
    `DTSTART:${start}`,
    `DTEND:${end}`,
    `SUMMARY:${escapeText(summary)}`,
    ...(categories === '' ? [] : [`CATEGORIES:${categories}`]),
    // Time that was worked says nothing about being free or busy.
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ];
}

/** @param from microseconds since 1970 */
function uidOf(account: string, from: number): string {
  const owner = createHash('sha256').update(account).digest('hex').slice(0, 16);
  return `${from}-${owner}@horai`;
}

/** UTC to the second, which is all that calendars know. */
function stampOf(micros: number): string {
  const text = new Date(Math.round(micros / 1_000_000) * 1_000).toISOString();
  return `${text.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** Without control characters: a line break is the only one that a text may have. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\\;,]/g, (sign) => `\\${sign}`)
    .replace(/\r\n|\r|\n/g, '\\n')
    .replace(/\p{Cc}+/gu, ' ');
}

/** Lines of at most 75 octets; no character is cut in two. */
function foldLine(line: string): string {
  const lines: string[] = [];
  let [piece, octets] = ['', 0];
  for (const sign of line) {
    const size = Buffer.byteLength(sign);
    if (octets + size > longestLine) {
      lines.push(piece);
      // The space that begins the next line counts.
      [piece, octets] = [' ', 1];
    }
    piece += sign;
    octets += size;
  }
  return [...lines, piece].join('\r\n');
}

// Cuts the text of an iCalendar file (RFC 5545) into its components, so that one that cannot be parsed takes none of the others with it, and
// each has the number of its first line. What is inside a component is not parsed here.

import type { Result } from './result.ts';

/** A component directly inside a VCALENDAR, such as a VEVENT. */
export interface IcsComponent {
  /** In capitals: `VEVENT`, `VTODO`, `VTIMEZONE`. */
  readonly name: string;
  /** The line of the file on which it begins; the first is 1. */
  readonly line: number;
  /** From its `BEGIN:` to its `END:`, as it stands in the file. */
  readonly text: string;
}

export interface IcsFile {
  /** Properties of the calendar itself by name in capitals, without their parameters; the first of each name. */
  readonly properties: ReadonlyMap<string, string>;
  readonly components: readonly IcsComponent[];
  /** The first lines of components that have no end. */
  readonly cut: readonly number[];
}

const firstRank = /^(?:VCALENDAR|VEVENT|VTODO|VJOURNAL|VFREEBUSY|VTIMEZONE)$/i;

/** Fails if the text holds no VCALENDAR. */
export function splitIcs(text: string): Result<IcsFile> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const properties = new Map<string, string>();
  const components: IcsComponent[] = [];
  const cut: number[] = [];
  let isCalendar = false;
  let [begin, depth, name] = [0, 0, ''];
  for (const [index, line] of lines.entries()) {
    const [, edge = '', what = ''] = /^(BEGIN|END):\s*([\w-]+)\s*$/i.exec(line) ?? [];
    const isBegin = edge.toUpperCase() === 'BEGIN';
    // Nothing of the first rank stands inside another component.
    if (depth > 0 && (isBegin ? firstRank : /^VCALENDAR$/i).test(what)) {
      cut.push(begin + 1);
      depth = 0;
    }
    if (edge === '') {
      if (depth === 0) addProperty(properties, line, lines, index);
    } else if (/^VCALENDAR$/i.test(what)) {
      isCalendar = true;
    } else if (isBegin) {
      if (depth === 0) [begin, name] = [index, what.toUpperCase()];
      depth += 1;
    } else if (depth > 0) {
      depth -= 1;
      if (depth === 0) components.push({ name, line: begin + 1, text: lines.slice(begin, index + 1).join('\r\n') });
    }
  }
  if (depth > 0) cut.push(begin + 1);
  if (!isCalendar) return { ok: false, error: 'not an iCalendar file: it has no line BEGIN:VCALENDAR' };
  return { ok: true, value: { properties, components, cut } };
}

/** A line that begins with a blank goes on with the one before it. */
function addProperty(properties: Map<string, string>, line: string, lines: readonly string[], index: number): void {
  const [, name = '', value = ''] = /^([A-Za-z][\w-]*)(?:;[^:]*)?:(.*)$/.exec(line) ?? [];
  if (name === '' || properties.has(name.toUpperCase())) return;
  let whole = value;
  for (let next = index + 1; /^[ \t]/.test(lines[next] ?? ''); next += 1) whole += lines[next]?.slice(1) ?? '';
  properties.set(name.toUpperCase(), whole.replace(/\\([\\;,])/g, '$1').replace(/\\n/gi, ' '));
}

// `horai import ics`: sends a calendar file to the running hub, and says what became of its events.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Type } from '@sinclair/typebox';
import { type CalendarView, CalendarView as CalendarViewSchema } from '../../../protocol/calendars.ts';
import { compile } from '../../../protocol/check.ts';
import { parseJson } from '../../../protocol/json.ts';
import { ImportError, type ImportHub } from './hub.ts';

const check = compile(Type.Object({ calendar: CalendarViewSchema }));
const isAnswer = (value: unknown): value is { readonly calendar: CalendarView } => check(value);

/** Why events are no meetings, as the report says it. */
const reasons = {
  all_day: 'last all day',
  cancelled: 'are cancelled',
  free: 'are shown as free time',
  empty: 'have no length',
  long: 'are longer than a day',
  unusable: 'could not be read',
} as const satisfies Record<keyof CalendarView['skipped'], string>;

/**
 * @param name '' for the name that the file gives itself
 * @returns the lines of the report
 */
export async function importCalendar(hub: ImportHub, path: string, name: string): Promise<readonly string[]> {
  const query = new URLSearchParams({ ...(name === '' ? {} : { name }), file: basename(path).slice(0, 64) });
  const answer = parseJson(await hub.post(`-/calendars/file?${query}`, await readFile(path, 'utf8')));
  if (!isAnswer(answer)) throw new ImportError('The hub’s answer has an unknown form: it is older than this command.');
  return describeCalendar(answer.calendar);
}

export function describeCalendar({ name, events, meetings, skipped, problems }: CalendarView): readonly string[] {
  const counts = Object.entries(reasons).flatMap(([reason, text]) => {
    const [, count = 0] = Object.entries(skipped).find(([one]) => one === reason) ?? [];
    return count === 0 ? [] : [`${count} ${text}`];
  });
  const rest = counts.length === 0 ? '' : ` No meetings: ${counts.join(', ')}.`;
  const [read, made] = [events === 1 ? 'event' : 'events', meetings === 1 ? 'meeting' : 'meetings'];
  return [`${name}: ${events} ${read} read; ${meetings} ${made}.${rest}`, ...problems];
}

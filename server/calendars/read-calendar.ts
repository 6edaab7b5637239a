// Reads a calendar file (RFC 5545) into meetings: spans of time with a title. Recurring events become one meeting for each occurrence. Pure, but of
// no bounded time: a hostile rule takes ical.js as long as it likes, so it runs in a thread (calendar-thread.ts).

import { createHash } from 'node:crypto';
import ICAL from 'ical.js';
import { errorMessage } from '../../protocol/error-message.ts';
import { type IcsComponent, splitIcs } from '../../protocol/ics-components.ts';
import type { Result } from '../../protocol/result.ts';
import { IanaZone, ianaName } from './iana-zone.ts';

const second = 1_000_000;
const longest = 86_400;
/** The newest ones of a file. */
export const mostMeetings = 20_000;
const mostComponents = 50_000;
/** Occurrences of one event that are looked at. */
const mostOccurrences = 20_000;
const mostProblems = 20;
const [longestTitle, longestPlace, mostTags] = [500, 200, 20];

export interface CalendarText {
  readonly text: string;
  /** For times without a zone, unless the file names one: a name of the zone database. */
  readonly zone: string;
  /** Microseconds since 1970: meetings that overlap this are wanted. */
  readonly from: number;
  readonly to: number;
  /** Lines of events that are left out, because a try before took too long with them. */
  readonly without: readonly number[];
}

export interface ReadMeeting {
  /** The same for the same occurrence of the same event, whatever else of it changed. */
  readonly key: string;
  readonly uid: string;
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** '' for a private event. */
  readonly title: string;
  readonly place: string;
  readonly tags: readonly string[];
}

/** Why events are no meetings, and how many. */
export interface SkippedEvents {
  readonly all_day: number;
  readonly cancelled: number;
  /** The calendar shows the time as free. */
  readonly free: number;
  /** Without a length. */
  readonly empty: number;
  /** Longer than a day. */
  readonly long: number;
  /** Not understood; `problems` say why. */
  readonly unusable: number;
}

export interface CalendarContents {
  /** As the file calls itself; '' if it does not. */
  readonly name: string;
  /** Events in the file, an occurrence that was changed among them. */
  readonly events: number;
  readonly meetings: readonly ReadMeeting[];
  /** Microseconds since 1970: from when on the list of meetings is whole. */
  readonly from: number;
  /** Microseconds since 1970: the begin of the earliest event; null without events. */
  readonly first: number | null;
  readonly skipped: SkippedEvents;
  readonly problems: readonly string[];
}

type Counts = { -readonly [Reason in keyof SkippedEvents]: number };

interface Reading {
  readonly wanted: CalendarText;
  readonly fallback: string;
  readonly counts: Counts;
  readonly problems: string[];
  readonly unknownZones: Set<string>;
  readonly onEvent: (line: number) => void;
}

interface ReadEvent {
  readonly line: number;
  readonly uid: string;
  readonly event: ICAL.Event;
}

/** @param onEvent called with the line of each event before its occurrences are computed */
export function readCalendar(
  wanted: CalendarText,
  onEvent: (line: number) => void = () => undefined,
): Result<CalendarContents> {
  const split = splitIcs(wanted.text);
  if (!split.ok) return split;
  const { properties, components, cut } = split.value;
  const events = components.filter(({ name }) => name === 'VEVENT');
  if (events.length > mostComponents)
    return { ok: false, error: `more than ${mostComponents} events: export a part of them` };
  ICAL.TimezoneService.reset();
  const reading: Reading = {
    wanted,
    fallback: ianaName(properties.get('X-WR-TIMEZONE') ?? '') ?? wanted.zone,
    counts: { all_day: 0, cancelled: 0, free: 0, empty: 0, long: 0, unusable: 0 },
    problems: [],
    unknownZones: new Set(),
    onEvent,
  };
  for (const line of cut) refuse(reading, line, 'it has no END');
  for (const zone of components.filter(({ name }) => name === 'VTIMEZONE')) registerZone(zone);
  const read = events.flatMap((component) => readEvent(component, reading) ?? []);
  const groups = new Map<string, ReadEvent[]>();
  for (const one of read) groups.set(one.uid, [...(groups.get(one.uid) ?? []), one]);
  const meetings = new Map<string, ReadMeeting>();
  for (const group of groups.values()) {
    try {
      for (const one of meetingsOf(group, reading)) meetings.set(one.key, one);
    } catch (error) {
      refuse(reading, group[0]?.line ?? 0, errorMessage(error));
    }
  }
  for (const zone of reading.unknownZones)
    addProblem(reading, `the time zone ${zone} is unknown: its times are taken as those of ${reading.fallback}`);
  const sorted = [...meetings.values()].sort((a, b) => a.from - b.from || (a.key < b.key ? -1 : 1));
  const newest = sorted.slice(-mostMeetings);
  if (newest.length < sorted.length)
    addProblem(reading, `${sorted.length} meetings: the newest ${mostMeetings} are taken`);
  const begins = read.map(({ event }) => unixOf(event.startDate));
  return {
    ok: true,
    value: {
      name: (properties.get('X-WR-CALNAME') ?? properties.get('NAME') ?? '').trim().slice(0, 64),
      events: events.length + cut.length,
      meetings: newest,
      from: newest.length < sorted.length ? (newest[0]?.from ?? wanted.from) : wanted.from,
      first: begins.length === 0 ? null : begins.reduce((least, one) => Math.min(least, one)) * second,
      skipped: reading.counts,
      problems: reading.problems,
    },
  };
}

function addProblem({ problems }: Reading, text: string): void {
  if (problems.length < mostProblems) problems.push(text);
  else if (problems.length === mostProblems) problems.push('and more');
}

function refuse(reading: Reading, line: number, why: string): undefined {
  reading.counts.unusable += 1;
  addProblem(reading, `the event on line ${line}: ${why}`);
}

/** A zone that the zone database knows is taken from there. */
function registerZone({ text }: IcsComponent): void {
  try {
    const component = new ICAL.Component(ICAL.parse(text));
    const tzid = component.getFirstPropertyValue('tzid');
    if (typeof tzid !== 'string' || ianaName(tzid) !== undefined) return;
    ICAL.TimezoneService.register(new ICAL.Timezone({ component, tzid }), tzid);
  } catch {
    // Times in it are then times of an unknown zone, which is reported.
  }
}

function readEvent({ line, text }: IcsComponent, reading: Reading): ReadEvent | undefined {
  if (reading.wanted.without.includes(line)) return refuse(reading, line, 'its recurrence takes too long to compute');
  try {
    const component = new ICAL.Component(ICAL.parse(text));
    for (const name of ['dtstart', 'dtend', 'recurrence-id', 'exdate', 'rdate']) {
      for (const property of component.getAllProperties(name)) setZone(property, reading);
    }
    const event = new ICAL.Event(component, { exceptions: [] });
    if (!(event.startDate instanceof ICAL.Time)) return refuse(reading, line, 'it has no DTSTART');
    const rule = component.getFirstPropertyValue('rrule');
    if (rule instanceof ICAL.Recur && /^(?:SECONDLY|MINUTELY|HOURLY)$/.test(rule.freq))
      return refuse(reading, line, `it recurs ${rule.freq.toLowerCase()}, which no meeting does`);
    const uid = typeof event.uid === 'string' && event.uid !== '' ? event.uid : hash(text);
    return { line, uid, event };
  } catch (error) {
    return refuse(reading, line, errorMessage(error));
  }
}

/** Names a zone that is registered for each property of times. */
function setZone(property: ICAL.Property, { fallback, unknownZones }: Reading): void {
  const [, , type, first] = property.jCal;
  const isUtc = typeof first === 'string' && first.endsWith('Z');
  if (type === 'date' || isUtc) return;
  const tzid = property.getFirstParameter('tzid');
  const zoneId = typeof tzid === 'string' ? tzid : '';
  if (zoneId !== '' && ICAL.TimezoneService.has(zoneId)) return;
  const name = zoneId === '' ? undefined : ianaName(zoneId);
  if (zoneId !== '' && name === undefined) unknownZones.add(zoneId);
  const zone = name ?? fallback;
  if (!ICAL.TimezoneService.has(zone)) ICAL.TimezoneService.register(new IanaZone(zone), zone);
  property.setParameter('tzid', zone);
}

/** Seconds since 1970. */
function unixOf(time: ICAL.Time): number {
  return time.toUnixTime();
}

/** The meetings of one UID: its event, and the occurrences of it that were changed. */
function meetingsOf(group: readonly ReadEvent[], reading: Reading): readonly ReadMeeting[] {
  const masters = group.filter(({ event }) => !event.isRecurrenceException());
  const changed = new Map<number, ReadEvent>();
  for (const one of group.filter(({ event }) => event.isRecurrenceException())) {
    if (one.event.recurrenceId instanceof ICAL.Time) changed.set(unixOf(one.event.recurrenceId), one);
  }
  // Of several with one UID, the last revision counts.
  const master = masters.reduce<ReadEvent | undefined>(
    (best, one) => (best === undefined || revisionOf(one) >= revisionOf(best) ? one : best),
    undefined,
  );
  const meetings: ReadMeeting[] = [];
  const isCancelled = master !== undefined && statusOf(master.event) === 'CANCELLED';
  if (master !== undefined) {
    const why = reasonToSkip(master.event);
    if (why !== undefined) reading.counts[why] += 1;
    reading.onEvent(master.line);
    if (why === undefined) meetings.push(...occurrencesOf(master, changed, reading));
  }
  // The rest are occurrences that the rule does not make, or not within the span.
  for (const [original, one] of isCancelled ? [] : changed) {
    const why = reasonToSkip(one.event);
    if (why !== undefined) {
      if (why !== 'cancelled' || master === undefined) reading.counts[why] += 1;
      continue;
    }
    const begin = unixOf(one.event.startDate);
    meetings.push(...meetingAt(one, original, begin, begin + lengthOf(one.event), reading));
  }
  return meetings;
}

/** @param changed by their original begin; those that occur are taken out of it, unless they are changed */
function occurrencesOf(master: ReadEvent, changed: Map<number, ReadEvent>, reading: Reading): readonly ReadMeeting[] {
  const { event } = master;
  const { from, to } = reading.wanted;
  const begin = unixOf(event.startDate);
  // The same length by the clock of physics, whatever clocks on walls do meanwhile (RFC 5545, 3.8.5.3).
  const length = lengthOf(event);
  if (!event.isRecurring()) return meetingAt(master, undefined, begin, begin + length, reading);
  const future = [...changed].filter(([, one]) => one.event.modifiesFuture()).sort(([a], [b]) => a - b);
  const meetings: ReadMeeting[] = [];
  const iterator = event.iterator();
  for (let count = 0; ; count += 1) {
    const next: ICAL.Time | undefined = iterator.next() ?? undefined;
    if (next === undefined) break;
    const original = unixOf(next);
    if (original * second >= to) break;
    if (count >= mostOccurrences) {
      addProblem(
        reading,
        `the event on line ${master.line}: of its occurrences, the first ${mostOccurrences} are taken`,
      );
      break;
    }
    if (changed.has(original)) continue;
    const since = future.findLast(([at]) => at <= original);
    if (since !== undefined && reasonToSkip(since[1].event) !== undefined) continue;
    const [shift, its, lasts] = since === undefined ? [0, master, length] : changeSince(since);
    const at = shift === 0 ? original : movedBy(next, shift);
    if ((at + lasts) * second > from) meetings.push(...meetingAt(its, original, at, at + lasts, reading));
  }
  return meetings;
}

/** A change of an occurrence and all after it: by how much it moves them, what they are then, and how long. */
function changeSince([original, one]: readonly [number, ReadEvent]): readonly [number, ReadEvent, number] {
  const begin = unixOf(one.event.startDate);
  return [begin - original, one, lengthOf(one.event)];
}

/** Seconds since 1970, moved by the clock on the wall. */
function movedBy(time: ICAL.Time, seconds: number): number {
  const moved = time.clone();
  moved.addDuration(ICAL.Duration.fromSeconds(seconds));
  return unixOf(moved);
}

function meetingAt(
  { uid, event, line }: ReadEvent,
  original: number | undefined,
  begin: number,
  end: number,
  reading: Reading,
): readonly ReadMeeting[] {
  const { from, to } = reading.wanted;
  if (!Number.isFinite(begin) || !Number.isFinite(end)) {
    refuse(reading, line, 'its time cannot be understood');
    return [];
  }
  if (begin * second >= to || end * second <= from) return [];
  const isPrivate = /^(?:PRIVATE|CONFIDENTIAL)$/i.test(textOf(event, 'class'));
  return [
    {
      key: hash(`${uid}\n${original ?? ''}`),
      uid: uid.slice(0, 200),
      from: begin * second,
      to: end * second,
      title: isPrivate ? '' : oneLine(textOf(event, 'summary'), longestTitle),
      place: isPrivate ? '' : oneLine(textOf(event, 'location'), longestPlace),
      tags: isPrivate ? [] : tagsOf(event),
    },
  ];
}

function reasonToSkip(event: ICAL.Event): keyof SkippedEvents | undefined {
  if (statusOf(event) === 'CANCELLED') return 'cancelled';
  if (event.startDate.isDate) return 'all_day';
  if (/^TRANSPARENT$/i.test(textOf(event, 'transp'))) return 'free';
  const length = lengthOf(event);
  if (!(length > 0)) return 'empty';
  return length > longest ? 'long' : undefined;
}

/** Seconds. A duration in hours is as long whatever clocks do meanwhile. */
function lengthOf({ component, startDate, endDate }: ICAL.Event): number {
  const duration = component.getFirstPropertyValue('duration');
  return duration instanceof ICAL.Duration && !component.hasProperty('dtend')
    ? duration.toSeconds()
    : unixOf(endDate) - unixOf(startDate);
}

function statusOf(event: ICAL.Event): string {
  return textOf(event, 'status').toUpperCase();
}

/** Its sequence, then when it was last changed, as one comparable text. */
function revisionOf({ event: { component } }: ReadEvent): string {
  const sequence = Number(component.getFirstPropertyValue('sequence') ?? 0);
  const changed = component.getFirstPropertyValue('last-modified') ?? component.getFirstPropertyValue('dtstamp');
  const at = changed instanceof ICAL.Time ? unixOf(changed) : 0;
  return `${String(sequence).padStart(12, '0')} ${String(at).padStart(12, '0')}`;
}

function textOf({ component }: ICAL.Event, name: string): string {
  const value = component.getFirstPropertyValue(name);
  return typeof value === 'string' ? value : '';
}

function tagsOf({ component }: ICAL.Event): readonly string[] {
  const tags = component
    .getAllProperties('categories')
    .flatMap((property) => property.getValues())
    .flatMap((value) => (typeof value === 'string' && value.trim() !== '' ? [oneLine(value, 64)] : []));
  return [...new Set(tags)].slice(0, mostTags);
}

function oneLine(text: string, most: number): string {
  return [...text.replace(/\s+/g, ' ').trim()].slice(0, most).join('').toWellFormed();
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

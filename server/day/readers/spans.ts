// Evidence that already lies in an account as spans: entries, turns of mob rooms, meetings. Each is a small channel that is whole in
// memory.

import { isMeetingItem } from '../../../protocol/calendars.ts';
import { isEntryItem } from '../../../protocol/day.ts';
import { isRecord } from '../../../protocol/json.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Item } from '../../core/store.ts';
import type { DayEvent } from '../engine/evidence.ts';
import { type DaySpan, factsOf, textIn } from './reading.ts';

function itemsIn(
  { items }: ChannelState,
  { from, to }: DaySpan,
): readonly (Item & { readonly time: number; readonly end: number })[] {
  const found: (Item & { readonly time: number; readonly end: number })[] = [];
  for (const item of items.values()) {
    const { time, end } = item;
    if (time !== null && end !== null && end > time && time < to && end > from) found.push({ ...item, time, end });
  }
  return found;
}

const without = { device: '' } as const;

export function entryEvents(view: ChannelState, span: DaySpan): readonly DayEvent[] {
  return itemsIn(view, span).flatMap(({ key, value, time, end, seq }): DayEvent[] => {
    const entry: unknown = JSON.parse(value);
    if (!isEntryItem(entry)) return [];
    const { project, task, text, tags, category, removes } = entry;
    const facts = {
      ...factsOf({ project: project ?? '', task: task ?? '', title: text ?? '', category: category ?? '' }),
      ...(tags === undefined || tags.length === 0 ? {} : { tags }),
    };
    const base = { lane: 'manual', ...without, kind: 'entries', channel: 'entries', key, from: time, to: end } as const;
    return [{ ...base, facts, stated: seq, ...(removes === true ? { removes } : {}) }];
  });
}

/** Turns that the hub copied out of rooms: `{"room", "user", "typist", "goal"}`. */
export function mobEvents(view: ChannelState, span: DaySpan): readonly DayEvent[] {
  return itemsIn(view, span).flatMap(({ key, value, time, end }): DayEvent[] => {
    const turn: unknown = JSON.parse(value);
    if (!isRecord(turn)) return [];
    const room = textIn(turn, 'room');
    // The name of a room is a fact; aliases join it to a project.
    const facts = factsOf({ room, project: room, title: textIn(turn, 'goal') });
    return [{ lane: 'mob', ...without, kind: `mob/${room}`, channel: 'mob_turns', key, from: time, to: end, facts }];
  });
}

/**
 * Events of calendars. One that has not begun is no time yet, and one that goes on reaches to now.
 * @param now microseconds
 */
export function calendarEvents(view: ChannelState, { from, to }: DaySpan, now: number): readonly DayEvent[] {
  return itemsIn(view, { from, to: Math.min(to, now) }).flatMap(({ key, value, time, end }): DayEvent[] => {
    const meeting: unknown = JSON.parse(value);
    if (!isMeetingItem(meeting)) return [];
    const { calendar, title, tags } = meeting;
    const facts = { ...factsOf({ title, category: 'meeting' }), ...(tags === undefined ? {} : { tags }) };
    const [kind, channel] = [`calendar/${calendar}`, 'meetings'];
    return [{ lane: 'meeting', ...without, kind, channel, key, from: time, to: Math.min(end, now), facts }];
  });
}

/** WakaTime's external durations, which may be meetings of a calendar. */
export function externalEvents(view: ChannelState, span: DaySpan): readonly DayEvent[] {
  return itemsIn(view, span).flatMap(({ key, value, time, end }): DayEvent[] => {
    const parsed: unknown = JSON.parse(value);
    if (!isRecord(parsed)) return [];
    const names = ['project', 'category', 'branch', 'language'] as const;
    const fields = Object.fromEntries(names.map((name) => [name, textIn(parsed, name)]));
    const facts = factsOf({ ...fields, title: textIn(parsed, 'entity') });
    const provider = textIn(parsed, 'provider');
    const kind = provider === '' ? 'meetings' : `meetings/${provider}`;
    return [{ lane: 'meeting', ...without, kind, channel: 'external_durations', key, from: time, to: end, facts }];
  });
}

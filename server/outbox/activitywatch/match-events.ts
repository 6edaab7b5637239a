// Computes which of some events have to be sent, given the events that the other server has at that time. Pure functions.

import { isDeepStrictEqual } from 'node:util';
import { Type } from '@sinclair/typebox';
import { compile } from '../../../protocol/check.ts';
import { parseJson } from '../../../protocol/json.ts';
import type { RelayedEvent } from './event-batches.ts';
import type { EventLink } from './linked-events.ts';

/** Microseconds by which a moment may differ: servers keep milliseconds, and durations as decimal numbers. */
const tolerance = 1_000;

export interface RemoteEvent {
  readonly id: number;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly end: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const checkEvents = compile(
  Type.Array(
    Type.Object({
      id: Type.Integer(),
      timestamp: Type.String(),
      duration: Type.Number(),
      data: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
);
type EventJson = {
  readonly id: number;
  readonly timestamp: string;
  readonly duration: number;
  readonly data: Readonly<Record<string, unknown>>;
};
const areEvents = (value: unknown): value is readonly EventJson[] => checkEvents(value);

/** @param text the answer to `GET …/events`; undefined if it is none */
export function readRemoteEvents(text: string): readonly RemoteEvent[] | undefined {
  const events = parseJson(text);
  if (!areEvents(events)) return undefined;
  return events.map(({ id, timestamp, duration, data }) => {
    const time = Date.parse(timestamp) * 1_000;
    return { id, time, end: time + Math.round(duration * 1_000_000), data };
  });
}

export type EventStep =
  /** The other server has it, as it is here. */
  | { readonly step: 'same'; readonly remote: RemoteEvent }
  | { readonly step: 'change'; readonly remote: RemoteEvent }
  | { readonly step: 'add' }
  /** It was sent before, and somebody has removed it there. */
  | { readonly step: 'removed' };

/**
 * @param links of those of the events that were sent before
 * @param remote what the other server has in the span of the events and their links
 * @param taken ids there that belong to other events here
 * @returns a step for each event
 */
export function matchEvents(
  events: readonly RelayedEvent[],
  links: ReadonlyMap<string, EventLink>,
  remote: readonly RemoteEvent[],
  taken: ReadonlySet<number>,
): readonly EventStep[] {
  const free = new Map(remote.filter(({ id }) => !taken.has(id)).map((one) => [one.id, one]));
  for (const link of links.values()) if ('id' in link) free.delete(link.id);
  return events.map((event): EventStep => {
    const link = links.get(event.key);
    const found = link !== undefined && 'id' in link ? findLinked(link, event, remote) : findSent(link, event, free);
    if (found === undefined) return link !== undefined && 'id' in link ? { step: 'removed' } : { step: 'add' };
    free.delete(found.id);
    return { step: isSame(event, found) ? 'same' : 'change', remote: found };
  });
}

/** An id whose event begins at another time was given again, to another event. */
function findLinked(
  link: EventLink & { readonly id: number; readonly was?: number },
  event: RelayedEvent,
  remote: readonly RemoteEvent[],
): RemoteEvent | undefined {
  const found = remote.find(({ id }) => id === link.id);
  const times = [link.time, event.time, ...(link.was === undefined ? [] : [link.was])];
  return found !== undefined && times.some((time) => isNear(time, found.time)) ? found : undefined;
}

/** An event that was sent and may have arrived, or that came there by another way. */
function findSent(
  link: EventLink | undefined,
  event: RelayedEvent,
  free: ReadonlyMap<number, RemoteEvent>,
): RemoteEvent | undefined {
  const { time, end } = link ?? event;
  const data = link !== undefined && 'data' in link ? link.data : event.data;
  const alike = [...free.values()].filter((one) => isNear(one.time, time) && isDeepStrictEqual(one.data, data));
  return alike.find((one) => isNear(one.end, end)) ?? alike[0];
}

/** The events there that were added, by the keys of those here. @param free what belongs to no event yet */
export function findAdded(
  added: readonly RelayedEvent[],
  free: readonly RemoteEvent[],
): ReadonlyMap<string, RemoteEvent> {
  const found = new Map<string, RemoteEvent>();
  const left = new Map(free.map((one) => [one.id, one]));
  for (const event of added) {
    const there = [...left.values()].filter((one) => isNear(one.time, event.time) && isNear(one.end, event.end));
    // A server may keep less than it was sent, by its privacy rules.
    const one = there.find(({ data }) => isDeepStrictEqual(data, event.data)) ?? there[0];
    if (one === undefined) continue;
    found.set(event.key, one);
    left.delete(one.id);
  }
  return found;
}

function isSame({ time, end, data }: RelayedEvent, remote: RemoteEvent): boolean {
  return isNear(time, remote.time) && isNear(end, remote.end) && isDeepStrictEqual(data, remote.data);
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) < tolerance;
}

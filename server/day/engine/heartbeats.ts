// Heartbeats become evidence here: a human's become spans of work by the account's crediting rule, an agent's become turns ([Y7]).

import { compareText } from './collections.ts';
import type { DayEvent, DayFacts, DayHeartbeat } from './evidence.ts';
import { containsMoment, type DayIntervals } from './intervals.ts';

/**
 * Human heartbeats as events of the lane `editor`. Between a heartbeat and the next one of the account lies work of the earlier one if
 * the next comes before the timeout; of heartbeats at one moment the smallest key counts.
 * @param input where the AFK source of a device reports input
 */
export function creditHumans(
  heartbeats: readonly DayHeartbeat[],
  input: ReadonlyMap<string, DayIntervals>,
  timeout: number,
): readonly DayEvent[] {
  const human = heartbeats
    .filter((heartbeat) => isHuman(heartbeat, input))
    .sort((a, b) => a.at - b.at || compareText(b.key, a.key));
  return human.map((heartbeat, index) => {
    const { at, device, channel, key, facts } = heartbeat;
    const next = human[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const to = next - at < timeout ? next : at;
    return { lane: 'editor', device, kind: 'editor', channel, key, from: at, to, facts };
  });
}

export function isHuman({ by, device, at }: DayHeartbeat, input: ReadonlyMap<string, DayIntervals>): boolean {
  if (by !== 'labelled') return by === 'human';
  return containsMoment(input.get(device) ?? [], at);
}

/** A stretch in which an agent worked, from one sign of it to the next; it carries what the earlier sign said. */
export interface DayAgentSpan {
  readonly from: number;
  readonly to: number;
  readonly facts: DayFacts;
  readonly device: string;
}

interface Sign extends DayAgentSpan {
  readonly key: string;
}

/**
 * The work of agents, by source (`laptop/agent/claude-code/5f3a`): per session from the first to the last sign of a turn. Signs at most
 * the timeout apart belong to one turn.
 */
export function agentTurns(
  heartbeats: readonly DayHeartbeat[],
  events: readonly DayEvent[],
  input: ReadonlyMap<string, DayIntervals>,
  timeout: number,
): ReadonlyMap<string, readonly DayAgentSpan[]> {
  const signs = new Map<string, Sign[]>();
  const add = (device: string, session: string, sign: Omit<Sign, 'device'>): void => {
    const source = `${device === '' ? '' : `${device}/`}agent/${session}`;
    const known = signs.get(source) ?? [];
    signs.set(source, known);
    known.push({ ...sign, device });
  };
  for (const heartbeat of heartbeats) {
    if (isHuman(heartbeat, input)) continue;
    const { device, session, at, key, facts } = heartbeat;
    add(device, session, { from: at, to: at, key, facts });
  }
  for (const { lane, device, session, kind, from, to, key, facts } of events) {
    if (lane === 'agent') add(device, session ?? kind, { from, to, key, facts });
  }
  return new Map([...signs].map(([source, its]) => [source, spansOf(its, timeout)]));
}

/** In order of time, not overlapping. */
function spansOf(signs: Sign[], timeout: number): readonly DayAgentSpan[] {
  signs.sort((a, b) => a.from - b.from || compareText(b.key, a.key));
  const spans: DayAgentSpan[] = [];
  let before: Sign | undefined;
  /** How far the turn has come. */
  let end = Number.NEGATIVE_INFINITY;
  for (const sign of signs) {
    if (before !== undefined) {
      const to = sign.from - end <= timeout ? sign.from : end;
      if (to > before.from) spans.push({ from: before.from, to, facts: before.facts, device: before.device });
    }
    before = sign;
    end = Math.max(end, sign.to);
  }
  if (before !== undefined && end > before.from) {
    spans.push({ from: before.from, to: end, facts: before.facts, device: before.device });
  }
  return spans;
}

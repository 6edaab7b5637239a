// Requests of all pages: the hub's time, asked a few times in a row because the fastest answer is the most exact (room/clock.ts computes), and
// tickets.

import { type Clock, measured, type Sample } from '../room/clock.ts';

const questions = 5;

/** @returns undefined if the hub could not be asked */
export async function askTheTime(): Promise<Clock | undefined> {
  const samples: Sample[] = [];
  try {
    for (let asked = 0; asked < questions; asked += 1) {
      const sent = performance.now();
      const response = await fetch('/-/clock', { cache: 'no-store' });
      const received = performance.now();
      const answer: unknown = await response.json();
      if (typeof answer === 'object' && answer !== null && 'now' in answer && typeof answer.now === 'number') {
        samples.push({ sent, hub: answer.now, received });
      }
    }
  } catch {
    // The samples of before the failure still count.
  }
  return measured(samples);
}

/** Asks for a one-time ticket, with which a WebSocket is opened as the owner of the token. @returns undefined if the hub gave none */
export async function ticketFor(token: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch('/-/tickets', { method: 'POST', headers, cache: 'no-store', signal });
    const answer: unknown = await response.json();
    const ticket = typeof answer === 'object' && answer !== null && 'ticket' in answer ? answer.ticket : undefined;
    return typeof ticket === 'string' ? ticket : undefined;
  } catch {
    return undefined;
  }
}

// One question over the hub's own wire (protocol/README.md), for what it answers nowhere else.

import { socketUrl } from './address.ts';
import type { HubAnswer } from './ask.ts';

const patienceMs = 10_000;

/** @param request a message of the wire @returns the hub's answer to it */
export function askWire<T>(request: object): Promise<HubAnswer<T>> {
  const socket = new WebSocket(socketUrl());
  return new Promise<HubAnswer<T>>((resolve) => {
    const fail = () => resolve({ ok: false, status: 0, reason: 'the hub cannot be reached' });
    const late = setTimeout(fail, patienceMs);
    socket.onopen = () => socket.send(JSON.stringify({ ...request, ref: 'ask' }));
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(String(data));
      if (answer.ref !== 'ask') return;
      clearTimeout(late);
      const { success, error, hint } = answer;
      if (success === true) resolve({ ok: true, value: answer });
      else resolve({ ok: false, status: 400, reason: hint === undefined ? error : `${error}: ${hint}` });
    };
    socket.onerror = fail;
  }).finally(() => socket.close());
}

// Asks the hub for a new token over the wire (protocol/README.md, `token`): only an administrator may make one.

import { type MadeToken, readAnswer } from './token-answer.ts';

const patienceMs = 10_000;

/**
 * @param token of this browser; '' where the hub is personal
 * @param name of the new token, as the list of tokens shows it
 */
export function makeToken(token: string, name: string, scopes: readonly string[]): Promise<MadeToken> {
  const socket = new WebSocket(location.origin.replace(/^http/, 'ws'));
  return new Promise<MadeToken>((resolve) => {
    const late = setTimeout(() => resolve({ ok: false, reason: 'no answer' }), patienceMs);
    socket.onopen = () => {
      const request = { type: 'token', name, scopes, ref: 'token' };
      socket.send(JSON.stringify(token === '' ? request : { ...request, user_id: token }));
    };
    socket.onmessage = ({ data }) => {
      const answer = readAnswer(String(data));
      if (answer === undefined) return;
      clearTimeout(late);
      resolve(answer);
    };
    socket.onerror = () => resolve({ ok: false, reason: 'no connection' });
  }).finally(() => socket.close());
}

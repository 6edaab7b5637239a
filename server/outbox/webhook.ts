// The requests to a webhook, as Standard Webhooks says (github.com/standard-webhooks/standard-webhooks): the headers `webhook-id`,
// `webhook-timestamp` and `webhook-signature`, and a body with `type`, `timestamp` and `data`. Pure functions.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Change } from '../core/store.ts';

export interface WebhookMessage {
  /** The same at every try: the receiver leaves out what it has. */
  readonly id: string;
  readonly body: string;
}

const secretPrefix = 'whsec_';

export function makeSecret(): string {
  return secretPrefix + randomBytes(32).toString('base64');
}

/** @param parts what makes the message this one and no other */
function idOf(...parts: readonly (string | number)[]): string {
  return `msg_${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 27)}`;
}

/** @param channel without the account */
export function changeMessage(target: string, epoch: string, channel: string, change: Change): WebhookMessage {
  const { kind, seq, key, value, time, end, origin, at } = change;
  const data = {
    channel,
    key,
    ...(value === null ? {} : { item: JSON.parse(value) }),
    ...(time === null ? {} : { time }),
    ...(end === null ? {} : { end }),
    seq,
    epoch,
    device_id: origin,
  };
  const body = JSON.stringify({ type: `item.${kind}d`, timestamp: new Date(at).toISOString(), data });
  return { id: idOf(target, epoch, channel, seq), body };
}

export function questionMessage(target: string, question: { readonly key: string }, at: number): WebhookMessage {
  const body = JSON.stringify({ type: 'question.asked', timestamp: new Date(at).toISOString(), data: question });
  return { id: idOf(target, 'question', question.key), body };
}

/** @param at milliseconds since 1970: of this try */
export function signedHeaders(
  { id, body }: WebhookMessage,
  secret: string,
  at: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1_000));
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}

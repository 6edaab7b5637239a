// Describes the wire for clients in other languages: one AsyncAPI 3.0 document with the JSON Schema of every request and answer, and the
// table of errors as `x-errors`. All of it is generated from protocol/; this file describes no message itself.

import type { TSchema } from '@sinclair/typebox';
import { dayItems } from '../../../protocol/day-channels.ts';
import { errors } from '../../../protocol/errors.ts';
import { answerExamples, requestExamples } from '../../../protocol/examples.ts';
import { answers, requests } from '../../../protocol/messages.ts';

type Direction = 'request' | 'answer' | 'item';

export interface AsyncApiMessage {
  readonly name: string;
  readonly summary: string | undefined;
  readonly payload: object;
  readonly examples: readonly { readonly payload: unknown }[];
  readonly correlationId?: object;
}

export interface AsyncApi {
  readonly info: { readonly version: string };
  readonly components: {
    /** By `request.<type>`, `answer.<name>` or `item.<kind>` (the form of `item` in channels whose items have one form). */
    readonly messages: Readonly<Record<string, AsyncApiMessage>>;
    readonly schemas: Readonly<Record<string, TSchema>>;
  };
  readonly 'x-errors': typeof errors;
}

/** @param version of Horai */
export function asyncApi(version: string): AsyncApi {
  const sent = withNames('request', requests);
  const received = withNames('answer', answers);
  const all = [...sent, ...received];
  const items = withNames(
    'item',
    Object.fromEntries(Object.entries(dayItems).map(([name, { schema }]) => [name, schema])),
  );
  const inChannel = ([name]: [string, TSchema]) => ({ $ref: `#/channels/hub/messages/${name}` });
  const channel = { $ref: '#/channels/hub' };
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Horai',
      version,
      description:
        'One JSON object per message, both ways. The numbered rules of the conversation are in protocol/README.md of the project.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      websocket: { host: '127.0.0.1:5600', protocol: 'ws', description: 'one object per text frame, on any path' },
      kronos: {
        host: '127.0.0.1:5000',
        protocol: 'tcp',
        description: 'objects one after the other from the client; one object per line from the hub',
      },
    },
    channels: {
      hub: {
        address: '/',
        description: 'a connection with the hub',
        messages: Object.fromEntries(all.map(([name]) => [name, { $ref: `#/components/messages/${name}` }])),
      },
      ...itemChannels(),
    },
    operations: {
      request: { action: 'send', channel, summary: 'what a client may send', messages: sent.map(inChannel) },
      answer: {
        action: 'receive',
        channel,
        summary: 'what the hub sends: answers and notifications',
        messages: received.map(inChannel),
      },
    },
    components: {
      correlationIds: {
        ref: { location: '$message.payload#/ref', description: 'an answer repeats the ref of its request' },
      },
      messages: Object.fromEntries([...all, ...items].map(messageOf)),
      schemas: Object.fromEntries([...all, ...items]),
    },
    'x-errors': errors,
  };
  return document;
}

/** Channels whose items have one form, by their name without the account. */
function itemChannels(): Readonly<Record<string, object>> {
  const channels = new Map<string, [string, { readonly $ref: string }][]>();
  for (const [name, { channel }] of Object.entries(dayItems)) {
    const reference = { $ref: `#/components/messages/item.${name}` };
    channels.set(channel, [...(channels.get(channel) ?? []), [`item.${name}`, reference]]);
  }
  return Object.fromEntries(
    [...channels].map(([address, messages]) => [
      address.replace('/{date}', ''),
      {
        address,
        description: 'a channel of the account: what `item` is in the messages about it',
        ...(address.includes('{date}') ? { parameters: { date: { description: 'such as 2026-11-28' } } } : {}),
        messages: Object.fromEntries(messages),
      },
    ]),
  );
}

function withNames(direction: Direction, schemas: Readonly<Record<string, TSchema>>): [string, TSchema][] {
  return Object.entries(schemas).map(([name, schema]) => [`${direction}.${name}`, schema]);
}

const examples = new Map<string, unknown>([
  ...Object.entries(requestExamples).map(([name, example]) => [`request.${name}`, example] as const),
  ...Object.entries(answerExamples).map(([name, example]) => [`answer.${name}`, example] as const),
  ...Object.entries(dayItems).map(([name, { example }]) => [`item.${name}`, example] as const),
]);

function messageOf([name, schema]: [string, TSchema]): [string, AsyncApiMessage] {
  const isAnswered = !name.startsWith('item.') && 'ref' in schema['properties'];
  const correlation = isAnswered ? { correlationId: { $ref: '#/components/correlationIds/ref' } } : {};
  const payload = { $ref: `#/components/schemas/${name}` };
  const example = { payload: examples.get(name) };
  const summary = dayItems[name.replace(/^item\./, '')]?.summary ?? schema.description;
  return [name, { name, summary, payload, examples: [example], ...correlation }];
}

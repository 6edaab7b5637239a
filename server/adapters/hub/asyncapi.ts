// The wire for clients in other languages: one AsyncAPI 3.0 document with the JSON Schema of every request and answer, and the table
// of errors as `x-errors`. Everything comes from protocol/; this file says nothing about any message.

import type { TSchema } from '@sinclair/typebox';
import { errors } from '../../../protocol/errors.ts';
import { answerExamples, requestExamples } from '../../../protocol/examples.ts';
import { answers, requests } from '../../../protocol/messages.ts';

type Direction = 'request' | 'answer';

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
    /** By `request.<type>` or `answer.<name>`. */
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
      messages: Object.fromEntries(all.map(messageOf)),
      schemas: Object.fromEntries(all),
    },
    'x-errors': errors,
  };
  return document;
}

function withNames(direction: Direction, schemas: Readonly<Record<string, TSchema>>): [string, TSchema][] {
  return Object.entries(schemas).map(([name, schema]) => [`${direction}.${name}`, schema]);
}

const examples = new Map<string, unknown>([
  ...Object.entries(requestExamples).map(([name, example]) => [`request.${name}`, example] as const),
  ...Object.entries(answerExamples).map(([name, example]) => [`answer.${name}`, example] as const),
]);

function messageOf([name, schema]: [string, TSchema]): [string, AsyncApiMessage] {
  const correlation =
    'ref' in schema['properties'] ? { correlationId: { $ref: '#/components/correlationIds/ref' } } : {};
  const payload = { $ref: `#/components/schemas/${name}` };
  const example = { payload: examples.get(name) };
  return [name, { name, summary: schema.description, payload, examples: [example], ...correlation }];
}

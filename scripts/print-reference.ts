// The wire for clients in other languages: one AsyncAPI 3.0 document with the JSON Schemas of all requests and answers in it, and the
// table of errors as `x-errors`. Everything is taken from protocol/; nothing about a message is said here.

import { fileURLToPath } from 'node:url';
import type { TSchema } from '@sinclair/typebox';
import { errors } from '../protocol/errors.ts';
import { answers, requests } from '../protocol/messages.ts';
import { version } from '../server/version.ts';

type Kind = 'request' | 'answer';

function named(kind: Kind, schemas: Readonly<Record<string, TSchema>>): [string, TSchema][] {
  return Object.entries(schemas).map(([name, schema]) => [`${kind}.${name}`, schema]);
}

function message([name, schema]: [string, TSchema]): [string, object] {
  const correlated =
    'ref' in schema['properties'] ? { correlationId: { $ref: '#/components/correlationIds/ref' } } : {};
  const payload = { $ref: `#/components/schemas/${name}` };
  return [name, { name, summary: schema.description, payload, ...correlated }];
}

/** Seen from a client: it sends requests and receives answers. */
export function reference(): object {
  const [asked, heard] = [named('request', requests), named('answer', answers)];
  const all = [...asked, ...heard];
  const inChannel = ([name]: [string, TSchema]) => ({ $ref: `#/channels/hub/messages/${name}` });
  const channel = { $ref: '#/channels/hub' };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Horai',
      version,
      description:
        'One JSON object per message, both ways. The rules, in sentences with numbers, are in protocol/README.md of the project.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      websocket: { host: '127.0.0.1:5600', protocol: 'ws', description: 'one object per text frame, on any path' },
      kronos: {
        host: '127.0.0.1:5000',
        protocol: 'tcp',
        description: 'objects one after the other, one a line from the hub',
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
      ask: { action: 'send', channel, summary: 'what a client may say', messages: asked.map(inChannel) },
      hear: { action: 'receive', channel, summary: 'what the hub says, asked or not', messages: heard.map(inChannel) },
    },
    components: {
      correlationIds: {
        ref: { location: '$message.payload#/ref', description: 'an answer repeats the ref of its request' },
      },
      messages: Object.fromEntries(all.map(message)),
      schemas: Object.fromEntries(all),
    },
    'x-errors': errors,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(reference(), null, 2));

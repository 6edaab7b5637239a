// Where an account's changes are sent, and how far: items of its channel `outbox`, which only the hub writes. `target/<id>` says where, without
// secrets; `state/<id>` says how far, and what went wrong.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import { ChannelPattern } from '../../protocol/messages.ts';
import { Name } from '../../protocol/names.ts';

const Millis = Type.Number({ description: 'milliseconds since 1970' });

/** A request for a webhook. */
export const WebhookRequest = Type.Object(
  {
    name: Name,
    url: Type.String({ maxLength: 2_000, description: 'https://…; the hub posts to it' }),
    channels: Type.Array(ChannelPattern, {
      maxItems: 20,
      description: 'whose changes are sent: `tasks`, `mob_turns`, `aw/*`',
    }),
    events: Type.Optional(
      Type.Array(Type.Literal('question'), {
        maxItems: 1,
        description: '`question`: the idle guard asks something',
      }),
    ),
  },
  { additionalProperties: false },
);
export type WebhookRequest = Static<typeof WebhookRequest>;
const checkRequest = compile(WebhookRequest);
export const isWebhookRequest = (value: unknown): value is WebhookRequest => checkRequest(value);

/** A request for a relay of heartbeats. */
export const RelayRequest = Type.Object(
  {
    name: Name,
    kind: Type.Optional(Type.Literal('wakatime')),
    url: Type.String({
      maxLength: 2_000,
      description:
        'what a plugin has as `api_url`: https://api.wakatime.com/api/v1, https://wakapi.dev/api, or another hub’s',
    }),
    key: Type.String({ minLength: 1, maxLength: 200, description: 'the API key there' }),
    from: Type.Optional(
      Type.Union([Type.Literal('now'), Type.Literal('beginning')], {
        description: '`now`: the heartbeats from now on; `beginning`: all that there are, too',
      }),
    ),
  },
  { additionalProperties: false },
);
export type RelayRequest = Static<typeof RelayRequest>;
const checkRelay = compile(RelayRequest);
export const isRelayRequest = (value: unknown): value is RelayRequest => checkRelay(value);

/** A request for a relay of events. */
export const EventRelayRequest = Type.Object(
  {
    name: Name,
    kind: Type.Literal('activitywatch'),
    url: Type.String({
      maxLength: 2_000,
      description: 'an ActivityWatch server, such as http://nas.lan:5600, or another hub',
    }),
    key: Type.Optional(Type.String({ maxLength: 200, description: 'the API key there, if it asks for one' })),
    from: Type.Optional(
      Type.Union([Type.Literal('now'), Type.Literal('beginning')], {
        description: '`now`: what changes from now on; `beginning`: all buckets and events that there are, too',
      }),
    ),
  },
  { additionalProperties: false },
);
export type EventRelayRequest = Static<typeof EventRelayRequest>;
const checkEventRelay = compile(EventRelayRequest);
export const isEventRelayRequest = (value: unknown): value is EventRelayRequest => checkEventRelay(value);

/** A request to publish to an MQTT broker. */
export const BrokerRequest = Type.Object(
  {
    name: Name,
    kind: Type.Literal('mqtt'),
    url: Type.String({ maxLength: 2_000, description: 'the broker: mqtts://nas.lan or mqtt://nas.lan:1883' }),
    user: Type.Optional(Type.String({ maxLength: 200 })),
    password: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type BrokerRequest = Static<typeof BrokerRequest>;
const checkBroker = compile(BrokerRequest);
export const isBrokerRequest = (value: unknown): value is BrokerRequest => checkBroker(value);

/** A request for mails of the weekly report. */
export const MailRequest = Type.Object(
  {
    name: Name,
    kind: Type.Literal('mail'),
    to: Type.String({ maxLength: 320, description: 'a mail address' }),
  },
  { additionalProperties: false },
);
export type MailRequest = Static<typeof MailRequest>;
const checkMail = compile(MailRequest);
export const isMailRequest = (value: unknown): value is MailRequest => checkMail(value);

/** A target that is about to be stored. */
export interface NewTarget {
  readonly kind: Target['kind'];
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly channels: readonly string[];
  readonly events: readonly string[];
  readonly isFromBeginning: boolean;
}

export const targetKinds = ['webhook', 'wakatime', 'activitywatch', 'mqtt', 'mail'] as const;

const Target = Type.Object({
  id: Type.String(),
  kind: Type.Union(targetKinds.map((kind) => Type.Literal(kind))),
  name: Type.String(),
  /** The origin of the address: its path may be a secret. */
  to: Type.String(),
  channels: Type.Array(Type.String()),
  events: Type.Array(Type.String()),
  /** Address and signing secret, encrypted. */
  sealed: Type.String(),
  created: Millis,
});
export type Target = Static<typeof Target>;

const Failing = Type.Object({
  since: Millis,
  tries: Type.Integer(),
  /** When it is tried again. */
  next: Millis,
  error: Type.String(),
});

export const TargetState = Type.Object({
  /** The last step that was sent, by channel without the account. */
  sent: Type.Record(Type.String(), Type.Object({ epoch: Type.String(), seq: Type.Integer() })),
  delivered: Type.Integer({ description: 'messages that were accepted' }),
  refused: Type.Integer({ description: 'messages that were refused for good, and left out' }),
  refusal: Type.Union([Type.String(), Type.Null()], { description: 'why the last of them was' }),
  failing: Type.Union([Failing, Type.Null()]),
  /** Who sends at the moment, and until when nobody else does. */
  lease: Type.Union([Type.Object({ by: Type.String(), until: Millis }), Type.Null()]),
  /** Keys of questions that were told. */
  told: Type.Array(Type.String()),
});
export type TargetState = Static<typeof TargetState>;

const checks = { target: compile(Target), state: compile(TargetState) };
const isTarget = (value: unknown): value is Target => checks.target(value);
const isState = (value: unknown): value is TargetState => checks.state(value);

export const outboxChannel = 'outbox';
export const targetKey = (id: string) => `target/${id}`;
export const stateKey = (id: string) => `state/${id}`;

export const emptyState: TargetState = {
  sent: {},
  delivered: 0,
  refused: 0,
  refusal: null,
  failing: null,
  lease: null,
  told: [],
};

type Items = ReadonlyMap<string, { readonly key: string; readonly value: string }>;

export function targetsIn(items: Items): readonly Target[] {
  return [...items.values()].flatMap(({ key, value }): Target[] => {
    const target: unknown = key.startsWith('target/') ? JSON.parse(value) : undefined;
    return isTarget(target) ? [target] : [];
  });
}

export function stateIn(items: Items, id: string): TargetState {
  const state: unknown = JSON.parse(items.get(stateKey(id))?.value ?? 'null');
  return isState(state) ? state : emptyState;
}

/** The part of a webhook that is stored encrypted. */
const WebhookSecrets = Type.Object({ url: Type.String(), secret: Type.String() });
const checkSecrets = compile(WebhookSecrets);
const areSecrets = (value: unknown): value is Static<typeof WebhookSecrets> => checkSecrets(value);

/** @param opened the text that was sealed; undefined if it could not be opened */
export function readSecrets(opened: string | undefined): Static<typeof WebhookSecrets> | undefined {
  const secrets: unknown = JSON.parse(opened ?? 'null');
  return areSecrets(secrets) ? secrets : undefined;
}

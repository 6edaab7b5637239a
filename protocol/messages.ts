// Every message of the wire, declared once: the types are inferred from these schemas, the checks compiled from them
// (codec.ts) and the printed reference generated from them. No behaviour lives here; README.md says what each one means.

import { type Static, type TSchema, Type } from '@sinclair/typebox';

const Text = Type.String({ maxLength: 1_048_576 });
/** Clients of Vim send null where they have nothing. */
const optional = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));

/** No control characters, and no half of a surrogate pair: what is no text cannot be kept as text. */
const odd = '\\u0000-\\u001f\\u007f\\ud800-\\udfff';
export const Key = Type.String({ minLength: 1, maxLength: 256, pattern: `^[^${odd}]+$` });
export const ChannelName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: `^(?:[^/\\s${odd}][^${odd}]*[^*${odd}]|[^/*\\s${odd}])$`,
});
/** A channel, or with a `*` at the end all that begin so. */
export const ChannelPattern = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: `^[^/\\s${odd}][^${odd}]*$`,
});
export const Name = Type.String({ minLength: 1, maxLength: 64, pattern: `^[^${odd}]+$` });
/** Tasks or items of one list. */
const listed = 10_000;
const Seq = Type.Integer({ minimum: 0 });
const Micros = Type.Integer({ description: 'microseconds since 1970' });
const Flag = Type.Union([Type.Boolean(), Type.Number()]);
const Ref = Type.Union([Type.String({ maxLength: 128 }), Type.Number()]);

/** A task of either client generation; fields unknown here are kept and given back. */
export const Task = Type.Object(
  {
    id: Type.Optional(Type.Integer({ description: 'not 0; negative for a done task of a 2019 client' })),
    index: Type.Optional(
      Type.String({ maxLength: 512, description: '`user_id#id#created`, the stable key of a 2019 client' }),
    ),
    desc: Type.Optional(Text),
    tags: Type.Optional(Type.Array(Text)),
    active: Type.Optional(Flag),
    last_active: Type.Optional(Flag),
    due: Type.Optional(Flag),
    done: Type.Optional(Flag),
    worktime: Type.Optional(Type.Number()),
    start: Type.Optional(Type.Array(Type.Number())),
    stop: Type.Optional(Type.Array(Type.Number())),
  },
  { additionalProperties: true },
);
export type Task = Static<typeof Task>;

/** What every request may carry: clients add the first three to all they send. */
const common = {
  user_id: optional(Type.String({ maxLength: 256, description: 'the secret; absent or empty at a first login' })),
  device_id: optional(Type.String({ maxLength: 128, pattern: `^[^${odd}]*$` })),
  version: optional(Type.Number()),
  ref: Type.Optional(Ref),
};

const writing = {
  write_id: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: `^[^${odd}]+$`,
      description: 'makes a retry return the first answer',
    }),
  ),
  base: Type.Optional(Type.Union([Seq, Type.Object({ seq: Seq, epoch: Type.Optional(Type.String()) })])),
};

const Entry = Type.Object({
  key: Key,
  item: Type.Unknown(),
  time: Type.Optional(Micros),
  end: Type.Optional(Micros),
});

const request = <const T extends string, P extends Record<string, TSchema>>(type: T, fields: P, description: string) =>
  Type.Object({ type: Type.Literal(type), ...common, ...fields }, { additionalProperties: true, description });

export const requests = {
  login: request(
    'login',
    { name: Type.Optional(Name), token: Type.Optional(Type.String({ maxLength: 256 })) },
    'who I am; answered with the user id, device id and version',
  ),
  'read-all': request(
    'read-all',
    {
      channel: Type.Optional(ChannelName),
      from: Type.Optional(Micros),
      to: Type.Optional(Micros),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    },
    'all tasks, or the items of a channel',
  ),
  'write-all': request(
    'write-all',
    {
      tasks: Type.Optional(Type.Array(Task, { maxItems: listed })),
      data: Type.Optional(
        Type.Object(
          { tasks: Type.Optional(Type.Array(Task, { maxItems: listed })), sync_version: optional(Type.Number()) },
          { additionalProperties: true },
        ),
      ),
      channel: Type.Optional(ChannelName),
      items: Type.Optional(Type.Array(Entry, { maxItems: listed })),
      ...writing,
    },
    'these are all the tasks (or items) I have',
  ),
  create: request(
    'create',
    {
      task: Type.Optional(Task),
      channel: Type.Optional(ChannelName),
      key: Type.Optional(Key),
      item: Type.Optional(Type.Unknown()),
      time: Type.Optional(Micros),
      end: Type.Optional(Micros),
      ...writing,
    },
    'a new task or item',
  ),
  update: request(
    'update',
    {
      task: Type.Optional(Task),
      task_id: optional(Type.Integer()),
      channel: Type.Optional(ChannelName),
      key: Type.Optional(Key),
      item: Type.Optional(Type.Unknown()),
      time: Type.Optional(Micros),
      end: Type.Optional(Micros),
      ...writing,
    },
    'a task or item as it is now, whole',
  ),
  delete: request(
    'delete',
    {
      task_id: optional(Type.Integer()),
      task_index: optional(Type.String({ maxLength: 512 })),
      channel: Type.Optional(ChannelName),
      key: Type.Optional(Key),
      ...writing,
    },
    'a task or item is gone',
  ),
  subscribe: request(
    'subscribe',
    { channel: ChannelPattern, seq: Type.Optional(Seq), epoch: Type.Optional(Type.String({ maxLength: 128 })) },
    'tell me all changes of a channel, or of all that match `prefix/*`, since the position',
  ),
  unsubscribe: request('unsubscribe', { channel: ChannelPattern }, 'no more of it'),
  channels: request('channels', {}, 'what this session may see'),
  history: request(
    'history',
    {
      channel: ChannelName,
      key: Type.Optional(Key),
      at: Type.Optional(Seq),
      before: Type.Optional(Seq),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    },
    'past changes, the newest first; with `at`, the items as they were after that step',
  ),
  revert: request(
    'revert',
    { channel: ChannelName, to: Seq, ...writing },
    'write the state after step `to` as a new version',
  ),
  ping: request('ping', {}, 'answered by pong, after all that came before'),
  help: request('help', {}, 'what can be typed'),
  stats: request('stats', {}, 'admin: what this hub carries'),
  who: request('who', {}, 'admin: the open sessions'),
  tail: request('tail', { channel: Type.Optional(ChannelPattern) }, 'admin: every change of the hub as it happens'),
  kick: request('kick', { session: Type.String({ minLength: 1, maxLength: 64 }) }, 'admin: close a session'),
  accounts: request('accounts', {}, 'admin: all accounts'),
  account: request('account', { name: Name }, 'admin: make an account; answered with its first token'),
  tokens: request('tokens', { account: Type.Optional(Name) }, 'admin: the tokens of all accounts, or of one'),
  token: request(
    'token',
    { name: Name, scopes: Type.Optional(Type.Array(Type.String({ maxLength: 240 }))), account: Type.Optional(Name) },
    'admin: make a token, of this account unless it says; its secret is told this once',
  ),
  revoke: request(
    'revoke',
    { token: Type.String({ minLength: 1, maxLength: 64 }) },
    'admin: end a token and every socket it opened',
  ),
} as const;

export type RequestType = keyof typeof requests;
export type Requests = { [T in RequestType]: Static<(typeof requests)[T]> };
export type Request = Requests[RequestType];

/** An item as the wire shows it. */
export const ItemView = Type.Object({
  key: Type.String(),
  item: Type.Unknown(),
  time: Type.Optional(Micros),
  end: Type.Optional(Micros),
  seq: Seq,
  at: Type.Number({ description: 'milliseconds since 1970, by the hub' }),
  device_id: Type.String({ description: 'who wrote it' }),
});

const ChangeView = Type.Object({
  type: Type.Union([Type.Literal('create'), Type.Literal('update'), Type.Literal('delete')]),
  seq: Seq,
  key: Type.String(),
  item: Type.Optional(Type.Unknown()),
  time: Type.Optional(Micros),
  end: Type.Optional(Micros),
  device_id: Type.String(),
  at: Type.Number(),
});

const TokenView = Type.Object({
  id: Type.String(),
  account: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  created: Type.Number({ description: 'milliseconds since 1970' }),
  used: Type.Union([Type.Number(), Type.Null()], { description: 'to the hour; null when never' }),
});

const position = { channel: Type.String(), epoch: Type.String(), seq: Seq };
const success = { success: Type.Literal(true) };
const answer = <const T extends string, P extends Record<string, TSchema>>(type: T, fields: P, description: string) =>
  Type.Object({ ...success, type: Type.Literal(type), ...fields, ref: Type.Optional(Ref) }, { description });

export const answers = {
  error: Type.Object(
    {
      success: Type.Literal(false),
      error: Type.String(),
      code: Type.String(),
      hint: Type.Optional(Type.String()),
      ref: Type.Optional(Ref),
      seq: Type.Optional(Seq),
      epoch: Type.Optional(Type.String()),
    },
    { description: 'a refusal; the connection goes on unless a close follows' },
  ),
  ack: answer(
    'ack',
    { seq: Seq, epoch: Type.String(), key: Type.Optional(Type.String({ description: 'the one a create was given' })) },
    'the write named by `ref` is on disk',
  ),
  login: answer('login', { user_id: Type.String(), device_id: Type.String(), version: Type.Number() }, 'who you are'),
  'read-all': answer(
    'read-all',
    { tasks: Type.Array(Task), version: Type.Number() },
    'all tasks; also sent unasked after a merge',
  ),
  items: answer('read-all', { ...position, items: Type.Array(ItemView) }, 'the items of a channel'),
  task: Type.Object(
    {
      ...success,
      type: Type.Union([Type.Literal('create'), Type.Literal('update')]),
      task: Task,
      task_id: Type.Optional(Type.Integer({ description: 'the old id, where it changed' })),
      device_id: Type.String(),
      version: Type.Number(),
    },
    { description: 'another device of yours made or changed a task' },
  ),
  task_deleted: Type.Object(
    {
      ...success,
      type: Type.Literal('delete'),
      task_id: Type.Integer(),
      task_index: Type.Optional(Type.String()),
      device_id: Type.String(),
      version: Type.Number(),
    },
    { description: 'another device of yours deleted a task' },
  ),
  change: Type.Composite([Type.Object({ ...success, channel: Type.String() }), ChangeView], {
    description: 'a change of a channel you subscribed to',
  }),
  snapshot: answer(
    'snapshot',
    { ...position, items: Type.Array(ItemView), more: Type.Optional(Type.Boolean()) },
    'everything there is; `more` announces a further page of `changes`',
  ),
  changes: answer(
    'changes',
    { ...position, changes: Type.Array(ChangeView), more: Type.Optional(Type.Boolean()) },
    'everything that changed since the position, by state: the last change of each item',
  ),
  reset: answer(
    'reset',
    { ...position, reason: Type.String(), items: Type.Array(ItemView), more: Type.Optional(Type.Boolean()) },
    'the position is of no use here: forget what you have, this is everything',
  ),
  following: answer(
    'subscribe',
    { channel: Type.String(), channels: Type.Array(Type.Object({ channel: Type.String(), seq: Seq })) },
    'what a pattern matches now; changes are told from these positions on',
  ),
  unsubscribe: answer('unsubscribe', { channel: Type.String() }, 'done'),
  channels: answer(
    'channels',
    { channels: Type.Array(Type.Object({ channel: Type.String(), seq: Seq, items: Seq })) },
    'what you may see',
  ),
  history: answer(
    'history',
    {
      ...position,
      changes: Type.Optional(Type.Array(ChangeView)),
      items: Type.Optional(Type.Array(ItemView)),
      more: Type.Optional(Type.Boolean()),
    },
    'the past; `more` where the changes were too large for one answer: ask on, with `before`',
  ),
  pong: answer('pong', {}, 'all that came before has been answered'),
  help: answer('help', { type_one_of: Type.Array(Type.String()) }, 'examples to type'),
  stats: answer(
    'stats',
    {
      version: Type.String({ description: 'of Horai' }),
      sessions: Seq,
      behind: Type.Integer({ minimum: 0, description: 'sessions that are catching up' }),
      accounts: Seq,
      channels: Seq,
      items: Seq,
      steps: Seq,
    },
    'what this hub carries',
  ),
  who: answer(
    'who',
    {
      sessions: Type.Array(
        Type.Object({
          session: Type.String(),
          account: Type.String(),
          device_id: Type.String(),
          token: Type.String({ description: 'its id; empty for who came without one' }),
          scopes: Type.Array(Type.String()),
          peer: Type.String({ description: 'its address' }),
          since: Type.Number({ description: 'milliseconds since 1970' }),
          following: Type.Array(Type.String()),
          behind: Type.Boolean(),
        }),
      ),
    },
    'the open sessions',
  ),
  tail: answer('tail', { tailing: Type.String() }, 'from now on'),
  kick: answer('kick', { session: Type.String() }, 'done'),
  accounts: answer(
    'accounts',
    { accounts: Type.Array(Type.Object({ name: Type.String(), created: Type.Number() })) },
    'all accounts',
  ),
  account: answer(
    'account',
    { account: Type.String(), secret: Type.String(), token: TokenView },
    'made, with its first token',
  ),
  tokens: answer('tokens', { tokens: Type.Array(TokenView) }, 'without their secrets'),
  token: answer('token', { secret: Type.String(), token: TokenView }, 'made; the secret is told this once'),
  revoke: answer('revoke', { token: Type.String() }, 'done'),
  away: Type.Object(
    { ...success, type: Type.Literal('away'), retry_ms: Type.Number() },
    { description: 'the hub is going down; come back after about that long' },
  ),
} as const;

export type Answers = { [T in keyof typeof answers]: Static<(typeof answers)[T]> };

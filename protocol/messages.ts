// Every message of the wire, declared once: types are inferred from these schemas, checks compiled from them (codec.ts), and the
// reference generated from them. README.md says what each message means.

import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { listBounds } from './bounds.ts';
import { CalendarRequest, CalendarView } from './calendars.ts';
import { Name, forbiddenInNames as odd } from './names.ts';

const Text = Type.String({ maxLength: 1_048_576 });
/** Vim clients send null for a missing value. */
const optional = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));

export const Key = Type.String({ minLength: 1, maxLength: 256, pattern: `^[^${odd}]+$` });
export const ChannelName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: `^(?:[^/\\s${odd}][^${odd}]*[^*${odd}]|[^/*\\s${odd}])$`,
});
/** A channel; with a `*` at the end, all channels with that prefix. */
export const ChannelPattern = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: `^[^/\\s${odd}][^${odd}]*$`,
});
/** B1.4: tasks or items of one list. */
const listed = listBounds.elements;
const Seq = Type.Integer({ minimum: 0 });
/** A moment at which something ends. */
const Expires = Type.Number({ minimum: 0, description: 'milliseconds since 1970' });
const Micros = Type.Integer({ description: 'microseconds since 1970' });
const Flag = Type.Union([Type.Boolean(), Type.Number()]);
const Ref = Type.Union([Type.String({ maxLength: 128 }), Type.Number()]);

const LogLevel = Type.Union(
  (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) => Type.Literal(level)),
);

/** A task of either client generation. Unknown fields are kept and returned (R2.1). */
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
    intervals: Type.Optional(
      Type.Unsafe<string>({
        description: '`1795852800+4500 …`: when it was worked on, begin and length in seconds (T1)',
      }),
    ),
  },
  { additionalProperties: true },
);
export type Task = Static<typeof Task>;

/** Fields of every request: Kronos clients send the first three with every request. */
const common = {
  user_id: optional(Type.String({ maxLength: 256, description: 'the token; absent or empty at a first login' })),
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

/** S11 */
const paging = {
  pages: Type.Optional(Type.Boolean({ description: 'asks for the items in pages' })),
  cursor: Type.Optional(Type.String({ maxLength: 2_048, description: 'of the page before: asks for the next one' })),
};

export const requests = {
  login: request(
    'login',
    { name: Type.Optional(Name), token: Type.Optional(Type.String({ maxLength: 256 })) },
    'logs in; answered with user id, device id and version',
  ),
  'read-all': request(
    'read-all',
    {
      channel: Type.Optional(ChannelName),
      from: Type.Optional(Micros),
      to: Type.Optional(Micros),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
      ...paging,
    },
    'reads all tasks, or the items of a channel',
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
    'replaces all tasks by those of the device, merged; or all items of a channel',
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
    'makes a task or item',
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
    'changes a task or item; it is sent whole',
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
    'deletes a task or item',
  ),
  subscribe: request(
    'subscribe',
    { channel: ChannelPattern, seq: Type.Optional(Seq), epoch: Type.Optional(Type.String({ maxLength: 128 })) },
    'follows a channel, or all that match `prefix/*`, from a position',
  ),
  unsubscribe: request('unsubscribe', { channel: ChannelPattern }, 'ends a subscription'),
  presence: request(
    'presence',
    {
      channel: Type.Optional(ChannelName),
      follow: Type.Optional(Type.Boolean({ description: 'true: answered again at each change; false ends that' })),
    },
    'tells who follows a channel; without one, who follows which of the channels that the session may read',
  ),
  channels: request('channels', {}, 'lists the channels that the session may read'),
  history: request(
    'history',
    {
      channel: ChannelName,
      key: Type.Optional(Key),
      at: Type.Optional(Seq),
      before: Type.Optional(Seq),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
      ...paging,
    },
    'reads past changes, newest first; with `at`, the items as they were after that step',
  ),
  revert: request(
    'revert',
    { channel: ChannelName, to: Seq, ...writing },
    'writes the state after step `to` as a new version',
  ),
  ping: request('ping', {}, 'answered by pong, after the answers to everything before it'),
  help: request('help', {}, 'lists requests to type'),
  stats: request('stats', {}, 'admin: counts sessions, accounts, channels and items'),
  who: request('who', {}, 'admin: lists the open sessions'),
  tail: request('tail', { channel: Type.Optional(ChannelPattern) }, 'admin: follows every change of the hub'),
  kick: request('kick', { session: Type.String({ minLength: 1, maxLength: 64 }) }, 'admin: closes a session'),
  accounts: request('accounts', {}, 'admin: lists the accounts'),
  account: request('account', { name: Name }, 'admin: makes an account; answered with its first token'),
  tokens: request(
    'tokens',
    { account: Type.Optional(Name) },
    'lists the tokens of the account; an administrator’s, of all accounts or of one',
  ),
  token: request(
    'token',
    {
      name: Name,
      scopes: Type.Optional(Type.Array(Type.String({ maxLength: 240 }))),
      account: Type.Optional(Name),
      expires: Type.Optional(Expires),
    },
    'admin: makes a token, of the session’s own account unless `account` is given; its secret is shown once',
  ),
  revoke: request(
    'revoke',
    { token: Type.String({ minLength: 1, maxLength: 64 }) },
    'revokes a token of the account, or any as an administrator, and closes every connection that it opened',
  ),
  'change-token': request(
    'change-token',
    {
      token: Type.String({ minLength: 1, maxLength: 64 }),
      name: Type.Optional(Name),
      scopes: Type.Optional(Type.Array(Type.String({ maxLength: 240 }), { maxItems: 100 })),
      expires: Type.Optional(Type.Union([Expires, Type.Null()], { description: 'null: it does not expire' })),
    },
    'names and limits a token of the account, or any as an administrator',
  ),
  'change-account': request(
    'change-account',
    {
      name: Name,
      new_name: Type.Optional(Name),
      disabled: Type.Optional(Type.Boolean({ description: 'true: none of its tokens and links is accepted' })),
    },
    'admin: renames, disables or enables an account',
  ),
  'erase-account': request(
    'erase-account',
    { name: Name, confirm: Type.Literal('erase', { description: 'nothing brings the data back' }) },
    'an administrator’s: erases an account with all its data, their history, its tokens and what is derived from them',
  ),
  limits: request(
    'limits',
    {
      name: Type.Optional(Type.String({ maxLength: 64, description: 'the limit to set; without it, all are listed' })),
      size: Type.Optional(
        Type.Union([Type.Integer({ minimum: 0 }), Type.Literal('none'), Type.Null()], {
          description: 'the new size; `none` for no limit, null for the default',
        }),
      ),
      account: Type.Optional(Name),
    },
    'admin: lists the limits and what of them is used, and sets one, of all accounts or of one',
  ),
  link: request(
    'link',
    { account: Type.Optional(Name) },
    'admin: makes a one-time link that signs a browser in, to the session’s own account unless `account` is given',
  ),
  calendars: request('calendars', {}, 'lists the calendars whose events are meetings of the merged day'),
  calendar: request(
    'calendar',
    CalendarRequest.properties,
    'subscribes to a calendar; its events become meetings of the merged day',
  ),
  'remove-calendar': request(
    'remove-calendar',
    { calendar: Type.String({ minLength: 1, maxLength: 64, description: 'its id' }) },
    'removes a calendar and its meetings',
  ),
  compact: request('compact', {}, 'admin: writes the store’s file anew without free space; writes wait meanwhile'),
  backup: request('backup', {}, 'admin: writes a backup into the folder of scheduled backups now, and verifies it'),
  verify: request('verify', {}, 'admin: reads the whole store and checks every checksum'),
  log: request('log', { level: Type.Optional(LogLevel) }, 'admin: sets the level of the log, or only says it'),
} as const;

export type RequestType = keyof typeof requests;
export type Requests = { [T in RequestType]: Static<(typeof requests)[T]> };
export type WireRequest = Requests[RequestType];

/** An item as the wire shows it. */
export const ItemView = Type.Object({
  key: Type.String(),
  item: Type.Unknown(),
  time: Type.Optional(Micros),
  end: Type.Optional(Micros),
  seq: Seq,
  at: Type.Number({ description: 'milliseconds since 1970, by the hub' }),
  device_id: Type.String({ description: 'the device that wrote it' }),
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

const AccountView = Type.Object({
  name: Type.String(),
  created: Type.Number({ description: 'milliseconds since 1970' }),
  disabled: Type.Optional(Type.Literal(true)),
});

const TokenView = Type.Object({
  id: Type.String(),
  account: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  created: Type.Number({ description: 'milliseconds since 1970' }),
  used: Type.Union([Type.Number(), Type.Null()], { description: 'to the hour; null when never' }),
  expires: Type.Optional(Expires),
  kind: Type.Optional(Type.Literal('session', { description: 'a browser that is signed in' })),
  address: Type.Optional(Type.String({ description: 'from where it was last used' })),
  client: Type.Optional(Type.String({ description: 'the program that last used it, as it names itself' })),
});

const position = { channel: Type.String(), epoch: Type.String(), seq: Seq };
const nextPage = { more: Type.Optional(Type.Boolean()), cursor: Type.Optional(Type.String()) };
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
      limit: Type.Optional(Type.String({ description: 'the limit that was reached' })),
      size: Type.Optional(Type.Number({ description: 'of that limit' })),
      retry_ms: Type.Optional(Type.Number({ description: 'milliseconds after which it may be accepted' })),
      ref: Type.Optional(Ref),
      seq: Type.Optional(Seq),
      epoch: Type.Optional(Type.String()),
    },
    { description: 'a refusal; the connection stays open unless a close follows' },
  ),
  ack: answer(
    'ack',
    {
      seq: Seq,
      epoch: Type.String(),
      key: Type.Optional(Type.String({ description: 'the one a create was given' })),
      unreadable: Type.Optional(
        Type.Array(
          Type.Object({
            place: Type.Integer({ minimum: 1, description: 'in the list that was sent' }),
            error: Type.String(),
            task_id: Type.Optional(Type.Integer()),
            task_index: Type.Optional(Type.String()),
          }),
          { description: 'the tasks of a `write-all` that could not be read, and stay as they are' },
        ),
      ),
    },
    'the write named by `ref` is on disk',
  ),
  login: answer(
    'login',
    { user_id: Type.String(), device_id: Type.String(), version: Type.Number() },
    'the login is accepted',
  ),
  'read-all': answer(
    'read-all',
    { tasks: Type.Array(Task), version: Type.Number() },
    'all tasks; also sent without a request after a merge',
  ),
  items: answer(
    'read-all',
    { ...position, items: Type.Array(ItemView), ...nextPage },
    'the items of a channel; with `more`, the rest takes another request with `cursor`',
  ),
  task: Type.Object(
    {
      ...success,
      type: Type.Union([Type.Literal('create'), Type.Literal('update')]),
      task: Task,
      task_id: Type.Optional(Type.Integer({ description: 'the old id, where it changed' })),
      device_id: Type.String(),
      version: Type.Number(),
    },
    { description: 'another device of the account made or changed a task' },
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
    { description: 'another device of the account deleted a task' },
  ),
  change: Type.Composite([Type.Object({ ...success, channel: Type.String() }), ChangeView], {
    description: 'a change of a channel that the session follows',
  }),
  snapshot: answer(
    'snapshot',
    { ...position, items: Type.Array(ItemView), more: Type.Optional(Type.Boolean()) },
    'all items of a channel; `more` announces a further page of `changes`',
  ),
  changes: answer(
    'changes',
    { ...position, changes: Type.Array(ChangeView), more: Type.Optional(Type.Boolean()) },
    'what changed since the position: the last change of each item',
  ),
  reset: answer(
    'reset',
    { ...position, reason: Type.String(), items: Type.Array(ItemView), more: Type.Optional(Type.Boolean()) },
    'the position is unknown or forgotten: drop the state and take these items',
  ),
  following: answer(
    'subscribe',
    { channel: Type.String(), channels: Type.Array(Type.Object({ channel: Type.String(), seq: Seq })) },
    'the channels that a pattern matches now; changes after these positions follow',
  ),
  unsubscribe: answer('unsubscribe', { channel: Type.String() }, 'the subscription has ended'),
  presence: answer(
    'presence',
    {
      channel: Type.String(),
      connections: Seq,
      people: Type.Integer({ minimum: 0, description: 'accounts, each once, and connections without one' }),
      anonymous: Type.Integer({ minimum: 0, description: 'connections without an account' }),
      accounts: Type.Optional(Type.Array(Type.Object({ account: Type.String(), connections: Seq }))),
      here: Type.Optional(
        Type.Array(
          Type.Object({
            account: Type.String({ description: 'empty for a visitor' }),
            device_id: Type.String(),
            since: Type.Number({ description: 'milliseconds since 1970' }),
          }),
          { description: 'the connections, the longest present first, at most 200' },
        ),
      ),
    },
    'who follows a channel, on all nodes; sent again at each change where `follow` asked for it',
  ),
  presences: answer(
    'presence',
    {
      channels: Type.Array(
        Type.Object({
          channel: Type.String(),
          connections: Seq,
          people: Seq,
          anonymous: Seq,
          accounts: Type.Optional(Type.Array(Type.Object({ account: Type.String(), connections: Seq }))),
        }),
      ),
    },
    'the channels that somebody follows, those with the most people first, at most 1,000',
  ),
  channels: answer(
    'channels',
    { channels: Type.Array(Type.Object({ channel: Type.String(), seq: Seq, items: Seq })) },
    'the channels that the session may read',
  ),
  history: answer(
    'history',
    {
      ...position,
      changes: Type.Optional(Type.Array(ChangeView)),
      items: Type.Optional(Type.Array(ItemView)),
      ...nextPage,
    },
    'past changes or items; with `more`, the rest takes another request with `before`, or with `cursor` for items',
  ),
  pong: answer('pong', {}, 'everything before the ping is answered'),
  help: answer(
    'help',
    {
      type_one_of: Type.Array(Type.String()),
      verbs: Type.Optional(Type.Record(Type.String(), Type.String())),
      examples: Type.Optional(Type.Array(Type.Object({}))),
    },
    'the verbs that this session may use, what each does, and requests to type',
  ),
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
    'counts of the hub',
  ),
  who: answer(
    'who',
    {
      sessions: Type.Array(
        Type.Object({
          session: Type.String(),
          account: Type.String(),
          device_id: Type.String(),
          token: Type.String({ description: 'the id of its token; empty without a token' }),
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
  tail: answer('tail', { tailing: Type.String() }, 'every change follows from now on'),
  kick: answer('kick', { session: Type.String() }, 'the session is closed'),
  accounts: answer('accounts', { accounts: Type.Array(AccountView) }, 'all accounts'),
  account: answer(
    'account',
    { account: Type.String(), secret: Type.String(), token: TokenView },
    'the account is made, with its first token',
  ),
  tokens: answer('tokens', { tokens: Type.Array(TokenView) }, 'the tokens, without their secrets'),
  token: answer('token', { secret: Type.String(), token: TokenView }, 'the token is made; its secret is shown once'),
  limits: answer(
    'limits',
    {
      account: Type.Optional(Type.String({ description: 'the account whose sizes these are' })),
      limits: Type.Array(
        Type.Object({
          name: Type.String(),
          size: Type.Union([Type.Number(), Type.Literal('none')]),
          default: Type.Number(),
          unit: Type.String(),
          period_ms: Type.Optional(Type.Number({ description: 'for a rate: so many in this time' })),
          about: Type.String({ description: 'what is counted' }),
          used: Type.Optional(
            Type.Number({ description: 'so far; absent for rates, and for accounts without `account`' }),
          ),
        }),
      ),
    },
    'the limits, with their sizes',
  ),
  compact: answer(
    'compact',
    { before: Type.Number({ description: 'bytes' }), after: Type.Number({ description: 'bytes' }) },
    'the file is written anew',
  ),
  revoke: answer('revoke', { token: Type.String() }, 'the token is revoked'),
  'change-token': answer('change-token', { token: TokenView }, 'the token as it is now'),
  'change-account': answer('change-account', { account: AccountView }, 'the account as it is now'),
  'erase-account': answer(
    'erase-account',
    { account: Type.String(), channels: Seq },
    'the account and all its channels are erased',
  ),
  link: answer(
    'link',
    { code: Type.String(), account: Type.String(), expires: Type.Number({ description: 'milliseconds since 1970' }) },
    'the link is made: `/sign-in#<code>` of the hub; its code is shown once',
  ),
  calendars: answer('calendars', { calendars: Type.Array(CalendarView) }, 'the calendars, the oldest first'),
  calendar: answer('calendar', { calendar: CalendarView }, 'the calendar is subscribed to, and will be read'),
  'remove-calendar': answer(
    'remove-calendar',
    { calendar: Type.String() },
    'the calendar and its meetings are removed',
  ),
  backup: answer(
    'backup',
    {
      file: Type.String({ description: 'its path on the hub’s machine' }),
      bytes: Seq,
      channels: Seq,
      steps: Seq,
    },
    'the backup is written and verified',
  ),
  verify: answer(
    'verify',
    {
      intact: Type.Boolean(),
      channels: Seq,
      steps: Seq,
      found: Type.Array(Type.String(), { description: 'a sentence for each damaged place' }),
    },
    'every checksum of the store was checked',
  ),
  log: answer('log', { level: Type.String() }, 'the level of the log from now on'),
  away: Type.Object(
    { ...success, type: Type.Literal('away'), retry_ms: Type.Number() },
    { description: 'the hub is stopping; reconnect after about `retry_ms`' },
  ),
} as const;

export type Answers = { [T in keyof typeof answers]: Static<(typeof answers)[T]> };

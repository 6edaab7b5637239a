// The parts of the hub's answers that the commands read, with a check for each. The commands use the messages of the hub's own wire, so
// these are the only shapes that they know.

import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { type Check, compile } from '../../protocol/check.ts';

const Token = Type.Object({
  id: Type.String(),
  account: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  created: Type.Number(),
  used: Type.Union([Type.Number(), Type.Null()]),
  expires: Type.Optional(Type.Number()),
  address: Type.Optional(Type.String()),
  client: Type.Optional(Type.String()),
});

const schemas = {
  ping: Type.Object({ type: Type.Literal('pong') }),
  token: Type.Object({ type: Type.Literal('token'), secret: Type.String(), token: Token }),
  tokens: Type.Object({ type: Type.Literal('tokens'), tokens: Type.Array(Token) }),
  revoke: Type.Object({ type: Type.Literal('revoke') }),
  'change-token': Type.Object({ type: Type.Literal('change-token'), token: Token }),
  'change-account': Type.Object({ type: Type.Literal('change-account') }),
  'erase-account': Type.Object({ type: Type.Literal('erase-account'), channels: Type.Number() }),
  link: Type.Object({
    type: Type.Literal('link'),
    code: Type.String(),
    account: Type.String(),
    expires: Type.Number(),
  }),
  account: Type.Object({ type: Type.Literal('account'), account: Type.String(), secret: Type.String(), token: Token }),
  accounts: Type.Object({
    type: Type.Literal('accounts'),
    accounts: Type.Array(Type.Object({ name: Type.String(), created: Type.Number() })),
  }),
  compact: Type.Object({ type: Type.Literal('compact'), before: Type.Number(), after: Type.Number() }),
  verify: Type.Object({
    type: Type.Literal('verify'),
    channels: Type.Number(),
    steps: Type.Number(),
    found: Type.Array(Type.String()),
  }),
  limits: Type.Object({
    type: Type.Literal('limits'),
    limits: Type.Array(
      Type.Object({
        name: Type.String(),
        size: Type.Union([Type.Number(), Type.Literal('none')]),
        default: Type.Number(),
        unit: Type.String(),
        period_ms: Type.Optional(Type.Number()),
        about: Type.String(),
        used: Type.Optional(Type.Number()),
      }),
    ),
  }),
} as const satisfies Record<string, TSchema>;

const RefusedAnswer = Type.Object({
  success: Type.Literal(false),
  error: Type.String(),
  hint: Type.Optional(Type.String()),
});
const RefAnswer = Type.Object({ ref: Type.Number() });

export type CommandVerb = keyof typeof schemas;
export type AnswerTo<V extends CommandVerb> = Static<(typeof schemas)[V]>;
export type RefusedAnswer = Static<typeof RefusedAnswer>;

const checks: Record<CommandVerb, Check> = {
  ping: compile(schemas.ping),
  token: compile(schemas.token),
  tokens: compile(schemas.tokens),
  revoke: compile(schemas.revoke),
  'change-token': compile(schemas['change-token']),
  'change-account': compile(schemas['change-account']),
  'erase-account': compile(schemas['erase-account']),
  link: compile(schemas.link),
  account: compile(schemas.account),
  accounts: compile(schemas.accounts),
  limits: compile(schemas.limits),
  compact: compile(schemas.compact),
  verify: compile(schemas.verify),
};
const checkRefused = compile(RefusedAnswer);
const checkRef = compile(RefAnswer);

export function isAnswerTo<V extends CommandVerb>(verb: V, value: unknown): value is AnswerTo<V> {
  return checks[verb](value);
}

export function isRefused(value: unknown): value is RefusedAnswer {
  return checkRefused(value);
}

export function hasRef(value: unknown): value is Static<typeof RefAnswer> {
  return checkRef(value);
}

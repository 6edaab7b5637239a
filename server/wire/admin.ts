// The verbs of administration (rules A1 to A4): accounts, tokens, sessions, and `tail`. People may type them by hand.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests, WireRequest } from '../../protocol/messages.ts';
import { isAdmin, matchesPattern } from '../core/access.ts';
import type { Accounts } from '../core/accounts.ts';
import type { Hub } from '../core/hub.ts';
import type { Session } from '../core/session.ts';
import { notification } from './subscription-view.ts';

interface AdminContext {
  readonly hub: Hub;
  readonly accounts: Accounts;
  readonly version: string;
  readonly session: Session;
}

type AdminAnswer = { readonly ok: true; readonly fields: object } | Refusal;

type AdminRequest = Extract<
  WireRequest,
  Requests['help' | 'stats' | 'who' | 'tail' | 'kick' | 'accounts' | 'account' | 'tokens' | 'token' | 'revoke']
>;

/** @returns the fields of the answer, or a refusal for a session without the scope admin */
export async function administer(context: AdminContext, request: AdminRequest): Promise<AdminAnswer> {
  if (request.type === 'help') return { ok: true, fields: { type_one_of: examples } };
  if (!isAdmin(context.session.identity)) return refuse('forbidden', '', 'this needs a token with the scope admin');
  const { hub, accounts, session } = context;
  switch (request.type) {
    case 'stats':
      return { ok: true, fields: await readStats(context) };
    case 'who':
      return { ok: true, fields: { sessions: [...hub.sessions].map(describeSession) } };
    case 'tail': {
      const tailing = request.channel ?? '*';
      tail(hub, session, tailing);
      return { ok: true, fields: { tailing } };
    }
    case 'kick': {
      const other = [...hub.sessions].find(({ id }) => id === request.session);
      if (other === undefined) return refuse('not_found', 'session', 'list them: {"type":"who"}');
      other.end('kicked');
      return { ok: true, fields: { session: other.id } };
    }
    case 'accounts':
      return { ok: true, fields: { accounts: accounts.list() } };
    case 'account': {
      const made = await accounts.createAccount(request.name);
      return made.ok ? { ok: true, fields: { account: request.name, secret: made.secret, token: made.token } } : made;
    }
    case 'tokens':
      return { ok: true, fields: { tokens: accounts.tokens(request.account) } };
    case 'token': {
      const made = await accounts.createToken(
        request.account ?? session.identity.account,
        request.name,
        request.scopes ?? ['read', 'write'],
      );
      return made.ok ? { ok: true, fields: { secret: made.secret, token: made.token } } : made;
    }
    case 'revoke': {
      const revoked = await accounts.revoke(request.token);
      return revoked.ok ? { ok: true, fields: { token: request.token } } : revoked;
    }
  }
}

function describeSession(session: Session): object {
  const { account, device, token, scopes } = session.identity;
  const { id, since, following, isBehind: behind } = session;
  return { session: id, account, device_id: device, token, scopes, peer: session.peer.name, since, following, behind };
}

async function readStats({ hub, accounts, version }: AdminContext): Promise<object> {
  const channels = await hub.store.channels('');
  return {
    version,
    sessions: hub.sessions.size,
    behind: [...hub.sessions].filter(({ isBehind: behind }) => behind).length,
    accounts: accounts.list().length,
    channels: channels.length,
    items: channels.reduce((sum, { items }) => sum + items, 0),
    steps: channels.reduce((sum, { seq }) => sum + seq, 0),
  };
}

/** Functions that end the tail of a session. */
const tails = new WeakMap<Session, () => void>();

/** A4. A further `tail` replaces the one before. */
function tail(hub: Hub, session: Session, pattern: string): void {
  tails.get(session)?.();
  const channels = { prefix: pattern.replace(/\*$/, ''), whole: false };
  const stop = hub.watch((channel, changes) => {
    if (!matchesPattern(pattern, channel.name)) return;
    for (const change of changes) {
      const shown = channel.name.startsWith('@') && change.value !== null ? { ...change, value: '"…"' } : change;
      session.answer(notification(channel.name, shown));
    }
  }, channels);
  const forget = session.atEnd(stop);
  tails.set(session, () => {
    stop();
    forget();
  });
}

const examples = [
  '{"type":"login","user_id":"<token>"}',
  '{"type":"create","task":{"desc":"buy milk","tags":["home"]},"ref":1}',
  '{"type":"read-all"}',
  '{"type":"channels"}',
  '{"type":"subscribe","channel":"tasks"}',
  '{"type":"subscribe","channel":"aw/*"}',
  '{"type":"create","channel":"notes","item":"anything","ref":2}',
  '{"type":"read-all","channel":"notes"}',
  '{"type":"update","channel":"notes","key":"<key>","item":{"any":"json"},"base":1,"ref":3}',
  '{"type":"history","channel":"tasks","limit":10}',
  '{"type":"revert","channel":"tasks","to":3,"ref":4}',
  '{"type":"unsubscribe","channel":"tasks"}',
  '{"type":"stats"}',
  '{"type":"who"}',
  '{"type":"tail","channel":"*"}',
  '{"type":"kick","session":"<session>"}',
  '{"type":"accounts"}',
  '{"type":"account","name":"alice"}',
  '{"type":"tokens"}',
  '{"type":"token","name":"laptop","scopes":["read","write:tasks"]}',
  '{"type":"revoke","token":"<id>"}',
];

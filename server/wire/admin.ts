// The verbs of administration (rules A1 to A4): accounts, tokens, sessions, and `tail`. People may type them by hand.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests, RequestType, WireRequest } from '../../protocol/messages.ts';
import { type Identity, isAdmin, matchesPattern } from '../core/access.ts';
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
  if (request.type === 'help') return { ok: true, fields: describeVerbs(context.session.identity) };
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

interface VerbHelp {
  /** What the verb does. */
  readonly does: string;
  /** Whom it is for; without it, for every session. */
  readonly needs?: 'write' | 'admin';
  readonly examples: readonly object[];
}

const verbs: Readonly<Record<RequestType, VerbHelp>> = {
  login: { does: 'sign in with a token', examples: [{ type: 'login', user_id: '<token>' }] },
  'read-all': {
    does: 'read a channel; tasks without a name',
    examples: [{ type: 'read-all' }, { type: 'read-all', channel: 'notes' }],
  },
  'write-all': {
    does: 'replace all items of a channel',
    needs: 'write',
    examples: [{ type: 'write-all', channel: 'notes', items: [{ key: 'a', item: 1 }], ref: 1 }],
  },
  create: {
    does: 'add an item',
    needs: 'write',
    examples: [
      { type: 'create', task: { desc: 'buy milk', tags: ['home'] }, ref: 2 },
      { type: 'create', channel: 'notes', item: 'anything', ref: 3 },
    ],
  },
  update: {
    does: 'change an item',
    needs: 'write',
    examples: [{ type: 'update', channel: 'notes', key: '<key>', item: { any: 'json' }, base: 1, ref: 4 }],
  },
  delete: {
    does: 'remove an item',
    needs: 'write',
    examples: [{ type: 'delete', channel: 'notes', key: '<key>', ref: 5 }],
  },
  subscribe: {
    does: 'read a channel and follow its changes',
    examples: [
      { type: 'subscribe', channel: 'tasks' },
      { type: 'subscribe', channel: 'aw/*' },
    ],
  },
  unsubscribe: { does: 'stop following', examples: [{ type: 'unsubscribe', channel: 'tasks' }] },
  channels: { does: 'list the channels', examples: [{ type: 'channels' }] },
  history: { does: 'read past changes', examples: [{ type: 'history', channel: 'tasks', limit: 10 }] },
  revert: { does: 'undo changes', needs: 'write', examples: [{ type: 'revert', channel: 'tasks', to: 3, ref: 6 }] },
  ping: { does: 'get a pong after all earlier answers', examples: [{ type: 'ping' }] },
  help: { does: 'list what you can type', examples: [{ type: 'help' }] },
  stats: { does: 'count sessions, accounts and channels', needs: 'admin', examples: [{ type: 'stats' }] },
  who: { does: 'list the sessions', needs: 'admin', examples: [{ type: 'who' }] },
  tail: { does: 'follow the changes of all accounts', needs: 'admin', examples: [{ type: 'tail', channel: '*' }] },
  kick: { does: 'close a session', needs: 'admin', examples: [{ type: 'kick', session: '<session>' }] },
  accounts: { does: 'list the accounts', needs: 'admin', examples: [{ type: 'accounts' }] },
  account: { does: 'create an account', needs: 'admin', examples: [{ type: 'account', name: 'alice' }] },
  tokens: { does: 'list the tokens', needs: 'admin', examples: [{ type: 'tokens' }] },
  token: {
    does: 'create a token',
    needs: 'admin',
    examples: [{ type: 'token', name: 'laptop', scopes: ['read', 'write:tasks'] }],
  },
  revoke: { does: 'revoke a token', needs: 'admin', examples: [{ type: 'revoke', token: '<id>' }] },
};

/** Examples are objects, not texts: so they appear on the wire as a person types them. */
function describeVerbs(who: Identity): object {
  const canWrite = who.scopes.some((scope) => scope.startsWith('write'));
  const allowed = Object.entries(verbs).filter(([, { needs }]) => {
    if (needs === 'admin') return isAdmin(who);
    return needs === undefined || canWrite;
  });
  return {
    verbs: Object.fromEntries(allowed.map(([verb, { does }]) => [verb, does])),
    examples: allowed.flatMap(([, { examples }]) => examples),
    type_one_of: allowed.map(([verb]) => verb),
  };
}

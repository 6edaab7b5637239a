// The verbs of administration (rules A1 to A4, Q5): accounts, tokens, sessions, and `tail`. People may type them by hand.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests, RequestType, WireRequest } from '../../protocol/messages.ts';
import {
  allScopes,
  covers,
  type Identity,
  isAdmin,
  matchesPattern,
  mayReadAccount,
  type Verb,
} from '../core/access.ts';
import type { AccountLifecycle } from '../core/account-lifecycle.ts';
import { type Accounts, ownerName } from '../core/accounts.ts';
import { channelPages } from '../core/channel-pages.ts';
import type { Hub } from '../core/hub.ts';
import { mapEach } from '../core/list-pieces.ts';
import type { Session } from '../core/session.ts';
import type { Links } from '../http/links.ts';
import { administerAccount } from './account-verbs.ts';
import { administerCalendars, type WireCalendars } from './calendar-verbs.ts';
import { administerLimits, type LimitsDeps } from './limits-verb.ts';
import type { Operations } from './operations.ts';
import type { AnswerList } from './response-order.ts';
import { notification } from './subscription-view.ts';
import { administerTokens, managesTokens } from './token-verbs.ts';

interface AdminContext {
  readonly hub: Hub;
  readonly accounts: Accounts;
  readonly version: string;
  readonly session: Session;
  readonly limits: LimitsDeps | undefined;
  readonly lifecycle?: AccountLifecycle | undefined;
  /** Absent where there are no pages to sign in to. */
  readonly links?: Links | undefined;
  readonly compact: WireCompact | undefined;
  readonly operations: Operations | undefined;
  readonly calendars?: WireCalendars | undefined;
}

/** Compacts the store's file. @returns its bytes before and after */
export type WireCompact = () => Promise<{ readonly before: number; readonly after: number }>;

type AdminAnswer =
  | { readonly ok: true; readonly fields: object }
  | { readonly ok: true; readonly list: AnswerList }
  | Refusal;

type AdminRequest = Extract<
  WireRequest,
  Requests[
    | 'help'
    | 'stats'
    | 'who'
    | 'tail'
    | 'kick'
    | 'accounts'
    | 'account'
    | 'tokens'
    | 'token'
    | 'revoke'
    | 'change-token'
    | 'change-account'
    | 'erase-account'
    | 'limits'
    | 'link'
    | 'calendars'
    | 'calendar'
    | 'remove-calendar'
    | 'compact'
    | 'backup'
    | 'verify'
    | 'log']
>;

/** @returns the fields of the answer, or a refusal for a session without the scope admin */
export async function administer(context: AdminContext, request: AdminRequest): Promise<AdminAnswer> {
  if (request.type === 'help') return { ok: true, fields: describeVerbs(context.session.identity) };
  if (request.type === 'tokens' || request.type === 'revoke' || request.type === 'change-token')
    return administerTokens(context.accounts, context.session.identity, request);
  if (request.type === 'calendars' || request.type === 'calendar' || request.type === 'remove-calendar')
    return administerCalendars(context.calendars, context.session.identity, request);
  if (!isAdmin(context.session.identity)) return refuse('forbidden', '', 'this needs a token with the scope admin');
  const { hub, accounts, session } = context;
  switch (request.type) {
    case 'stats':
      return { ok: true, fields: await readStats(context) };
    case 'who':
      return { ok: true, list: { name: 'sessions', entries: mapEach([...hub.sessions], describeSession) } };
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
      return { ok: true, list: { name: 'accounts', entries: accounts.list() } };
    case 'account': {
      const made = await accounts.createAccount(request.name);
      return made.ok ? { ok: true, fields: { account: request.name, secret: made.secret, token: made.token } } : made;
    }
    case 'token': {
      const made = await accounts.createToken(
        request.account ?? session.identity.account,
        request.name,
        request.scopes ?? ['read', 'write'],
        undefined,
        request.expires === undefined ? {} : { expires: request.expires },
      );
      return made.ok ? { ok: true, fields: { secret: made.secret, token: made.token } } : made;
    }
    case 'compact':
      if (context.compact === undefined) return refuse('not_found', 'file', 'this store has no file of its own');
      return { ok: true, fields: await context.compact() };
    case 'change-account':
    case 'erase-account':
      return administerAccount(context, request);
    case 'limits':
      return context.limits === undefined
        ? refuse('not_found', 'limit')
        : administerLimits(context.limits, accounts, request);
    case 'link':
      return makeLink(context, request.account ?? session.identity.account);
    case 'backup':
      return backUp(context);
    case 'verify':
      return verifyStore(context);
    case 'log':
      if (request.level !== undefined) hub.world.log.level = request.level;
      return { ok: true, fields: { level: hub.world.log.level } };
  }
}

/** A5. The session that the link opens does what the account's first token does; the owner's administers. */
async function makeLink({ accounts, links }: AdminContext, account: string): Promise<AdminAnswer> {
  if (links === undefined) return refuse('not_found', 'page', 'this hub has no pages to sign in to');
  if (!accounts.isAccount(account)) return refuse('not_found', 'account', 'list them: {"type":"accounts"}');
  const scopes = account === ownerName ? allScopes : ['read', 'write'];
  const { code, expires } = await links.make({ kind: 'login', account, scopes });
  return { ok: true, fields: { code, account, expires } };
}

async function backUp({ operations }: AdminContext): Promise<AdminAnswer> {
  const made = await operations?.backup();
  if (made === undefined) return refuse('not_found', 'backup', 'this process makes no backups');
  if (!made.ok) return refuse('not_found', 'backup', made.error);
  const { file, bytes, channels, steps } = made;
  return { ok: true, fields: { file, bytes, channels, steps } };
}

async function verifyStore({ operations }: AdminContext): Promise<AdminAnswer> {
  if (operations?.verify === undefined) {
    return refuse('not_found', 'checksum', 'this store has none: PostgreSQL has its own (initdb --data-checksums)');
  }
  const { channels, steps, found } = await operations.verify();
  return { ok: true, fields: { intact: found.length === 0, channels, steps, found } };
}

function describeSession(session: Session): object {
  const { account, device, token, scopes } = session.identity;
  const { id, since, following, isBehind: behind } = session;
  return { session: id, account, device_id: device, token, scopes, peer: session.peer.name, since, following, behind };
}

async function readStats({ hub, accounts, version }: AdminContext): Promise<object> {
  const sum = { channels: 0, items: 0, steps: 0 };
  for await (const infos of channelPages(hub.store, '')) {
    for (const { items, seq } of infos) {
      sum.channels += 1;
      sum.items += items;
      sum.steps += seq;
    }
  }
  return {
    version,
    sessions: hub.sessions.size,
    behind: [...hub.sessions].filter(({ isBehind: behind }) => behind).length,
    accounts: accounts.list().length,
    ...sum,
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

interface HelpExample {
  readonly type: RequestType;
  readonly channel?: string;
  readonly [field: string]: unknown;
}

interface VerbHelp {
  /** The work of the verb. */
  readonly does: string;
  /** Whom it is for; without it, for every session. `account`: who reads the whole account; `tokens`: who manages its tokens. */
  readonly needs?: Verb | 'admin' | 'account' | 'tokens';
  readonly examples: readonly HelpExample[];
}

const verbs: Readonly<Record<RequestType, VerbHelp>> = {
  login: { does: 'sign in with a token', examples: [{ type: 'login', user_id: '<token>' }] },
  'read-all': {
    does: 'read a channel; tasks without a name',
    needs: 'read',
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
    needs: 'read',
    examples: [
      { type: 'subscribe', channel: 'tasks' },
      { type: 'subscribe', channel: 'aw/*' },
    ],
  },
  unsubscribe: { does: 'stop following', needs: 'read', examples: [{ type: 'unsubscribe', channel: 'tasks' }] },
  presence: {
    does: 'list who follows a channel',
    needs: 'read',
    examples: [{ type: 'presence', channel: 'tasks' }],
  },
  channels: { does: 'list the channels', needs: 'read', examples: [{ type: 'channels' }] },
  history: { does: 'read past changes', needs: 'read', examples: [{ type: 'history', channel: 'tasks', limit: 10 }] },
  revert: { does: 'undo changes', needs: 'write', examples: [{ type: 'revert', channel: 'notes', to: 0, ref: 6 }] },
  ping: { does: 'get a pong after all earlier answers', examples: [{ type: 'ping' }] },
  help: { does: 'list what you can type', examples: [{ type: 'help' }] },
  stats: { does: 'count sessions, accounts and channels', needs: 'admin', examples: [{ type: 'stats' }] },
  who: { does: 'list the sessions', needs: 'admin', examples: [{ type: 'who' }] },
  tail: { does: 'follow the changes of all accounts', needs: 'admin', examples: [{ type: 'tail', channel: '*' }] },
  kick: { does: 'close a session', needs: 'admin', examples: [{ type: 'kick', session: '<session>' }] },
  accounts: { does: 'list the accounts', needs: 'admin', examples: [{ type: 'accounts' }] },
  account: { does: 'create an account', needs: 'admin', examples: [{ type: 'account', name: 'alice' }] },
  tokens: { does: 'list the tokens', needs: 'account', examples: [{ type: 'tokens' }] },
  token: {
    does: 'create a token',
    needs: 'admin',
    examples: [{ type: 'token', name: 'laptop', scopes: ['read', 'write:tasks'] }],
  },
  revoke: { does: 'revoke a token', examples: [{ type: 'revoke', token: '<id>' }] },
  'change-token': {
    does: 'name a token, or take rights or time from it',
    needs: 'tokens',
    examples: [{ type: 'change-token', token: '<id>', name: 'old laptop', scopes: ['read'] }],
  },
  'change-account': {
    does: 'rename, disable or enable an account',
    needs: 'admin',
    examples: [
      { type: 'change-account', name: 'alice', disabled: true },
      { type: 'change-account', name: 'alice', new_name: 'alicia' },
    ],
  },
  'erase-account': {
    does: 'erase an account with all its data',
    needs: 'admin',
    examples: [{ type: 'erase-account', name: 'alice', confirm: 'erase' }],
  },
  calendars: { does: 'list the calendars', needs: 'account', examples: [{ type: 'calendars' }] },
  calendar: {
    does: 'subscribe to a calendar: its events are meetings of your day',
    needs: 'tokens',
    examples: [{ type: 'calendar', name: 'work', url: 'https://example.org/calendar.ics' }],
  },
  'remove-calendar': {
    does: 'remove a calendar and its meetings',
    needs: 'tokens',
    examples: [{ type: 'remove-calendar', calendar: '<id>' }],
  },
  compact: { does: 'give free space of the file back', needs: 'admin', examples: [{ type: 'compact' }] },
  limits: {
    does: 'list the limits, and set one',
    needs: 'admin',
    examples: [{ type: 'limits' }, { type: 'limits', name: 'account_bytes', size: 1_073_741_824, account: 'alice' }],
  },
  link: { does: 'make a one-time sign-in link', needs: 'admin', examples: [{ type: 'link', account: 'alice' }] },
  backup: { does: 'write and verify a backup now', needs: 'admin', examples: [{ type: 'backup' }] },
  verify: { does: 'check every checksum of the store', needs: 'admin', examples: [{ type: 'verify' }] },
  log: { does: 'set the level of the log', needs: 'admin', examples: [{ type: 'log', level: 'debug' }] },
};

/** Examples are objects, not texts: so they appear on the wire as a person types them. */
function describeVerbs(who: Identity): object {
  const may = (verb: Verb) => who.scopes.some((scope) => scope === verb || scope.startsWith(`${verb}:`));
  const allowed = Object.entries(verbs).filter(([, { needs }]) => {
    if (needs === 'admin') return isAdmin(who);
    if (needs === 'account') return isAdmin(who) || mayReadAccount(who);
    if (needs === 'tokens') return isAdmin(who) || managesTokens(who);
    return needs === undefined || may(needs);
  });
  /** A token may be for some channels only; without a channel, an example is about tasks. */
  const maySend = ({ needs }: VerbHelp, { type, channel = 'tasks' }: HelpExample) =>
    (needs !== 'read' && needs !== 'write') || type === 'channels' || covers(who, `${needs}:${channel}`);
  return {
    verbs: Object.fromEntries(allowed.map(([verb, { does }]) => [verb, does])),
    examples: allowed.flatMap(([, help]) => help.examples.filter((example) => maySend(help, example))),
    type_one_of: allowed.map(([verb]) => verb),
  };
}

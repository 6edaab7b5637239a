// Checks of help, tokens, accounts and limits: rules A and Q. They need an administrator, except for the refusals.

import { BrokenRule } from '../broken-rule.ts';
import { type CheckPlace, demand, listOf, textOf } from '../check-place.ts';
import { aList, aNumber, aText, hasOne } from '../match.ts';
import type { RuleCheck } from '../rule-check.ts';

const adminVerbs = [
  { type: 'stats' },
  { type: 'who' },
  { type: 'tail' },
  { type: 'kick', session: 'x' },
  { type: 'accounts' },
  { type: 'account', name: 'x' },
  { type: 'token', name: 'x' },
  { type: 'link' },
  { type: 'limits' },
  { type: 'compact' },
  { type: 'backup' },
  { type: 'verify' },
  { type: 'log' },
];

function ruleOf(verb: string): string {
  const rules: Record<string, string> = {
    token: 'A3.1',
    link: 'A5',
    limits: 'Q5.1',
    compact: 'Q6',
    backup: 'A7.1',
    verify: 'A7.2',
    log: 'A7.3',
  };
  return rules[verb] ?? 'A2';
}

export const administrationChecks: readonly RuleCheck[] = [
  {
    rule: 'A1',
    says: 'help lists the verbs that the session may use, what each does, and requests to type',
    run: async (place) => {
      const help = await (await place.login()).one({ type: 'help', ref: 1 });
      demand(
        { success: true, type: 'help', type_one_of: aList, verbs: { subscribe: aText }, examples: aList, ref: 1 },
        help,
        'the answer',
      );
      demand(hasOne('subscribe'), help['type_one_of'], 'the verbs');
      if (JSON.stringify(help['type_one_of']).includes('"kick"'))
        throw new BrokenRule('help lists "kick" to a session without the scope admin');
    },
  },
  {
    rule: 'A1',
    says: 'a refusal of an unknown verb has a hint that names the known ones',
    run: async (place) => {
      const refusal = await (await place.login()).one({ type: 'nonsense' });
      demand({ success: false, hint: aText }, refusal, 'the refusal');
    },
  },
  ...adminVerbs.map((request) => ({
    rule: ruleOf(request.type),
    says: `${request.type} is refused with "forbidden" to a session without the scope admin`,
    run: async (place: CheckPlace) =>
      (await place.login()).expect({ ...request, ref: 1 }, { success: false, error: 'forbidden', ref: 1 }),
  })),
  {
    rule: 'A2',
    says: 'stats counts sessions, accounts, channels and items',
    run: async (place) => {
      const wanted = {
        type: 'stats',
        version: aText,
        sessions: aNumber,
        accounts: aNumber,
        channels: aNumber,
        items: aNumber,
      };
      await (await place.admin()).expect({ type: 'stats' }, wanted);
    },
  },
  {
    rule: 'A2',
    says: 'who lists a session with its account, device and scopes; kick closes it with 4403',
    run: async (place) => {
      const admin = await place.admin();
      const talk = await place.login(place.account, 'kicked');
      const sessions = listOf(await admin.one({ type: 'who' }), 'sessions');
      const found = sessions.find(({ device_id }) => device_id === place.name('kicked'));
      demand({ account: place.account.name, scopes: aList, peer: aText }, found, 'the session in the list');
      await admin.expect({ type: 'kick', session: textOf(found, 'session') }, { success: true, type: 'kick' });
      await talk.receives({ success: false, code: 'kicked' });
      demand({ code: 4403 }, await talk.waitForEnd(), 'the close of the kicked session');
    },
  },
  {
    rule: 'A2',
    says: 'accounts lists an account that was made; the same name once more is refused',
    run: async (place) => {
      const admin = await place.admin();
      const { name } = place.account;
      demand({ accounts: hasOne({ name }) }, await admin.one({ type: 'accounts' }), 'the answer');
      await admin.expect({ type: 'account', name }, { success: false, error: 'account already exist' });
    },
  },
  ...['mob', 'Upper', 'a/b', '@hub'].map((name) => ({
    rule: 'A2',
    says: `an account is not named ${name}`,
    run: async (place: CheckPlace) =>
      (await place.admin()).expect({ type: 'account', name }, { success: false, error: 'invalid name' }),
  })),
  {
    rule: 'A3.1',
    says: 'a secret is shown once, when its token is made; no list has it',
    run: async (place) => {
      const admin = await place.admin();
      const made = await place.accounts.token(place.account, ['read', `write:${place.channel}`]);
      const listed = await admin.one({ type: 'tokens', account: place.account.name });
      demand({ tokens: hasOne({ id: made.id, scopes: ['read', `write:${place.channel}`] }) }, listed, 'the list');
      if (JSON.stringify(listed).includes(made.secret)) throw new BrokenRule('the list of tokens shows a secret');
    },
  },
  ...[[], ['all'], ['write:'], ['admin:tasks']].map((scopes) => ({
    rule: 'A3.1',
    says: `the scopes ${JSON.stringify(scopes)} are refused with "invalid scopes"`,
    run: async (place: CheckPlace) => {
      const request = { type: 'token', name: 'x', account: place.account.name, scopes };
      await (await place.admin()).expect(request, { success: false, error: 'invalid scopes' });
    },
  })),
  {
    rule: 'A3.2',
    says: 'tokens lists those of the session’s own account, and no others',
    run: async (place) => {
      const tokens = listOf(await (await place.login()).one({ type: 'tokens' }), 'tokens');
      const owners = new Set(tokens.map(({ account }) => account));
      if (owners.size > 1) throw new BrokenRule(`the list has tokens of ${[...owners].join(', ')}`);
    },
  },
  {
    rule: 'A3.3',
    says: 'change-token takes scopes from a token of the own account, and gives it none',
    run: async (place) => {
      const made = await place.accounts.token(place.account, ['read', `write:${place.channel}`]);
      const a = await place.login();
      const change = (scopes: readonly string[]) => ({ type: 'change-token', token: made.id, scopes });
      await a.expect(change(['read']), { success: true, type: 'change-token', token: { scopes: ['read'] } });
      await a.expect(change(['read', 'write']), { success: false, error: 'forbidden' });
    },
  },
  {
    rule: 'A3.5',
    says: 'a person revokes a token of the own account, and no token of another',
    run: async (place) => {
      const mine = await place.accounts.token(place.account, ['read']);
      const others = await place.accounts.token(await place.accounts.second(), ['read']);
      const a = await place.login();
      await a.expect({ type: 'revoke', token: mine.id }, { success: true, type: 'revoke', token: mine.id });
      await a.expect({ type: 'revoke', token: others.id }, { success: false, error: 'token not found' });
    },
  },
  {
    rule: 'A4.1',
    says: 'tail follows every change that matches, with full names',
    run: async (place) => {
      const admin = await place.admin();
      await admin.expect({ type: 'tail', channel: `${place.account.name}/*` }, { success: true, type: 'tail' });
      const a = await place.login();
      await a.expect({ type: 'create', channel: place.channel, item: 1, ref: 1 }, { type: 'ack' });
      await admin.receives({ type: 'create', channel: `${place.account.name}/${place.channel}`, item: 1 });
    },
  },
  {
    rule: 'A4.3',
    says: 'a further tail replaces the one before',
    run: async (place) => {
      const admin = await place.admin();
      await admin.ask({ type: 'tail', channel: `${place.account.name}/*` });
      await admin.ask({ type: 'tail', channel: `${place.account.name}-nobody/*` });
      const a = await place.login();
      await a.expect({ type: 'create', channel: place.channel, item: 1, ref: 1 }, { type: 'ack' });
      await admin.receivesNothing();
    },
  },
  {
    rule: 'A6.1',
    says: 'the tokens of a disabled account are not accepted, and its connections end; enabled again, its data is there',
    run: async (place) => {
      const admin = await place.admin();
      const a = await place.login();
      const { name } = place.account;
      await a.expect({ type: 'create', channel: place.channel, key: 'k', item: 1, ref: 1 }, { type: 'ack' });
      await admin.expect({ type: 'change-account', name, disabled: true }, { type: 'change-account' });
      await a.waitForEnd();
      await admin.expect({ type: 'change-account', name, disabled: false }, { type: 'change-account' });
      await (await place.login()).expect({ type: 'read-all', channel: place.channel }, { items: [{ key: 'k' }] });
    },
  },
  {
    rule: 'Q5.1',
    says: 'limits lists the limits with their sizes; with an account, what it uses of them',
    run: async (place) => {
      const admin = await place.admin();
      await admin.expect(
        { type: 'limits' },
        { type: 'limits', limits: hasOne({ name: 'account_items', size: aNumber, unit: 'items' }) },
      );
      const request = { type: 'limits', account: place.account.name };
      await admin.expect(request, { limits: hasOne({ name: 'account_items', used: aNumber }) });
    },
  },
  {
    rule: 'Q1.2',
    says: 'a write beyond a quota is refused with "quota exceeded", which names the limit, and nothing of it is stored',
    run: async (place) => {
      const admin = await place.admin();
      const a = await place.login();
      const create = (key: string) => ({ type: 'create', channel: place.channel, key, item: 1, ref: 1 });
      await a.expect(create('k'), { type: 'ack' });
      const account = place.account.name;
      await admin.expect({ type: 'limits', name: 'channel_items', size: 1, account }, { success: true });
      await a.expect(create('l'), {
        success: false,
        error: 'quota exceeded',
        limit: 'channel_items',
        size: 1,
        retry_ms: aNumber,
      });
      await a.expect({ type: 'read-all', channel: place.channel }, { items: [{ key: 'k' }] });
    },
  },
  {
    rule: 'Q2.1',
    says: 'a write that only removes items is never refused for a quota',
    run: async (place) => {
      const admin = await place.admin();
      const a = await place.login();
      await a.expect({ type: 'create', channel: place.channel, key: 'k', item: 1, ref: 1 }, { type: 'ack' });
      await admin.ask({ type: 'limits', name: 'channel_items', size: 0, account: place.account.name });
      await a.expect({ type: 'delete', channel: place.channel, key: 'k', ref: 1 }, { type: 'ack' });
    },
  },
];

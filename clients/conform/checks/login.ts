// Checks of logins and tokens: rules L.

import { BrokenRule, NotRun } from '../broken-rule.ts';
import { type CheckPlace, demand, listOf, numberOf, plainTask, textOf } from '../check-place.ts';
import { aText } from '../match.ts';
import type { RuleCheck } from '../rule-check.ts';

/** A token that no server has. */
const unknown = '00000000-0000-4000-8000-000000000000';
const notFound = { success: false, error: 'user not found' };

/** A personal server takes requests without a login for those of its owner. */
function isPersonal({ accounts, target }: CheckPlace): boolean {
  return accounts.isAdmin && target.token === undefined;
}

function mustBeShared(place: CheckPlace): void {
  if (isPersonal(place)) throw new NotRun('this server is personal: it takes such requests for those of its owner');
}

/** A wrong token is counted against this address for a minute (L2.2). */
async function refusesToken(place: CheckPlace, secret: string): Promise<void> {
  const answer = await (await place.connect()).one({ type: 'login', user_id: secret, device_id: '' });
  if (answer['error'] === 'too many requests')
    throw new NotRun('this address has sent too many wrong tokens: run it again in a minute');
  demand(notFound, answer, 'a login with an unknown token');
}

export const loginChecks: readonly RuleCheck[] = [
  {
    rule: 'L1.1',
    says: 'a login is answered with user_id, device_id and version, and with its ref',
    run: async (place) => {
      const { secret } = place.account;
      const talk = await place.connect();
      const answer = await talk.one({ type: 'login', user_id: secret, device_id: place.name('d'), version: 0, ref: 7 });
      demand(
        { success: true, type: 'login', user_id: secret, device_id: place.name('d'), ref: 7 },
        answer,
        'the answer',
      );
      numberOf(answer, 'version');
    },
  },
  {
    rule: 'L1.2',
    says: 'user_id in the answer is the token as it was sent',
    run: async (place) => {
      const { answer } = await place.loginAnswer(place.account.secret, '');
      demand({ user_id: place.account.secret }, answer, 'the answer to a login');
    },
  },
  ...[undefined, null, ''].map((device_id) => ({
    rule: 'L1.3',
    says: `a login whose device_id is ${device_id === undefined ? 'absent' : JSON.stringify(device_id)} is given one of its own`,
    run: async (place: CheckPlace) => {
      const ids = new Set<string>();
      for (let turn = 0; turn < 2; turn += 1) {
        const talk = await place.connect();
        const answer = await talk.one({ type: 'login', user_id: place.account.secret, device_id, version: 0 });
        demand({ device_id: aText }, answer, 'the answer to a login');
        ids.add(textOf(answer, 'device_id'));
      }
      if (ids.size < 2) throw new BrokenRule('two logins without a device id were given the same one');
    },
  })),
  {
    rule: 'L2.1',
    says: 'an unknown token is refused with "user not found"',
    run: (place) => refusesToken(place, unknown),
  },
  {
    rule: 'L2.1',
    says: 'an unknown token makes no account',
    run: async (place) => {
      const admin = await place.admin();
      await refusesToken(place, unknown.replace('4', '5'));
      const names = listOf(await admin.one({ type: 'accounts' }), 'accounts').map(({ name }) => String(name));
      if (names.some((name) => name.includes('00000000'))) throw new BrokenRule('there is an account of that name');
    },
  },
  {
    rule: 'L3.3',
    says: 'a login with an empty user_id is refused with "user not found", where sign-up is closed',
    run: async (place) => {
      mustBeShared(place);
      const answer = await (await place.connect()).one({ type: 'login', user_id: '' });
      if (answer['success'] === true) throw new NotRun('this server has open sign-up, or is personal');
      demand(notFound, answer, 'a login without a token');
    },
  },
  {
    rule: 'L4',
    says: 'a device_id of another account is refused with "device not found"',
    run: async (place) => {
      await place.login(place.account, 'owned');
      const other = await place.accounts.second();
      const talk = await place.connect();
      const request = { type: 'login', user_id: other.secret, device_id: place.name('owned') };
      await talk.expect(request, { success: false, error: 'device not found' });
    },
  },
  {
    rule: 'L4',
    says: 'a device_id that nobody has is accepted',
    run: async (place) => {
      const { answer } = await place.loginAnswer(place.account.secret, 'unused');
      demand({ device_id: place.name('unused') }, answer, 'the answer to a login');
    },
  },
  {
    rule: 'L5',
    says: 'version is -1 for an account that never had a task',
    needsNewAccount: true,
    run: async (place) => {
      demand({ version: -1 }, (await place.loginAnswer(place.account.secret, '')).answer, 'the answer to a login');
    },
  },
  {
    rule: 'L5',
    says: 'version is that of the tasks, also when the last one has been deleted',
    run: async (place) => {
      const a = await place.login();
      await a.ask({ type: 'create', task: plainTask(1, 'x') }, { type: 'delete', task_id: 1 });
      const version = numberOf(await a.one({ type: 'read-all' }), 'version');
      demand({ version }, (await place.loginAnswer(place.account.secret, '')).answer, 'the answer to a later login');
    },
  },
  {
    rule: 'L6.1',
    says: 'a request before a login belongs to the owner of a personal server',
    run: async (place) => {
      if (!isPersonal(place)) throw new NotRun('this server is not personal');
      await (await place.connect()).expect({ type: 'channels' }, { success: true, type: 'channels' });
    },
  },
  ...[{ type: 'read-all' }, { type: 'subscribe', channel: 'tasks' }, { type: 'channels' }].map((request) => ({
    rule: 'L6.2',
    says: `${request.type} before a login is refused with "user not found"`,
    run: async (place: CheckPlace) => {
      mustBeShared(place);
      await (await place.connect()).expect(request, notFound);
    },
  })),
  {
    rule: 'L6.2',
    says: 'a request that carries the user_id itself needs no login',
    run: async (place) => {
      const talk = await place.connect();
      await talk.expect({ type: 'read-all', user_id: place.account.secret }, { type: 'read-all', tasks: [] });
    },
  },
  {
    rule: 'L6.2',
    says: 'a token in the Authorization header of the handshake needs no login',
    run: async (place) => {
      const talk = await place.connect({ authorization: `Bearer ${place.account.secret}` });
      await talk.expect({ type: 'read-all' }, { type: 'read-all', tasks: [] });
    },
  },
  ...[true, false].map((hasLogin) => ({
    rule: 'L7.1',
    says: `a request with another user_id than ${hasLogin ? 'the login' : 'the first request that had one'} is refused`,
    run: async (place: CheckPlace) => {
      const other = await place.accounts.second();
      const { secret } = place.account;
      const talk = hasLogin ? await place.login() : await place.connect();
      if (!hasLogin) await talk.ask({ type: 'read-all', user_id: secret });
      const requests = [
        { type: 'read-all', user_id: other.secret },
        { type: 'create', task: plainTask(1, 'x'), user_id: other.secret },
      ];
      await talk.expect(requests, notFound, notFound);
      await talk.expect({ type: 'read-all', user_id: secret }, { type: 'read-all', tasks: [] });
    },
  })),
  {
    rule: 'L7.2',
    says: 'a login as another account ends the subscriptions of the first',
    run: async (place) => {
      const other = await place.accounts.second();
      const talk = await place.login();
      await talk.ask({ type: 'subscribe', channel: place.channel });
      await talk.ask({ type: 'login', user_id: other.secret, device_id: '' });
      const writer = await place.login();
      await writer.expect({ type: 'create', channel: place.channel, item: 1, ref: 1 }, { type: 'ack' });
      await talk.receivesNothing();
    },
  },
  ...[true, false].map((hasLogin) => ({
    rule: 'L8.1',
    says: `revoking a token closes a connection that it opened ${hasLogin ? 'by a login' : 'by a request'} with 4401`,
    run: async (place: CheckPlace) => {
      const made = await place.accounts.token(place.account, ['read', 'write']);
      const talk = hasLogin ? await place.login(made) : await place.connect();
      if (!hasLogin) await talk.ask({ type: 'read-all', user_id: made.secret });
      const admin = await place.admin();
      await admin.expect({ type: 'revoke', token: made.id }, { success: true, type: 'revoke' });
      await talk.receives({ success: false, error: 'token revoked', code: 'revoked' });
      demand({ code: 4401 }, await talk.waitForEnd(), 'the close of a connection whose token was revoked');
    },
  })),
  {
    rule: 'L8.1',
    says: 'connections of other tokens of the account stay',
    run: async (place) => {
      const made = await place.accounts.token(place.account, ['read', 'write']);
      const stays = await place.login();
      await (await place.admin()).ask({ type: 'revoke', token: made.id });
      await stays.expect({ type: 'read-all' }, { type: 'read-all' });
    },
  },
  {
    rule: 'L8.1',
    says: 'a revoked token logs nobody in',
    run: async (place) => {
      const made = await place.accounts.token(place.account, ['read', 'write']);
      await (await place.admin()).ask({ type: 'revoke', token: made.id });
      await refusesToken(place, made.secret);
    },
  },
];

/** Runs after all others: wrong tokens are refused for a minute afterwards. */
export const lastChecks: readonly RuleCheck[] = [
  {
    rule: 'L2.2',
    says: 'after 10 wrong tokens within a minute further ones are refused with "too many requests", and a right one is not',
    run: async (place) => {
      const talk = await place.connect();
      const errors: unknown[] = [];
      for (let turn = 0; turn < 12; turn += 1) {
        errors.push((await talk.one({ type: 'login', user_id: unknown, device_id: '' }))['error']);
      }
      demand('too many requests', errors.at(-1), 'the twelfth wrong token within a minute');
      await place.login();
    },
  },
];

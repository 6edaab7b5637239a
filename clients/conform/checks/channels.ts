// Checks of channels, of following and resuming them, and of presence: rules S, U and P.

import { BrokenRule } from '../broken-rule.ts';
import { type CheckPlace, demand, listOf, numberOf, plainTask, textOf } from '../check-place.ts';
import type { CheckMessage, CheckTalk } from '../check-talk.ts';
import { aNumber, aText, atLeast, hasOne, nothing } from '../match.ts';
import type { RuleCheck } from '../rule-check.ts';

const acknowledged = { success: true, type: 'ack', ref: 1 };

/** The requests of one channel. */
function notes({ channel }: CheckPlace) {
  return {
    create: (key: string, item: unknown, more: object = {}) => ({ type: 'create', channel, key, item, ...more }),
    update: (key: string, item: unknown, more: object = {}) => ({ type: 'update', channel, key, item, ...more }),
    remove: (key: string, more: object = {}) => ({ type: 'delete', channel, key, ...more }),
    writeAll: (items: readonly object[], more: object = {}) => ({ type: 'write-all', channel, items, ...more }),
    read: (more: object = {}) => ({ type: 'read-all', channel, ...more }),
    follow: (more: object = {}) => ({ type: 'subscribe', channel, ...more }),
    history: (more: object = {}) => ({ type: 'history', channel, ...more }),
  };
}

/** Requires that the channel holds these items and no others. */
const holds = (place: CheckPlace, talk: CheckTalk, items: readonly unknown[]) =>
  talk.expect(notes(place).read(), { success: true, type: 'read-all', channel: place.channel, items });

/** Writes requests, each acknowledged. */
async function write(talk: CheckTalk, ...requests: readonly object[]): Promise<void> {
  for (const request of requests) await talk.expect({ ...request, ref: 1 }, acknowledged);
}

const spans = [
  ['late', 300, 400],
  ['early', 100, 200],
  ['moment', 250, undefined],
  ['timeless', undefined, undefined],
] as const;

const spanReads = [
  {
    more: { from: 0, to: 1_000 },
    keys: ['early', 'moment', 'late'],
    says: 'items that overlap a span come oldest first',
  },
  { more: { from: 150, to: 251 }, keys: ['early', 'moment'], says: 'items outside of a span are left out' },
  {
    more: { from: 200 },
    keys: ['moment', 'late'],
    says: 'an item that ends where the span begins does not overlap it',
  },
  { more: { to: 250 }, keys: ['early'], says: 'an item that begins where the span ends does not overlap it' },
  { more: { from: 0, limit: 1 }, keys: ['early'], says: 'at most "limit" items are answered' },
];

export const channelChecks: readonly RuleCheck[] = [
  {
    rule: 'S1.1',
    says: 'an item of any JSON, with its span, comes back from read-all of its channel, with its step and its device',
    run: async (place) => {
      const [a, b] = await place.pair();
      const made = { key: 'k', item: { any: ['json', null, 0.5] }, time: 1_000, end: 2_000 };
      await write(a, notes(place).create('k', made.item, { time: 1_000, end: 2_000 }));
      await holds(place, b, [{ ...made, seq: 1, device_id: place.name('a'), at: aNumber }]);
    },
  },
  {
    rule: 'S1.1',
    says: 'update, delete and write-all of items do what they do to tasks',
    run: async (place) => {
      const { create, update, remove, writeAll } = notes(place);
      const a = await place.login();
      await write(a, create('k', 1), update('k', 2));
      await holds(place, a, [{ key: 'k', item: 2 }]);
      await write(a, remove('k'));
      await holds(place, a, []);
      await write(a, writeAll([{ key: 'z', item: 3 }]));
      await holds(place, a, [{ key: 'z', item: 3 }]);
    },
  },
  ...[null, 4, 'text', [], { desc: 4 }, { id: 'one' }, { id: 1.5 }].map((item) => ({
    rule: 'S1.2',
    says: `the channel "tasks" refuses ${JSON.stringify(item)}, which is no task`,
    run: async (place: CheckPlace) => {
      const a = await place.login();
      await a.expect({ type: 'create', channel: 'tasks', item }, { success: false });
      await a.expect({ type: 'read-all' }, { tasks: [] });
    },
  })),
  {
    rule: 'S1.2',
    says: 'an item of the channel "tasks" is a task for Kronos clients',
    run: async (place) => {
      const [a, b] = await place.pair();
      await write(a, { type: 'create', channel: 'tasks', item: plainTask(1, 'x') });
      await b.receives({ type: 'create', task: { id: 1, desc: 'x' } });
      await b.expect({ type: 'read-all' }, { tasks: [{ id: 1, desc: 'x' }] });
    },
  },
  {
    rule: 'S1.3',
    says: 'a session may name its own channel with and without the account',
    run: async (place) => {
      const a = await place.login();
      await write(a, notes(place).create('k', 1));
      const { name } = place.account;
      if (name === undefined) return holds(place, a, [{ key: 'k' }]);
      const channel = `${name}/${place.channel}`;
      return a.expect({ type: 'read-all', channel }, { channel, items: [{ key: 'k' }] });
    },
  },
  {
    rule: 'S1.4',
    says: 'an administrator may put the name of another account before the channel',
    run: async (place) => {
      const admin = await place.admin();
      await write(await place.login(), notes(place).create('k', 1));
      const channel = `${place.account.name}/${place.channel}`;
      await admin.expect({ type: 'read-all', channel }, { channel, items: [{ key: 'k' }] });
    },
  },
  {
    rule: 'S2.1',
    says: 'a create without a key is given one, which the ack has',
    run: async (place) => {
      const a = await place.login();
      const { key } = await a.one({ type: 'create', channel: place.channel, item: 1, ref: 1 });
      demand(aText, key, 'the key in the ack');
      await holds(place, a, [{ key, item: 1 }]);
    },
  },
  {
    rule: 'S2.2',
    says: 'a create of an existing key is refused with "item already exist"',
    run: async (place) => {
      const { create } = notes(place);
      const a = await place.login();
      await write(a, create('k', 1));
      await a.expect(create('k', 2), { success: false, error: 'item already exist' });
      await holds(place, a, [{ key: 'k', item: 1 }]);
    },
  },
  ...(['update', 'remove'] as const).map((verb) => ({
    rule: 'S2.3',
    says: `${verb === 'remove' ? 'delete' : verb} of a key that does not exist is refused with "item not found"`,
    run: async (place: CheckPlace) => {
      const a = await place.login();
      await write(a, notes(place).create('k', 1));
      await a.expect(notes(place)[verb]('none', {}), { success: false, error: 'item not found' });
    },
  })),
  {
    rule: 'S2.4',
    says: 'write-all makes the channel hold just its items',
    run: async (place) => {
      const { create, writeAll } = notes(place);
      const a = await place.login();
      const items = [
        { key: 'k', item: 1 },
        { key: 'l', item: null, time: 5 },
      ];
      await write(a, create('gone', 1), create('k', 0), writeAll(items));
      await holds(place, a, items);
    },
  },
  ...spanReads.map(({ more, keys, says }) => ({
    rule: 'S3',
    says,
    run: async (place: CheckPlace) => {
      const a = await place.login();
      await write(a, ...spans.map(([key, time, end]) => notes(place).create(key, 1, { time, end })));
      await a.expect(notes(place).read(more), { items: keys.map((key) => ({ key })) });
    },
  })),
  {
    rule: 'S3',
    says: 'a limit beyond 10,000 is refused',
    run: async (place) =>
      (await place.login()).expect(notes(place).read({ limit: 10_001 }), { success: false, error: 'invalid limit' }),
  },
  {
    rule: 'S7.1',
    says: 'channels lists the channels of the account, with their step and the number of their items',
    run: async (place) => {
      const a = await place.login();
      await write(a, notes(place).create('k', 1), notes(place).create('l', 1));
      await a.expect(
        { type: 'channels' },
        { type: 'channels', channels: hasOne({ channel: place.channel, seq: 2, items: 2 }) },
      );
    },
  },
  {
    rule: 'S7.1',
    says: 'a token that may read one channel is listed no other',
    run: async (place) => {
      await write(await place.login(), notes(place).create('k', 1), { type: 'create', task: plainTask(1, 'x') });
      const reader = await place.login(await place.accounts.token(place.account, [`read:${place.channel}`]));
      await reader.expect({ type: 'channels' }, { channels: [{ channel: place.channel }] });
    },
  },
  ...['tasks', 'nothing', '@hub/tokens', 'no*'].map((channel) => ({
    rule: 'S7.2',
    says: `such a token is refused ${channel} with "forbidden", whether it exists or not`,
    run: async (place: CheckPlace) => {
      const reader = await place.login(await place.accounts.token(place.account, [`read:${place.channel}`]));
      await reader.expect({ type: 'subscribe', channel, ref: 1 }, { success: false, error: 'forbidden', ref: 1 });
    },
  })),
  {
    rule: 'S7.2',
    says: 'a channel of another account is refused or empty',
    run: async (place) => {
      await write(await place.login(), notes(place).create('k', 'secret'));
      const stranger = await place.login(await place.accounts.second());
      const channel = place.account.name === undefined ? place.channel : `${place.account.name}/${place.channel}`;
      const received = await stranger.ask({ type: 'read-all', channel }, { type: 'history', channel });
      if (JSON.stringify(received).includes('secret')) throw new BrokenRule('another account reads the items');
    },
  },
  {
    rule: 'S8.1',
    says: 'history has the past changes, newest first',
    run: async (place) => {
      const { create, update, remove, history } = notes(place);
      const a = await place.login();
      await write(a, create('k', 1), create('l', 1), update('k', 2), remove('l'));
      await a.expect(history(), { type: 'history', changes: [4, 3, 2, 1].map((seq) => ({ seq })) });
    },
  },
  {
    rule: 'S8.1',
    says: 'history has those of one key, or before a step, if asked',
    run: async (place) => {
      const { create, update, history } = notes(place);
      const a = await place.login();
      await write(a, create('k', 1), create('l', 1), update('k', 2));
      await a.expect(history({ key: 'k' }), {
        changes: [
          { type: 'update', item: 2 },
          { type: 'create', item: 1 },
        ],
      });
      await a.expect(history({ before: 3, limit: 1 }), { changes: [{ seq: 2 }] });
    },
  },
  {
    rule: 'S8.2',
    says: 'history with "at" has the items as they were after that step',
    run: async (place) => {
      const { create, update, history } = notes(place);
      const a = await place.login();
      await write(a, create('k', 1), create('l', 1), update('k', 2));
      await a.expect(history({ at: 2 }), {
        seq: 2,
        items: [
          { key: 'k', item: 1 },
          { key: 'l', item: 1 },
        ],
      });
      await a.expect(history({ at: 0 }), { seq: 0, items: [] });
      await a.expect(history({ at: 9 }), { success: false, error: 'invalid at' });
    },
  },
  {
    rule: 'S9.1',
    says: 'revert writes the state after a step as a new version, one step for each item that differs',
    run: async (place) => {
      const { create, update, remove } = notes(place);
      const a = await place.login();
      await write(a, create('k', 1), create('l', 1), update('k', 2), remove('l'), create('m', 1));
      await a.expect({ type: 'revert', channel: place.channel, to: 2, ref: 1 }, { ...acknowledged, seq: 8 });
      await holds(place, a, [
        { key: 'k', item: 1 },
        { key: 'l', item: 1 },
      ]);
      await a.expect({ type: 'revert', channel: place.channel, to: 99 }, { success: false, error: 'invalid to' });
    },
  },
  {
    rule: 'S11.1',
    says: 'read-all of a large channel is one message with everything',
    run: async (place) => {
      const { read, items } = await withLarge(place);
      demand(
        items.map(({ key }) => ({ key })),
        listOf(await read(), 'items'),
        'the items',
      );
    },
  },
  {
    rule: 'S11.2',
    says: 'with pages:true it comes in pages, each with the cursor of the next',
    run: async (place) => {
      const { read, items } = await withLarge(place);
      const pages = await readPages((cursor) => read({ pages: true, ...cursor }));
      if (pages.length < 2) throw new BrokenRule('1.2 MB were answered in one page');
      demand(
        items.map(({ key }) => ({ key })),
        pages.flatMap((page) => listOf(page, 'items')),
        'the items of all pages',
      );
    },
  },
  {
    rule: 'S11.2',
    says: 'a cursor that is none is refused',
    run: async (place) =>
      (await place.login()).expect(notes(place).read({ cursor: 'none' }), { success: false, error: 'invalid cursor' }),
  },
];

/** A channel of 40 items of 30 kB. */
async function withLarge(place: CheckPlace) {
  const a = await place.login();
  const items = Array.from({ length: 40 }, (_, at) => ({
    key: `k${String(at).padStart(2, '0')}`,
    item: 'x'.repeat(30_000),
  }));
  for (const { key, item } of items) await write(a, notes(place).create(key, item));
  return { items, read: (more: object = {}) => a.one(notes(place).read(more)) };
}

async function readPages(read: (cursor: object) => Promise<CheckMessage>): Promise<readonly CheckMessage[]> {
  const pages = [await read({})];
  for (let turn = 0; pages.at(-1)?.['more'] === true && turn < 100; turn += 1) {
    pages.push(await read({ cursor: textOf(pages.at(-1), 'cursor') }));
  }
  return pages;
}

/** A follower `b` and a writer `a`. */
async function withFollower(place: CheckPlace) {
  const [a, b] = await place.pair();
  const [first] = await b.ask(notes(place).follow());
  return { a, b, first };
}

export const followChecks: readonly RuleCheck[] = [
  {
    rule: 'S4.1',
    says: 'a subscription without a position is sent one snapshot with everything there is',
    run: async (place) => {
      const [a, b] = await place.pair();
      await write(a, notes(place).create('k', 1), notes(place).create('l', 2));
      const items = [
        { key: 'k', item: 1 },
        { key: 'l', item: 2 },
      ];
      const wanted = {
        success: true,
        type: 'snapshot',
        channel: place.channel,
        seq: 2,
        epoch: aText,
        items,
        more: nothing,
      };
      await b.expect(notes(place).follow(), wanted);
    },
  },
  {
    rule: 'S4.1',
    says: 'an empty channel is a snapshot without items',
    run: async (place) => {
      const { first } = await withFollower(place);
      demand({ type: 'snapshot', seq: 0, items: [] }, first, 'the answer to the subscription');
    },
  },
  {
    rule: 'S4.2',
    says: 'a subscription with a position is sent what changed since',
    run: async (place) => {
      const { create, update, follow } = notes(place);
      const [a, b] = await place.pair();
      await write(a, create('k', 1), create('l', 1));
      const { epoch } = await a.one(notes(place).read());
      await write(a, update('k', 2));
      const changes = [{ type: 'update', key: 'k', item: 2, seq: 3 }];
      await b.expect(follow({ seq: 2, epoch }), { success: true, type: 'changes', seq: 3, epoch, changes });
      await b.expect(follow({ seq: 3, epoch }), { type: 'changes', seq: 3, changes: [] });
    },
  },
  {
    rule: 'S4.3',
    says: 'a subscription with a position of another epoch is sent a reset with a reason and everything there is',
    run: async (place) => {
      const [a, b] = await place.pair();
      await write(a, notes(place).create('k', 1));
      const wanted = { type: 'reset', reason: aText, seq: 1, items: [{ key: 'k', item: 1 }] };
      await b.expect(notes(place).follow({ seq: 1, epoch: 'another' }), wanted);
    },
  },
  {
    rule: 'S4.4',
    says: 'then every change follows, in order and without a gap, with its device and its time',
    run: async (place) => {
      const { create, update, remove } = notes(place);
      const { a, b } = await withFollower(place);
      await write(a, create('k', 1, { time: 7 }), update('k', 2), remove('k'));
      const head = { success: true, channel: place.channel, device_id: place.name('a'), at: aNumber, key: 'k' };
      await b.receives(
        { ...head, type: 'create', seq: 1, item: 1, time: 7 },
        { ...head, type: 'update', seq: 2, item: 2 },
        { ...head, type: 'delete', seq: 3, item: nothing },
      );
    },
  },
  {
    rule: 'S4.4',
    says: '200 changes that are written at once follow without a gap',
    run: async (place) => {
      const { a, b } = await withFollower(place);
      const requests = Array.from({ length: 200 }, (_, at) => notes(place).create(`k${at}`, at));
      await a.expect(requests);
      await b.receives(...requests.map((_, at) => ({ type: 'create', seq: at + 1, item: at })));
    },
  },
  {
    rule: 'S4.4',
    says: 'each item of a write-all is a change',
    run: async (place) => {
      const { a, b } = await withFollower(place);
      await write(
        a,
        notes(place).create('old', 1),
        notes(place).writeAll([
          { key: 'k', item: 1 },
          { key: 'l', item: 2 },
        ]),
      );
      await b.receives({ key: 'old', seq: 1 });
      const received = (await b.receives({ seq: 2 }, { seq: 3 }, { seq: 4 })).map(({ type, key }) => `${type} ${key}`);
      demand(['create k', 'create l', 'delete old'], received.sort(), 'the changes');
    },
  },
  {
    rule: 'S4.5',
    says: 'more:true announces a further page of changes; no item is missing from the pages together',
    run: async (place) => {
      const [a, b] = await place.pair();
      const items = Array.from({ length: 2_001 }, (_, at) => ({ key: `k${at}`, item: at }));
      await write(a, notes(place).writeAll(items));
      b.say(notes(place).follow());
      const keys = new Set<unknown>();
      for (let more: unknown = true; more === true; ) {
        const page = await b.next();
        for (const { key } of listOf(page, page?.['type'] === 'snapshot' ? 'items' : 'changes')) keys.add(key);
        more = page?.['more'];
      }
      if (keys.size !== items.length) throw new BrokenRule(`the pages have ${keys.size} of ${items.length} items`);
    },
  },
  {
    rule: 'S5.1',
    says: 'a pattern is answered with the channels that match and their steps, and their changes follow',
    run: async (place) => {
      const [a, b] = await place.pair();
      const one = `${place.channel}/one`;
      await write(a, { type: 'create', channel: one, item: 1 });
      const pattern = `${place.channel}/*`;
      const wanted = {
        success: true,
        type: 'subscribe',
        channel: pattern,
        channels: [{ channel: one, seq: 1 }],
        ref: 1,
      };
      await b.expect({ type: 'subscribe', channel: pattern, ref: 1 }, wanted);
      await write(a, { type: 'create', channel: one, item: 2 });
      await b.receives({ type: 'create', channel: one, seq: 2, item: 2 });
    },
  },
  {
    rule: 'S5.2',
    says: 'channels that are created later are followed, too, if they match',
    run: async (place) => {
      const [a, b] = await place.pair();
      await b.ask({ type: 'subscribe', channel: `${place.channel}/*` });
      await write(a, { type: 'create', channel: `${place.channel}-no`, item: 0 });
      await write(a, { type: 'create', channel: `${place.channel}/new`, item: 1 });
      await b.receives({ type: 'create', channel: `${place.channel}/new`, seq: 1, item: 1 });
    },
  },
  {
    rule: 'S5.3',
    says: 'a channel that the connection follows already is not started again by a pattern',
    run: async (place) => {
      const [a, b] = await place.pair();
      await write(a, notes(place).create('k', 1));
      await b.ask(notes(place).follow(), { type: 'subscribe', channel: `${place.channel}*` });
      await write(a, notes(place).update('k', 2));
      await b.receives({ seq: 2, item: 2 });
      await b.receivesNothing();
    },
  },
  {
    rule: 'S5.4',
    says: 'a connection follows 100 patterns; the next one is refused with "too many requests"',
    run: async (place) => {
      const a = await place.login();
      const follow = (at: number) => ({ type: 'subscribe', channel: `${place.channel}-${at}/*` });
      const answers = await a.ask(...Array.from({ length: 100 }, (_, at) => follow(at)));
      demand(
        answers.map(() => ({ success: true })),
        answers,
        'the first 100 patterns',
      );
      await a.expect(follow(100), { success: false, error: 'too many requests' });
    },
  },
  ...['read-all', 'history', 'create', 'revert', 'write-all'].map((type) => ({
    rule: 'S5.6',
    says: `${type} takes no pattern`,
    run: async (place: CheckPlace) => {
      const request = { type, channel: `${place.channel}/*`, item: 1, items: [], to: 0 };
      await (await place.login()).expect(request, { success: false, error: 'invalid channel' });
    },
  })),
  ...['', '*'].map((end) => ({
    rule: 'S6',
    says: `nothing follows the answer to unsubscribe of ${end === '' ? 'a channel' : 'a pattern'}`,
    run: async (place: CheckPlace) => {
      const [a, b] = await place.pair();
      const channel = `${place.channel}${end}`;
      await b.ask({ type: 'subscribe', channel });
      await write(a, notes(place).create('k', 1));
      await b.receives({ seq: 1 });
      await b.expect({ type: 'unsubscribe', channel, ref: 1 }, { success: true, type: 'unsubscribe', channel, ref: 1 });
      await write(a, notes(place).update('k', 2));
      await b.receivesNothing();
      await b.expect({ type: 'unsubscribe', channel }, { success: false, error: 'subscription not found' });
    },
  })),
  {
    rule: 'S10',
    says: 'a subscriber of tasks is sent changes as of any channel and in no other form, its own ones too',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask({ type: 'subscribe', channel: 'tasks' });
      await b.ask({ type: 'create', task: plainTask(2, 'other') });
      await a.receives({ type: 'create', channel: 'tasks', item: { desc: 'other' }, task: nothing });
      const received = await a.ask({ type: 'create', task: plainTask(1, 'mine'), ref: 1 });
      demand(
        hasOne({ type: 'create', channel: 'tasks', item: { desc: 'mine' } }),
        received,
        'what the writer was sent',
      );
    },
  },
];

export const resumeChecks: readonly RuleCheck[] = [
  {
    rule: 'U1',
    says: 'each op that changes something is one step of seq',
    run: async (place) => {
      const { create, update, writeAll } = notes(place);
      const a = await place.login();
      const items = ['k', 'l', 'm'].map((key) => ({ key, item: 2 }));
      const seqs = [];
      for (const request of [create('k', 1), update('k', 2), writeAll(items)])
        seqs.push(numberOf(await a.one({ ...request, ref: 1 }), 'seq'));
      demand([1, 2, 4], seqs, 'the steps in the acks');
    },
  },
  {
    rule: 'U1',
    says: 'an op that changes nothing is no step',
    run: async (place) => {
      const a = await place.login();
      await write(a, notes(place).create('k', 1));
      await a.expect({ ...notes(place).update('k', 1), ref: 1 }, { ...acknowledged, seq: 1 });
    },
  },
  {
    rule: 'U2',
    says: 'catching up has each item that changed once, as it is now, and removed ones as deletes',
    run: async (place) => {
      const { create, update, remove, follow } = notes(place);
      const [a, b] = await place.pair();
      await write(a, create('k', 0), create('l', 0));
      await write(a, ...[1, 2, 3].map((item) => update('k', item)), remove('l'), create('n', 0));
      const changes = [
        { type: 'update', key: 'k', item: 3, seq: 5 },
        { type: 'delete', key: 'l' },
        { type: 'create', key: 'n', item: 0, seq: 7 },
      ];
      await b.expect(follow({ seq: 2 }), { type: 'changes', seq: 7, changes });
    },
  },
  ...[{ seq: 0 }, { seq: 0, epoch: 'another' }].map((position) => ({
    rule: 'U3',
    says: `seq 0 is the beginning, ${'epoch' in position ? 'in every epoch' : 'without an epoch'}`,
    run: async (place: CheckPlace) => {
      const [a, b] = await place.pair();
      await write(a, notes(place).create('k', 1));
      await b.expect(notes(place).follow(position), {
        type: 'changes',
        seq: 1,
        changes: [{ type: 'create', key: 'k' }],
      });
    },
  })),
  {
    rule: 'U4',
    says: 'a follower of a fast writer comes to the newest state, whatever it is sent on the way',
    run: async (place) => {
      const { a, b } = await withFollower(place);
      const large = 'x'.repeat(100_000);
      await write(a, ...Array.from({ length: 5 }, (_, at) => notes(place).create(`k${at}`, 0)));
      for (let at = 0; at < 60; at += 1) a.say(notes(place).update(`k${at % 5}`, `${at} ${large}`));
      await a.ask();
      const state = new Map<unknown, unknown>();
      for (let seq = 0; seq < 65; ) {
        const message = await b.next();
        const changes = message?.['type'] === 'changes' ? listOf(message, 'changes') : [message ?? {}];
        for (const { key, item } of changes) state.set(key, String(item).split(' ')[0]);
        seq = numberOf(message, 'seq');
      }
      demand(['55', '56', '57', '58', '59'], [...state.values()].sort(), 'the newest values');
    },
  },
];

export const presenceChecks: readonly RuleCheck[] = [
  {
    rule: 'P1.1',
    says: 'presence counts the connections that follow a channel, and each account once',
    run: async (place) => {
      const { a, b } = await withFollower(place);
      await a.ask(notes(place).follow());
      const wanted = {
        success: true,
        type: 'presence',
        channel: place.channel,
        connections: 2,
        people: 1,
        anonymous: 0,
        ref: 1,
      };
      await b.expect({ type: 'presence', channel: place.channel, ref: 1 }, wanted);
    },
  },
  {
    rule: 'P1.1',
    says: 'a connection that has unsubscribed is not counted',
    run: async (place) => {
      const { b } = await withFollower(place);
      await b.ask({ type: 'unsubscribe', channel: place.channel });
      await b.expect({ type: 'presence', channel: place.channel }, { connections: 0, people: 0 });
    },
  },
  {
    rule: 'P1.2',
    says: 'a session with an account is told the accounts, and the connections with their devices',
    run: async (place) => {
      const { a } = await withFollower(place);
      const here = [{ account: aText, device_id: place.name('b'), since: aNumber }];
      const wanted = { accounts: [{ account: aText, connections: 1 }], here };
      await a.expect({ type: 'presence', channel: place.channel }, wanted);
    },
  },
  {
    rule: 'P1.3',
    says: 'without a channel, presence lists the channels that somebody follows',
    run: async (place) => {
      const { a } = await withFollower(place);
      await a.expect({ type: 'presence' }, { channels: hasOne({ channel: place.channel, connections: 1, people: 1 }) });
    },
  },
  {
    rule: 'P2.1',
    says: 'with follow:true the answer is sent again when it changes',
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.expect({ type: 'presence', channel: place.channel, follow: true }, { connections: 0 });
      await b.ask(notes(place).follow());
      await a.receives({ type: 'presence', channel: place.channel, connections: 1 });
    },
  },
  {
    rule: 'P2.2',
    says: 'follow:false ends that',
    waits: 0.5,
    run: async (place) => {
      const [a, b] = await place.pair();
      await a.ask({ type: 'presence', channel: place.channel, follow: true });
      await a.ask({ type: 'presence', channel: place.channel, follow: false });
      await b.ask(notes(place).follow());
      await place.pass(500);
      await a.receivesNothing();
    },
  },
  {
    rule: 'P2.3',
    says: 'a connection follows the presence of 100 channels; the next one is refused with "too many requests"',
    run: async (place) => {
      const a = await place.login();
      const follow = (at: number) => ({ type: 'presence', channel: `${place.channel}-${at}`, follow: true });
      const answers = await a.ask(...Array.from({ length: 100 }, (_, at) => follow(at)));
      demand(
        answers.map(() => ({ success: true, connections: atLeast(0) })),
        answers,
        'the first 100',
      );
      await a.expect(follow(100), { success: false, error: 'too many requests' });
    },
  },
];

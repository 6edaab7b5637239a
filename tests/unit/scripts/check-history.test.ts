// The checker of `npm run prove -- nodes`: it accepts what a hub without failures could have done, and rejects each kind of anomaly.

import { describe, expect, test } from '@jest/globals';
import { checkHistory } from '../../../scripts/prove/nodes/check-history.ts';
import type {
  FinalState,
  FollowerMessage,
  HistoryItem,
  HistoryStep,
  NodeHistory,
  Operation,
  RecordedFollower,
  RecordedRead,
  RecordedWrite,
} from '../../../scripts/prove/nodes/history.ts';

const epoch = 'e1';

/** Drops `readonly`, so that a test can plant an anomaly. */
type Mutable<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : T extends object
      ? { -readonly [K in keyof T]: Mutable<T[K]> }
      : T;
type Planted = Mutable<NodeHistory>;

/** One channel that keeps all, and one that keeps last values: each with 12 writes, a read after each third, and three followers. */
function goodHistory(): Planted {
  const operations: Operation[] = [];
  const channels = (['all', 'last'] as const).map((keep) => {
    const name = keep === 'all' ? 'log' : 'aw/x';
    const steps: HistoryStep[] = [];
    const items = new Map<string, HistoryItem>();
    for (let seq = 1; seq <= 12; seq += 1) {
      const key = `k${seq % 4}`;
      const kind = seq === 9 ? 'delete' : items.has(key) ? 'update' : 'create';
      const value = kind === 'delete' ? null : `${name} ${seq}`;
      steps.push({ seq, kind, key, value });
      if (value === null) items.delete(key);
      else items.set(key, { key, value, seq });
      const by = { client: `c${seq % 3}`, token: seq % 2 === 0 ? 'even' : 'odd', channel: name };
      const result = { name: 'accepted', seq, epoch } as const;
      operations.push({ ...by, type: 'write', kind, key, value, sent: seq * 10, answered: seq * 10 + 5, result });
      if (seq % 3 !== 0) continue;
      const read = { type: 'read', seq, epoch, items: [...items.values()] } as const;
      operations.push({ ...by, ...read, sent: seq * 10 + 6, answered: seq * 10 + 8 });
    }
    const kept = keep === 'all' ? steps : steps.filter(({ seq, key }) => items.get(key)?.seq === seq);
    const finals = ['A', 'B', 'C'].map(
      (node): FinalState => ({ node, epoch, seq: 12, steps: kept, items: [...items.values()] }),
    );
    return { name, keep, finals, steps };
  });
  const followers = channels.flatMap(({ name, steps }) =>
    (['steadily', 'with pauses', 'through the SDK'] as const).map((reads): RecordedFollower => {
      const live = steps.map((step): FollowerMessage => ({ at: step.seq * 10 + 9, type: 'change', step }));
      const begin: FollowerMessage[] = [
        { at: 1, type: 'start' },
        { at: 2, type: 'snapshot', epoch, seq: 0, more: false, items: [] },
      ];
      const client = `follower of ${name} ${reads}`;
      return { client, token: 'even', channel: name, reads, isConnectedAtEnd: true, messages: [...begin, ...live] };
    }),
  );
  // As text, so that nothing is shared and an anomaly is planted in one place only.
  const history: Omit<Planted, 'revocations'> = JSON.parse(
    JSON.stringify({
      channels: channels.map(({ name, keep, finals }) => ({ name, keep, finals })),
      operations,
      followers,
      rightsLimitMs: 100,
      losses: [],
    }),
  );
  return { ...history, revocations: new Map() };
}

const writeOf = ({ operations }: Planted, value: string) =>
  found(operations.find((one): one is Mutable<RecordedWrite> => one.type === 'write' && one.value === value));
const readAt = ({ operations }: Planted, seq: number) =>
  found(operations.find((one): one is Mutable<RecordedRead> => one.type === 'read' && one.seq === seq));
const followerOf = ({ followers }: Planted, name: string) =>
  found(followers.find(({ client }) => client === `follower of ${name}`));
const finalsOf = ({ channels }: Planted, name = 'log') => found(channels.find((one) => one.name === name)).finals;

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the history has no such thing');
  return value;
}

/** Replaces the messages from step `from` to `to` of a follower by one answer of catching up. */
function catchUp(history: Planted, who: string, from: number, to: number, steps: readonly number[]): void {
  const follower = followerOf(history, who);
  const isWithin = (one: FollowerMessage) => one.type === 'change' && one.step.seq >= from && one.step.seq <= to;
  const at = follower.messages.findIndex(isWithin);
  const changes = follower.messages.flatMap((one) => (one.type === 'change' && isWithin(one) ? [one.step] : []));
  const answer = { at: to * 10 + 9, type: 'changes', epoch, seq: to, more: false } as const;
  const some = changes.filter(({ seq }) => steps.includes(seq));
  follower.messages = follower.messages.filter((one) => !isWithin(one));
  follower.messages.splice(at, 0, { at: from * 10, type: 'start' }, { ...answer, changes: some });
}

describe('the checker accepts', () => {
  test('what a hub without failures does', () => {
    expect(checkHistory(goodHistory())).toEqual([]);
  });

  test('a write without an answer, whether it was made or not', () => {
    const history = goodHistory();
    const write = writeOf(history, 'log 8');
    Object.assign(write, { result: { name: 'unknown' }, answered: Number.POSITIVE_INFINITY });
    history.operations.push({ ...structuredClone(write), value: 'never made' });
    expect(checkHistory(history)).toEqual([]);
  });

  test('[U2] a follower that was away, and is sent each item that changed once', () => {
    const history = goodHistory();
    catchUp(history, 'log steadily', 4, 10, [7, 8, 9, 10]);
    expect(checkHistory(history)).toEqual([]);
  });

  test('[U4] a slow reader that is sent changes twice', () => {
    const history = goodHistory();
    const { messages } = followerOf(history, 'log with pauses');
    messages.splice(6, 0, ...structuredClone(messages.slice(4, 6)));
    expect(checkHistory(history)).toEqual([]);
  });

  test('writes at the same time in either order', () => {
    const history = goodHistory();
    for (const value of ['log 2', 'log 3']) Object.assign(writeOf(history, value), { sent: 15, answered: 40 });
    expect(checkHistory(history).filter((fault) => !fault.includes('read'))).toEqual([]);
  });

  test('the loss of what a standby lacked that took over, if followers begin anew', () => {
    const history = goodHistory();
    const lost = structuredClone(writeOf(history, 'log 12'));
    Object.assign(lost, {
      value: 'lost',
      sent: 140,
      answered: 145,
      result: { name: 'accepted', seq: 13, epoch: 'e0' },
    });
    history.operations.push(lost);
    history.losses = [{ from: 139, until: 150 }];
    expect(checkHistory(history)).toEqual([]);
    history.losses = [];
    expect(checkHistory(history).join()).toMatch(/lost was acknowledged as 13, and there is nothing|lost by c0/);
  });

  test('a refusal from before such a loss, whose reason is among what is left', () => {
    const history = goodHistory();
    for (const operation of history.operations) {
      if (operation.type !== 'write' || operation.result.name !== 'accepted' || operation.sent > 80) continue;
      operation.result.epoch = 'e0';
    }
    const refused = structuredClone(writeOf(history, 'log 6'));
    const result = { name: 'refused', code: 'item_exists' } as const;
    Object.assign(refused, { value: 'refused', kind: 'create', key: 'k2', sent: 70, answered: 75, result });
    history.operations.push(refused);
    history.losses = [{ from: 200, until: 210 }];
    expect(checkHistory(history)).toEqual([]);
    Object.assign(refused, { key: 'k9' });
    expect(checkHistory(history).join()).toMatch(/refused by c0 was refused as item_exists, which was not so/);
  });

  test('a refusal because of a delete whose answer does not name its step', () => {
    const history = goodHistory();
    const write = found(history.operations.find((one) => one.type === 'write' && one.kind === 'delete'));
    Object.assign(write, { result: { name: 'unknown' }, answered: Number.POSITIVE_INFINITY });
    const refused = structuredClone(writeOf(history, 'log 8'));
    const result = { name: 'refused', code: 'stale' } as const;
    Object.assign(refused, { value: 'refused', base: 8, sent: 86, answered: 92, result });
    history.operations.push(refused);
    expect(checkHistory(history)).toEqual([]);
    Object.assign(refused, { answered: 88 });
    expect(checkHistory(history).join()).toMatch(
      /refused by c2 was refused as stale, which was not so from step 8 to 8/,
    );
  });

  test('a refusal of a write that depends on a step of the epoch before', () => {
    const history = goodHistory();
    const refused = structuredClone(writeOf(history, 'log 8'));
    const result = { name: 'refused', code: 'stale' } as const;
    Object.assign(refused, { value: 'refused', base: 7, baseEpoch: 'e0', sent: 76, answered: 78, result });
    history.operations.push(refused);
    expect(checkHistory(history)).toEqual([]);
  });
});

describe('the checker rejects', () => {
  const anomalies: readonly (readonly [string, (history: Planted) => void, RegExp])[] = [
    [
      'an acknowledged write that is lost',
      (history) => {
        const write = structuredClone(writeOf(history, 'log 12'));
        Object.assign(write, { value: 'gone', sent: 140, answered: 145, result: { name: 'accepted', seq: 13, epoch } });
        history.operations.push(write);
      },
      /gone by c0 was acknowledged as 13, and there is nothing/,
    ],
    [
      'a write that is made twice',
      (history) => {
        for (const final of finalsOf(history)) found(final.steps[9]).value = 'log 6';
      },
      /log 6 is written twice, at 6 and 10/,
    ],
    [
      'a gap between positions',
      (history) => {
        for (const final of finalsOf(history)) final.steps.splice(6, 1);
      },
      /step 8 comes after step 6/,
    ],
    [
      'nodes that differ about a step',
      (history) => void Object.assign(found(finalsOf(history)[1]?.steps[3]), { value: 'another' }),
      /A and B differ: step 4 is log 4, and another/,
    ],
    [
      'a value that nobody wrote',
      (history) => {
        history.operations = history.operations.filter((one) => one.type !== 'write' || one.value !== 'log 8');
      },
      /step 8 holds log 8, which nobody wrote/,
    ],
    [
      'a refused write that was made all the same',
      (history) => void Object.assign(writeOf(history, 'log 8'), { result: { name: 'refused', code: 'stale' } }),
      /log 8 was refused as stale, and is there at 8/,
    ],
    [
      'a refusal for a reason that never was',
      (history) => {
        const write = structuredClone(writeOf(history, 'log 8'));
        Object.assign(write, { value: 'refused', base: 7, sent: 76, answered: 78 });
        history.operations.push({ ...write, result: { name: 'refused', code: 'stale' } });
      },
      /refused by c2 was refused as stale, which was not so from step 7 to 7/,
    ],
    [
      'a write that was accepted though its base was not the newest step',
      (history) => void Object.assign(writeOf(history, 'log 8'), { base: 5 }),
      /log 8 by c2 depends on step 5, and was accepted as 8/,
    ],
    [
      'a write that was accepted though its base is of the epoch before',
      (history) => void Object.assign(writeOf(history, 'log 8'), { base: 7, baseEpoch: 'e0' }),
      /log 8 by c2 depends on a step of epoch e0, and was accepted under e1/,
    ],
    [
      'a deleted item that an update brings back',
      (history) => {
        for (const { steps } of finalsOf(history)) Object.assign(found(steps[4]), { kind: 'delete', value: null });
        Object.assign(writeOf(history, 'log 5'), { kind: 'delete', value: null });
        const isStep = (one: Operation) => one.type === 'write' && one.channel === 'log' && one.kind === 'delete';
        for (const { steps } of finalsOf(history)) Object.assign(found(steps[8]), { kind: 'update', value: 'back' });
        Object.assign(found(history.operations.filter(isStep)[1]), { kind: 'update', value: 'back' });
      },
      /back by c0 became a update of an item that was not there/,
    ],
    [
      'a read that is older than an acknowledged write',
      (history) => {
        const read = structuredClone(readAt(history, 6));
        history.operations.push({ ...read, sent: 76, answered: 78 });
      },
      /read of c0 got 6, after the update of log 7 by c1 was answered with 7/,
    ],
    [
      'a write that goes before one that was acknowledged before it was sent',
      (history) => void Object.assign(writeOf(history, 'log 8'), { sent: 96, answered: 99 }),
      /log 8 by c2 got 8, after the delete of k1 by c0 was answered with 9/,
    ],
    [
      'a read with a value that was not there at its position',
      (history) => void Object.assign(found(readAt(history, 6).items[0]), { value: 'log 1' }),
      /the read of c0 at 6: k1 is log 1 of step 5, and should be log 5 of 5/,
    ],
    [
      'a read whose position is behind its own items',
      (history) => {
        readAt(history, 6).seq = 5;
      },
      /the read of c0 says 5, and holds step 6/,
    ],
    [
      'a connected follower that misses a step',
      (history) => void followerOf(history, 'log steadily').messages.splice(6, 1),
      /log steadily: step 6 after step 4: steps are missing/,
    ],
    [
      'a follower that is sent a step twice',
      (history) => {
        const { messages } = followerOf(history, 'log through the SDK');
        messages.splice(6, 0, structuredClone(found(messages[5])));
      },
      /through the SDK: step 4 after step 4/,
    ],
    [
      'a follower that catches up without an item that changed',
      (history) => catchUp(history, 'log steadily', 4, 10, [7, 8, 10]),
      /after the changes at 10: k1 is log 1 of step 1, and should be missing of 9/,
    ],
    [
      'a follower that is sent what the hub does not have',
      (history) => {
        const message = found(followerOf(history, 'aw/x steadily').messages.at(-1));
        if (message.type === 'change') message.step.value = 'phantom';
      },
      /step 12 is k0: phantom, and the hub has k0: aw\/x 12/,
    ],
    [
      'a follower that never hears of the last steps',
      (history) => void followerOf(history, 'aw/x with pauses').messages.pop(),
      /it has been sent everything up to 11, and the hub is at 12/,
    ],
    [
      'a reset without a reason',
      (history) => {
        const { messages } = followerOf(history, 'aw/x steadily');
        const { items } = found(finalsOf(history, 'aw/x')[0]);
        messages.push({ at: 130, type: 'reset', epoch, seq: 12, more: false, items });
      },
      /a reset at 12, though the epoch stays/,
    ],
    [
      'a new epoch though nothing was lost',
      (history) => {
        const { messages } = followerOf(history, 'log steadily');
        const { items } = found(finalsOf(history)[0]);
        messages.push({ at: 130, type: 'reset', epoch: 'e2', seq: 12, more: false, items });
      },
      /it was sent 2 epochs, and the database was replaced 0 times/,
    ],
    [
      'a revoked token that writes after the limit',
      (history) => void history.revocations.set('odd', 5),
      /log 11 by c2 was accepted 105 ms after its token was revoked/,
    ],
    [
      'a revoked token that is sent changes after the limit',
      (history) => void history.revocations.set('even', 22),
      /follower of log steadily was sent a change 107 ms after its token was revoked/,
    ],
  ];
  test.each(anomalies)('%s', (_, plant, fault) => {
    const history = goodHistory();
    plant(history);
    expect(checkHistory(history).join('\n')).toMatch(fault);
  });
});

// Checks of connections and of the size of messages: rules C and B.

import { BrokenRule, NotRun } from '../broken-rule.ts';
import { type CheckPlace, demand, listOf, plainTask, textOf } from '../check-place.ts';
import { CheckTalk, dialTcp, within } from '../check-talk.ts';
import { aFlag, aNumber, anyOf, aText, show } from '../match.ts';
import type { RuleCheck } from '../rule-check.ts';

const note = (place: CheckPlace, more: object = {}) => ({ type: 'create', channel: place.channel, ref: 1, ...more });
const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const wide = (keys: number) => `{${Array.from({ length: keys }, (_, at) => `"k${at}":0`).join()}}`;
const noteText = (place: CheckPlace, item: string) =>
  `{"type":"create","channel":${JSON.stringify(place.channel)},"ref":1,"item":${item}}`;
const acknowledged = { success: true, type: 'ack', ref: 1 };

/** The server must take an item, given as JSON text. */
async function takes(place: CheckPlace, item: string): Promise<void> {
  const talk = await place.login();
  await talk.expect(noteText(place, item), acknowledged);
}

/** The server must refuse an item, and answer the next request. */
async function refuses(place: CheckPlace, item: string): Promise<void> {
  const talk = await place.login();
  await talk.expect(noteText(place, item), { success: false, error: 'invalid payload' });
  await talk.expect(noteText(place, '1'), acknowledged);
}

/** A message that is too large must be refused, and the connection closed. */
async function closesAfter(place: CheckPlace, message: object | string): Promise<void> {
  const talk = await place.login();
  talk.say(message);
  await talk.receives({ success: false, error: 'message too large', code: 'too_large' });
  demand({ code: 1009 }, await talk.waitForEnd(), 'the close after a message that is too large');
}

/** @returns the status with which a handshake is refused */
async function refusedStatus(place: CheckPlace, headers: Readonly<Record<string, string>>): Promise<string> {
  try {
    const talk = await CheckTalk.overWebSocket(place.target.url, headers, place.target.limitMs);
    talk.cut();
    return 'accepted';
  } catch (error) {
    return /response: (\d+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? show(String(error));
  }
}

async function handshakeIs(
  place: CheckPlace,
  headers: Readonly<Record<string, string>>,
  status: string,
): Promise<void> {
  const found = await refusedStatus(place, headers);
  if (found !== status) throw new BrokenRule(`a handshake with ${show(headers)} is answered ${found}, not ${status}`);
}

/** Everything that raw TCP sends until it closes the connection. */
async function untilClosed(place: CheckPlace, text: string): Promise<string> {
  const socket = await dialTcp(place.tcpAddress());
  const reason = `the Kronos port did not close a connection after ${show(text.slice(0, 60))}`;
  try {
    return await within(place.target.limitMs, reason, (resolve) => {
      let received = '';
      socket.on('data', (bytes) => {
        received += String(bytes);
      });
      socket.on('close', () => resolve(received));
      socket.write(text);
    });
  } finally {
    socket.destroy();
  }
}

/** A connection that has not sent a valid message must be closed after ten seconds. */
async function closesSilent(place: CheckPlace, message?: string): Promise<void> {
  const talk = await place.connect();
  if (message !== undefined) talk.say(message);
  const began = performance.now();
  await place.pass(9_000);
  talk.say('{"nonsense"');
  if ((await talk.next())?.['success'] !== false) throw new BrokenRule('a text that is no JSON is not refused');
  if (message !== undefined) await talk.next();
  const last = await talk.next();
  demand({ success: false, error: 'no login within 10 seconds', code: 'silent' }, last, 'a silent connection');
  demand({ code: 4408 }, await talk.waitForEnd(), 'the close of a silent connection');
  const seconds = (performance.now() - began) / 1_000;
  if (seconds < 9.5) throw new BrokenRule(`a silent connection was closed after ${seconds.toFixed(1)} s, not 10`);
}

export const connectChecks: readonly RuleCheck[] = [
  ...['', 'kronos', 'any/path?at=all'].map((path) => ({
    rule: 'C1.1',
    says: `a WebSocket is accepted on /${path}`,
    run: async (place: CheckPlace) => (await place.connect({}, path)).ask(),
  })),
  {
    rule: 'C1.1',
    says: 'text of any language comes back unchanged, in keys, in values and in ref',
    run: async (place) => {
      const talk = await place.login();
      const [key, item, ref] = ['ключ/🔑', 'ü "€"\n\u2028😀 {"a":[1]}', 'é'];
      await talk.expect(note(place, { key, item, ref }), { type: 'ack', ref, key });
      await talk.expect({ type: 'read-all', channel: place.channel }, { items: [{ key, item }] });
    },
  },
  {
    rule: 'C1.2',
    says: 'on raw TCP each message of the server is one line',
    run: async (place) => {
      const talk = await place.connectTcp();
      talk.say({ type: 'login', user_id: place.account.secret, device_id: '', version: 0 });
      await talk.receives({ success: true, type: 'login', device_id: aText });
      await talk.expect(note(place, { key: 'k', item: 'a\nb' }), acknowledged);
      await talk.expect({ type: 'read-all', channel: place.channel }, { items: [{ item: 'a\nb' }] });
    },
  },
  ...[1, 3, 7].map((size) => ({
    rule: 'C2',
    says: `on raw TCP an object may come in pieces of ${size} byte${size === 1 ? '' : 's'}, cut inside a character too`,
    run: async (place: CheckPlace) => {
      const socket = await dialTcp(place.tcpAddress());
      const login = { type: 'login', user_id: place.account.secret, device_id: '' };
      const bytes = Buffer.from(JSON.stringify(login) + JSON.stringify(note(place, { item: 'ü€😀}{"\\' })));
      const answer = within<string>(place.target.limitMs, 'the note was not acknowledged', (resolve) => {
        let received = '';
        socket.on('data', (data) => {
          received += String(data);
          if (received.includes('"ack"') || received.includes('"success":false')) resolve(received);
        });
      });
      for (let at = 0; at < bytes.length; at += size) {
        await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), resolve));
      }
      if (!(await answer).includes('"ack"')) throw new BrokenRule(`the pieces were answered ${show(await answer)}`);
      socket.destroy();
    },
  })),
  {
    rule: 'C2',
    says: 'on raw TCP several objects may come in one piece, with white space between them',
    run: async (place) => {
      const talk = await place.connectTcp();
      const login = JSON.stringify({ type: 'login', user_id: place.account.secret, device_id: '' });
      talk.say(` \n${login}\r\n\t{"type":"ping","ref":2}[]`);
      await talk.receives(
        { type: 'login', success: true },
        { type: 'pong', ref: 2 },
        { success: false, error: 'invalid payload' },
      );
    },
  },
  {
    rule: 'C3.1',
    says: 'the Kronos port hands a WebSocket on to the main port',
    run: async (place) => {
      const talk = await CheckTalk.overWebSocket(`ws://${place.tcpAddress()}/`, {}, place.target.limitMs);
      await talk.ask();
      talk.cut();
    },
  },
  ...['hello', 'POST / HTTP/1.1\r\n\r\n', '"text"{"type":"ping"}'].map((text) => ({
    rule: 'C3.2',
    says: `the Kronos port answers ${show(text)} with "invalid payload" and closes`,
    run: async (place: CheckPlace) => {
      const received = await untilClosed(place, text);
      if (!received.includes('"invalid payload"')) throw new BrokenRule(`${show(text)} was answered ${show(received)}`);
    },
  })),
  {
    rule: 'C4',
    says: 'a connection that sends nothing valid for 10 seconds is told so and closed with 4408',
    waits: 10,
    run: (place) => closesSilent(place),
  },
  {
    rule: 'C4',
    says: 'a ping is no login: a connection with nothing else is closed with 4408',
    waits: 10,
    run: (place) => {
      if (place.accounts.isAdmin && place.target.token === undefined)
        throw new NotRun('on a personal server every request belongs to the owner');
      return closesSilent(place, '{"type":"ping"}');
    },
  },
  ...['https://evil.example', 'null', 'file://'].map((origin) => ({
    rule: 'C5.1',
    says: `a handshake with the Origin ${origin} is answered 403`,
    run: (place: CheckPlace) => handshakeIs(place, { origin }, '403'),
  })),
  {
    rule: 'C5.1',
    says: 'a handshake without an Origin is accepted',
    run: (place) => handshakeIs(place, {}, 'accepted'),
  },
  {
    rule: 'C5.2',
    says: 'a handshake with a foreign Host is answered 421',
    run: (place) => handshakeIs(place, { host: 'evil.example' }, '421'),
  },
  {
    rule: 'C7',
    says: 'pong comes after the answers to all earlier requests',
    run: async (place) => {
      const talk = await place.login();
      const requests = [
        { type: 'create', task: plainTask(1, 'x'), ref: 1 },
        { type: 'read-all', ref: 2 },
        note(place, { key: 'a', item: 1, ref: 3 }),
        { type: 'nonsense', ref: 4 },
        { type: 'history', channel: place.channel, ref: 5 },
        { type: 'channels', ref: 6 },
      ];
      const refs = (await talk.ask(...requests)).map(({ ref }) => ref).filter((ref) => ref !== undefined);
      demand([1, 2, 3, 4, 5, 6], refs, 'the refs of the answers before the pong');
    },
  },
];

export const boundChecks: readonly RuleCheck[] = [
  { rule: 'B1.1', says: 'a message that nests 32 deep is taken', run: (place) => takes(place, deep(31)) },
  { rule: 'B1.1', says: 'a message that nests 33 deep is refused', run: (place) => refuses(place, deep(32)) },
  { rule: 'B1.1', says: 'a message that nests 5,001 deep is refused', run: (place) => refuses(place, deep(5_000)) },
  { rule: 'B1.2', says: 'an object of 10,000 keys is taken', run: (place) => takes(place, wide(10_000)) },
  { rule: 'B1.2', says: 'an object of 10,001 keys is refused', run: (place) => refuses(place, wide(10_001)) },
  { rule: 'B1.3', says: 'the number 2^53-1 is taken', run: (place) => takes(place, '[9007199254740991,-1e15,0.1]') },
  { rule: 'B1.3', says: 'the number 2^53+1 is refused', run: (place) => refuses(place, '9007199254740993') },
  { rule: 'B1.3', says: 'the number 1e400 is refused', run: (place) => refuses(place, '[1e400]') },
  {
    rule: 'B1.4',
    says: 'a list of 10,001 tasks is refused',
    run: async (place) => {
      const tasks = Array.from({ length: 10_001 }, () => ({}));
      await (await place.login()).expect(
        { type: 'write-all', tasks, ref: 1 },
        { success: false, error: 'invalid tasks' },
      );
    },
  },
  {
    rule: 'B1.4',
    says: 'a list of 10,001 items is refused',
    run: async (place) => {
      const items = Array.from({ length: 10_001 }, (_, at) => ({ key: `k${at}`, item: 1 }));
      const request = { type: 'write-all', channel: place.channel, items, ref: 1 };
      await (await place.login()).expect(request, { success: false, error: 'invalid items' });
    },
  },
  {
    rule: 'B1.5',
    says: 'a message of 1 MiB is taken',
    run: async (place) => {
      const frame = Buffer.byteLength(noteText(place, '""'));
      await takes(place, `"${'x'.repeat(1_048_576 - frame)}"`);
    },
  },
  {
    rule: 'B1.5',
    says: 'a message of one byte more is refused, and closes the connection with 1009',
    run: async (place) => {
      const frame = Buffer.byteLength(noteText(place, '""'));
      await closesAfter(place, noteText(place, `"${'x'.repeat(1_048_577 - frame)}"`));
    },
  },
  {
    rule: 'B1.5',
    says: 'a create of a task beyond 1 MiB is refused, and closes the connection',
    run: (place) => closesAfter(place, { type: 'create', task: plainTask(1, 'x'.repeat(1_100_000)) }),
  },
  {
    rule: 'B1.6',
    says: 'a write-all of tasks of 1.6 MB is acknowledged after a login, and comes back whole',
    needsNewAccount: true,
    run: async (place) => {
      const tasks = Array.from({ length: 1_600 }, (_, at) => plainTask(at + 1, 'x'.repeat(900)));
      const talk = await place.login(place.account, 'a');
      await talk.expect({ type: 'write-all', tasks, ref: 1 }, { type: 'ack', ref: 1 });
      const read = listOf(await talk.one({ type: 'read-all' }), 'tasks');
      demand(
        tasks.map(({ id }) => id),
        read.map(({ id }) => id),
        'the ids of the tasks',
      );
    },
  },
  {
    rule: 'B1.7',
    says: 'a write-all with a task beyond 1 MiB is refused, and closes the connection',
    run: (place) =>
      closesAfter(place, { type: 'write-all', tasks: [plainTask(1, 'x'), plainTask(2, 'x'.repeat(1_048_576))] }),
  },
  {
    rule: 'B1.8',
    says: 'on raw TCP an object that is not closed is refused beyond 1 MiB before a login',
    run: async (place) => {
      const received = await untilClosed(place, `{"a":"${'x'.repeat(1_100_000)}`);
      if (!received.includes('"too_large"')) throw new BrokenRule(`it was answered ${show(received)}`);
    },
  },
  {
    rule: 'B2',
    says: 'every answer, every refusal and every notification has success',
    run: async (place) => {
      const [a, b] = await place.pair();
      await b.ask({ type: 'subscribe', channel: place.channel });
      await a.expect(note(place, { key: 'k', item: 1 }), acknowledged);
      await b.receives({ success: true, type: 'create', channel: place.channel });
      await a.expect({ type: 'create', task: plainTask(1, 'x'), ref: 1 }, acknowledged);
      await b.receives({ success: true, type: 'create', task: { id: 1 } });
      const requests = ['read-all', 'channels', 'help', 'nonsense'].map((type) => ({ type }));
      const received = await b.ask(...requests, '{garbage}', '[]');
      demand(
        Array.from({ length: 6 }, () => ({ success: aFlag })),
        received,
        'the answers',
      );
    },
  },
  {
    rule: 'B3',
    says: 'of 1,100 requests that are sent at once the first 1,024 are answered, and further ones are refused or answered',
    run: async (place) => {
      const talk = await place.login();
      for (let ref = 1; ref <= 1_100; ref += 1) talk.say({ type: 'read-all', ref });
      const outcomes: unknown[] = [];
      while (outcomes.length < 1_100) {
        const message = await talk.next();
        demand({ ref: aNumber, success: aFlag }, message, 'an answer');
        if (message?.['success'] === false) demand({ error: 'too many requests' }, message, 'a refusal');
        outcomes.push(message?.['success']);
      }
      const answered = outcomes.filter((success) => success === true).length;
      if (answered < 1_024) throw new BrokenRule(`only ${answered} of 1,100 requests were answered`);
      await talk.expect({ type: 'read-all' }, { type: 'read-all' });
    },
  },
  {
    rule: 'B2',
    says: 'a text that is no JSON object is refused with "invalid payload", and the connection stays open',
    run: async (place) => {
      const talk = await place.login();
      const wanted = { success: false, error: 'invalid payload', code: aText };
      for (const text of ['{garbage}', '[]', '7', '"text"', 'null']) await talk.expect(text, wanted);
      const refusal = await talk.one({ type: 'nonsense', ref: 9 });
      demand({ success: false, ref: 9, error: anyOf('invalid payload type') }, refusal, 'an unknown verb');
      textOf(refusal, 'code');
    },
  },
];

// Channels as event streams: the bytes, access, tickets, and the places for a returning client's position. following.test.ts tests the
// guarantees for followers.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ENGINES } from '../../../harness/clients.ts';
import { type MobHub, openMobHub, value } from '../../../harness/mobtimer.ts';

const notes = '/-/channels/notes/events';

describe.each(ENGINES)('a channel as an event stream on %s', (engine) => {
  let mobHub: MobHub;
  let authorization: string;
  beforeEach(async () => {
    mobHub = await openMobHub({ engine });
    authorization = `Bearer ${mobHub.owner}`;
  });
  afterEach(() => mobHub.close());

  const put = async (channel: string, key: string, item: unknown) => {
    const op = { op: 'put', key, value: JSON.stringify(item) } as const;
    const opened = await mobHub.hub.channel(channel);
    await opened.write({ ops: [op], origin: 'd', at: mobHub.world.now() });
  };
  const ticketOf = async (headers: Record<string, string>) => {
    const issued = await mobHub.ask('POST', '/-/tickets', { headers });
    return { status: issued.status, ...JSON.parse(issued.body) };
  };

  test('each event has its position, its kind and the message a WebSocket gets', async () => {
    await put('owner/notes', 'a', 1);
    const stream = await mobHub.follow(notes, { authorization });
    expect(stream.status).toBe(200);
    expect(stream.headers['content-type']).toBe('text/event-stream;charset=UTF-8');
    await put('owner/notes', 'a', { two: 2 });
    const at = mobHub.world.now();
    expect([await stream.next(), await stream.next()]).toEqual([
      `id: e1:1\nevent: snapshot\ndata: {"success":true,"type":"snapshot","channel":"notes","epoch":"e1","seq":1,"items":[{"seq":1,"key":"a","item":1,"device_id":"d","at":${at}}]}`,
      `id: e1:2\nevent: update\ndata: {"success":true,"type":"update","channel":"notes","seq":2,"key":"a","item":{"two":2},"device_id":"d","at":${at}}`,
    ]);
    mobHub.world.pass(5_000);
    expect(await stream.next()).toBe(':');
    stream.close();
  });

  test('GET /-/presence tells who follows a channel, to those who may read it', async () => {
    const stream = await mobHub.follow('/-/channels/aw/window/events', { authorization });
    await value(stream);
    for (const path of ['/-/presence/aw/window', '/-/presence/owner%2Faw%2Fwindow']) {
      const { status, body } = await mobHub.ask('GET', path, { headers: { authorization } });
      expect([status, JSON.parse(body)]).toMatchObject([200, { type: 'presence', connections: 1, people: 1 }]);
    }
    stream.close();
    const made = await mobHub.accounts.createToken('owner', 'narrow', ['read:tasks']);
    if (!made.ok) throw new Error(made.error);
    const narrow = { authorization: `Bearer ${made.secret}` };
    expect(await mobHub.ask('GET', '/-/presence/aw/window', { headers: narrow })).toMatchObject({ status: 403 });
    expect(await mobHub.ask('GET', '/-/presence/aw/window')).toMatchObject({ status: 401 });
    expect(await mobHub.ask('GET', '/-/presence/aw*', { headers: { authorization } })).toMatchObject({ status: 400 });
  });

  test('a name with a slash may be encoded or not; a room is a channel too', async () => {
    await put('owner/aw/window', 'a', 1);
    for (const path of [
      '/-/channels/aw/window/events',
      '/-/channels/aw%2Fwindow/events',
      '/-/channels/owner%2Faw%2Fwindow/events',
    ]) {
      const stream = await mobHub.follow(path, { authorization });
      expect((await value(stream)).data).toMatchObject({ channel: 'aw/window', items: [{ key: 'a' }] });
      stream.close();
    }
    await mobHub.put('/room', { timer: 10 });
    const room = await mobHub.follow('/-/channels/mob/room/events', { authorization });
    expect((await value(room)).data).toMatchObject({ channel: 'mob/room', items: [{ item: { timer: 10 } }] });
    room.close();
  });

  test('Last-Event-ID resumes, in the header or in the query; an unknown id leads to a reset', async () => {
    await put('owner/notes', 'a', 1);
    await put('owner/notes', 'b', 1);
    const since = await mobHub.follow(notes, { authorization, 'last-event-id': 'e1:1' });
    expect(await value(since)).toMatchObject({ id: 'e1:2', name: 'changes', data: { changes: [{ key: 'b' }] } });
    const queried = await mobHub.follow(`${notes}?last_event_id=e1%3A1`, { authorization });
    expect((await value(queried)).name).toBe('changes');
    const table = ['nonsense', ':1', 'e1:', 'e1:-1', 'e1:1.5', 'e9:1', 'e1:99', 'e1:99999999999999999999'];
    for (const id of table) {
      const stream = await mobHub.follow(notes, { authorization, 'last-event-id': id });
      expect([id, (await value(stream)).name]).toEqual([id, 'reset']);
      stream.close();
    }
    since.close();
    queried.close();
  });

  test('needs a token that may read the channel', async () => {
    const made = await mobHub.accounts.createToken('owner', 'narrow', ['read:aw/*']);
    const other = await mobHub.accounts.createAccount('ann');
    if (!made.ok || !other.ok) throw new Error('no token');
    const narrow = `Bearer ${made.secret}`;
    const stranger = `Bearer ${other.secret}`;
    const table: [string, string, number][] = [
      [notes, '', 401],
      [notes, 'Bearer 00000000-0000-4000-8000-000000000000', 401],
      [notes, narrow, 403],
      ['/-/channels/aw/x/events', narrow, 200],
      ['/-/channels/owner/notes/events', stranger, 200],
      ['/-/channels/@hub/tokens/events', stranger, 403],
      ['/-/channels/@hub/tokens/events', authorization, 200],
      ['/-/channels/%2A/events', authorization, 400],
      ['/-/channels/aw%2F%2A/events', authorization, 400],
      ['/-/channels/a%00b/events', authorization, 400],
      ['/-/channels/%zz/events', authorization, 404],
      ['/-/channels/notes', authorization, 404],
      ['/-/channels/events', authorization, 404],
      ['/-/channels//events', authorization, 404],
    ];
    await put('owner/notes', 'secret', 1);
    for (const [path, shown, status] of table) {
      const stream = await mobHub.follow(path, shown === '' ? {} : { authorization: shown });
      expect([path, stream.status]).toEqual([path, status]);
      // Another account's name is a channel of the caller's own account.
      if (shown === stranger && status === 200) expect((await value(stream)).data.items).toEqual([]);
      stream.close();
    }
  });

  test('a ticket opens one stream, within half a minute, while its token is good', async () => {
    expect((await ticketOf({})).status).toBe(401);
    const { status, ticket, expires_ms } = await ticketOf({ authorization });
    expect([status, expires_ms]).toEqual([201, 30_000]);
    const first = await mobHub.follow(`${notes}?ticket=${ticket}`);
    expect((await value(first)).name).toBe('snapshot');
    expect((await mobHub.follow(`${notes}?ticket=${ticket}`)).status).toBe(401);
    expect((await mobHub.follow(`${notes}?ticket=${ticket}`, { authorization })).status).toBe(401);
    first.close();

    const late = await ticketOf({ authorization });
    mobHub.world.pass(30_000);
    expect((await mobHub.follow(`${notes}?ticket=${late.ticket}`)).status).toBe(401);

    const made = await mobHub.accounts.createToken('owner', 'x', ['read']);
    if (!made.ok) throw new Error(made.error);
    const revoked = await ticketOf({ authorization: `Bearer ${made.secret}` });
    await mobHub.accounts.revoke(made.token.id);
    expect((await mobHub.follow(`${notes}?ticket=${revoked.ticket}`)).status).toBe(401);
  });

  test('a ticket carries the scopes of its token, and is closed with it', async () => {
    const made = await mobHub.accounts.createToken('owner', 'x', ['read:notes']);
    if (!made.ok) throw new Error(made.error);
    const headers = { authorization: `Bearer ${made.secret}` };
    expect((await mobHub.follow(`/-/channels/tasks/events?ticket=${(await ticketOf(headers)).ticket}`)).status).toBe(
      403,
    );
    const stream = await mobHub.follow(`${notes}?ticket=${(await ticketOf(headers)).ticket}`);
    await value(stream);
    await mobHub.accounts.revoke(made.token.id);
    expect(await value(stream)).toMatchObject({ name: 'closed', data: { code: 'revoked' } });
    expect(await stream.next()).toBeUndefined();
  });

  test('a reader that sleeps for a minute is disconnected, and may reconnect', async () => {
    const sleeper = await mobHub.follow(notes, { authorization });
    await value(sleeper);
    sleeper.pause();
    const session = [...mobHub.hub.sessions][0];
    for (let at = 0; session?.isBehind === false && at < 2_000; at += 1) {
      await put('owner/notes', `k${at % 10}`, at + 'x'.repeat(65_536));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(session?.isBehind).toBe(true);
    mobHub.world.pass(60_000);
    expect(mobHub.hub.sessions.size).toBe(0);
    for (let at = 0; at < 10; at += 1) await put('owner/notes', `k${at}`, 'last');
    const again = await mobHub.follow(notes, { authorization });
    expect((await value(again)).data.items.length).toBe(10);
    sleeper.close();
    again.close();
  });
});

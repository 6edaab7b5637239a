// The conversation on every transport and engine, and the features of one transport only: frames, pieces, handshakes.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { conversation, Place } from '../../contract/conversation.ts';
import { rawTcp, webSocket } from '../../contract/talk.ts';
import { dial, openRefused } from '../../harness/clients.ts';

const engines = ['uws', 'ws'] as const;

for (const engine of engines) {
  conversation('WebSocket', engine, webSocket);
  conversation('raw TCP', engine, rawTcp);
}

describe.each(engines)('features of some transports only, on %s', (engine) => {
  let place: Place;
  beforeAll(async () => {
    place = await Place.open(webSocket, { engine });
  });
  afterEach(() => place.hangUp());
  afterAll(() => place.close());
  const kronosPort = () => Number(place.hub.kronos?.split(':').at(-1));
  const port = () => Number(new URL(place.hub.url).port);

  test('[C1.1] any path of the main port takes a WebSocket', async () => {
    for (const path of ['', 'kronos', 'any/path?at=all', '-/health']) {
      const talk = await webSocket({ url: `${place.hub.url}${path}`, kronos: null });
      expect(await talk.ask({ type: 'help' })).toMatchObject([{ type: 'help' }]);
      talk.cut();
    }
  });

  test('[C2] raw TCP takes objects in pieces of any size, cut inside a character too, and several in one piece', async () => {
    const { secret } = await place.person();
    const notes = ['ü', '€', '😀', '}{"\\'].map((item) => ({ type: 'create', channel: 'notes', item, ref: item }));
    const text = [{ type: 'login', user_id: secret }, ...notes].map((one) => JSON.stringify(one)).join('');
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const { socket, lines } = await dial(kronosPort());
      for (let at = 0; at < bytes.length; at += size) {
        await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), resolve));
      }
      expect(JSON.parse(await lines.next())).toMatchObject({ type: 'login' });
      for (const { ref } of notes) expect(JSON.parse(await lines.next())).toMatchObject({ type: 'ack', ref });
      socket.destroy();
    }
    const { socket, lines } = await dial(kronosPort());
    socket.write(' \n{"type":"ping","ref":1}\r\n\t{"type":"ping","ref":2}[]');
    expect(JSON.parse(await lines.next())).toMatchObject({ type: 'pong', ref: 1 });
    expect(JSON.parse(await lines.next())).toMatchObject({ type: 'pong', ref: 2 });
    expect(JSON.parse(await lines.next())).toMatchObject({ error: 'invalid payload' });
    socket.destroy();
  });

  test('[C3.1] [C3.2] the Kronos port passes a GET to the main port, and closes a connection that sends neither a GET nor JSON', async () => {
    const talk = await webSocket({ url: `http://127.0.0.1:${kronosPort()}/`, kronos: null });
    expect(await talk.ask({ type: 'help' })).toMatchObject([{ type: 'help' }]);
    talk.cut();
    const page = await fetch(`http://127.0.0.1:${kronosPort()}/-/health`);
    expect(page.status).toBe(200);
    await page.text();
    for (const text of ['POST / HTTP/1.1\r\n\r\n{"type":"ping"}', 'hello', '"text"{"type":"ping"}', '\0']) {
      const { socket, all } = await dial(kronosPort());
      socket.write(text);
      expect(JSON.parse(await all)).toMatchObject({ success: false, error: 'invalid payload' });
    }
  });

  test('[C5.1] [C5.2] a foreign or null Origin is answered 403, a foreign Host 421; no Origin is accepted', async () => {
    const host = `127.0.0.1:${port()}`;
    for (const origin of ['https://evil.example', 'null', `http://${host}.evil.example`, 'file://']) {
      expect(await openRefused(port(), { origin })).toMatchObject({ status: 403 });
    }
    for (const name of ['evil.example', `${host}.evil.example`, 'localhost.evil.example']) {
      expect(await openRefused(port(), { host: name })).toMatchObject({ status: 421 });
    }
    for (const headers of [{}, { origin: `http://${host}` }, { host: 'localhost' }]) {
      (await webSocket(place.hub, headers)).cut();
    }
  });

  test('[L6.2] a token in the handshake’s Authorization header opens the connection', async () => {
    const closed = await Place.open(webSocket, { engine, hosts: ['hub.example.org'] });
    const { secret } = await closed.person();
    const talk = await closed.connect({ authorization: `Bearer ${secret}` });
    expect(await talk.ask({ type: 'read-all' })).toMatchObject([{ type: 'read-all', tasks: [] }]);
    const wrong = await closed.connect({ authorization: 'Bearer wrong' });
    expect(await wrong.ask({ type: 'read-all' })).toMatchObject([{ error: 'user not found' }]);
    await closed.close();
  });
});

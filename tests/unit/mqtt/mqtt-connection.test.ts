// A connection to an MQTT broker that cannot be made. tests/services/mqtt speaks with a real broker.

import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { MqttConnection } from '../../../server/mqtt/mqtt-connection.ts';
import { TestWorld } from '../../harness/world.ts';

const login = { clientId: 'horai', user: '', password: '', will: { topic: 'status', payload: 'offline' } };

const silentSocket = () => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });

test('a socket that fails at once, as for a name without an address, gives its reason', async () => {
  const socket = silentSocket();
  const opening = MqttConnection.open(socket, login, new TestWorld(1));
  socket.destroy(new Error('getaddrinfo ENOTFOUND broker.lan'));
  expect(await opening).toEqual({ ok: false, error: 'getaddrinfo ENOTFOUND broker.lan' });
});

test('so does one that was closed without a reason', async () => {
  const socket = silentSocket();
  const opening = MqttConnection.open(socket, login, new TestWorld(1));
  socket.destroy();
  expect(await opening).toEqual({ ok: false, error: 'the broker closed the connection' });
});

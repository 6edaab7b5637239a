// The proxies of Debian with the lines of docs/proxies.md, over TLS: HTTP/2, WebSockets, event streams, addresses of clients, and the sub-path.

import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RunningHub } from '../../../server/compose.ts';
import { startComposed } from '../../harness/compose.ts';
import { documentedProxies, missingProxies, type RunningProxy, startDocumented } from '../../harness/proxies.ts';
import { waiting } from '../../harness/waiting.ts';

const key = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const host = 'hub.example.org';
/** Another address of this machine: the proxy and the hub use 127.0.0.1. */
const clientAddress = '127.0.0.2';

/** @param protocol what the client speaks: `h2` or `http/1.1` */
const openTls = (port: number, protocol: string) =>
  connectTls({
    socket: connect({ host: '127.0.0.1', port, localAddress: clientAddress }),
    servername: host,
    ALPNProtocols: [protocol],
    rejectUnauthorized: false,
  });

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface RequestParts {
  readonly body?: string;
  /** True once the body is long enough: the stream is then closed. */
  readonly isEnough?: (text: string) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One connection of a client that speaks HTTP/2 with the proxy. */
class Http2Client {
  readonly #session: ClientHttp2Session;

  constructor(port: number) {
    this.#session = connectHttp2(`https://${host}:${port}`, { createConnection: () => openTls(port, 'h2') });
  }

  ask(
    method: string,
    path: string,
    { body = '', isEnough = () => false, headers = {} }: RequestParts = {},
  ): Promise<Answer> {
    const head = { ':method': method, ':path': path, ...headers };
    const stream = this.#session.request(head, { endStream: body === '' });
    const answer = new Promise<Answer>((resolve, reject) => {
      let [status, text] = [0, ''];
      this.#session.once('error', reject);
      stream.once('error', reject);
      stream.on('response', (answered) => {
        status = Number(answered[':status']);
      });
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (!isEnough(text)) return;
        resolve({ status, body: text });
        stream.close();
      });
      stream.once('end', () => resolve({ status, body: text }));
    });
    if (body !== '') stream.end(body);
    return waiting(`the answer of ${path}`, answer);
  }

  close(): void {
    this.#session.destroy();
  }
}

if (missingProxies.length > 0) {
  test.skip(`${missingProxies.join(', ')} not installed (Debian: nginx-light, haproxy, apache2, caddy)`, () =>
    undefined);
} else {
  describe.each(documentedProxies)('behind %s', (name) => {
    let hub: RunningHub;
    let proxy: RunningProxy;
    let client: Http2Client;
    const authorization = `Bearer ${key}`;
    beforeAll(async () => {
      hub = await startComposed({ ownerToken: key, hosts: [host], trustedProxies: ['loopback'] });
      proxy = await startDocumented(name, Number(new URL(hub.url).port));
      client = new Http2Client(proxy.port);
    });
    afterAll(async () => {
      client.close();
      await proxy.stop();
      await hub.stop();
    });

    /** Follows a channel over a WebSocket. @returns the first answer that is no greeting */
    const follow = (path: string) => {
      const socket = new WebSocket(`wss://127.0.0.1:${proxy.port}${path}`, {
        headers: { host, authorization },
        createConnection: () => openTls(proxy.port, 'http/1.1'),
      });
      const answer = new Promise<string>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('open', () => socket.send('{"type":"tokens","id":1}'));
        socket.on('message', (data) => resolve(String(data)));
      });
      return waiting('an answer over the WebSocket', answer).finally(() => socket.terminate());
    };

    test('pages and requests work over TLS and HTTP/2', async () => {
      const page = await client.ask('GET', '/room');
      expect(page).toEqual({ status: 200, body: expect.stringContaining('#room') });
      const script = /src="(\/-\/assets\/[^"]+)"/.exec(page.body)?.[1] ?? '';
      expect((await client.ask('GET', script)).status).toBe(200);
      expect((await client.ask('GET', '/api/0/buckets')).status).toBe(401);
      expect((await client.ask('GET', '/api/0/buckets', { headers: { authorization } })).status).toBe(200);
    });

    test('events arrive as they happen', async () => {
      const isComplete = (text: string) => text.includes('"timer":7');
      const stream = client.ask('GET', '/streamed/events', { isEnough: isComplete });
      const headers = { 'content-type': 'application/json', origin: `https://${host}` };
      const put = await client.ask('PUT', '/streamed', { headers, body: '{"timer":7,"user":"ann"}' });
      expect(put.status).toBe(202);
      expect((await stream).status).toBe(200);
    });

    test('WebSockets get through, and the hub knows the address of the client', async () => {
      expect(JSON.parse(await follow('/'))).toMatchObject({ tokens: [{ address: clientAddress }] });
    });

    test('programs reach the hub below the sub-path', async () => {
      const body = '{"entity":"/a.ts","type":"file","time":1767261600,"project":"horai"}';
      const headers = { authorization, 'content-type': 'application/json' };
      const sent = await client.ask('POST', '/horai/api/v1/users/current/heartbeats', { headers, body });
      expect(sent.status).toBe(202);
      expect(JSON.parse(await follow('/horai/'))).toMatchObject({ tokens: [{ address: clientAddress }] });
    });
  });
}

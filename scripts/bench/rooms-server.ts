// The servers that scripts/bench/rooms.ts measures, each in a process of its own: this hub, and a control of bare
// uWebSockets.js without history, protection from slow readers and error handling. It sends its port to the parent process, and its
// memory on request.

import { type Config, configure } from '../../server/config.ts';
import { startUnlimited } from './start-unlimited.ts';

interface BareResponse {
  writeHeader(name: string, value: string): BareResponse;
  writeStatus(status: string): BareResponse;
  write(text: string): boolean;
  end(text?: string): void;
  cork(act: () => void): void;
  onAborted(act: () => void): void;
  onData(act: (chunk: ArrayBuffer, last: boolean) => void): void;
}

async function ours(): Promise<number> {
  const env = { HORAI_STORE: 'memory', HORAI_PORT: '0', HORAI_KRONOS_PORT: '0', HORAI_ENGINE: 'uws' };
  const configured = configure({ env, platform: process.platform, home: '/' });
  if (!configured.ok) throw new Error(configured.errors.join(' '));
  const config: Config = configured.config;
  const composed = await startUnlimited(config);
  return Number(new URL(composed.url).port);
}

async function bare(): Promise<number> {
  const uws = await import('uWebSockets.js');
  const streams = new Set<BareResponse>();
  const app = uws.App();
  app
    .get('/:room/events', (res: BareResponse) => {
      streams.add(res);
      res.onAborted(() => streams.delete(res));
      res.writeHeader('content-type', 'text/event-stream');
      res.write('event:INITIAL_HISTORY\ndata:[]\n\n');
    })
    .put('/:room', (res: BareResponse) => {
      const chunks: Buffer[] = [];
      res.onAborted(() => undefined);
      res.onData((chunk, last) => {
        chunks.push(Buffer.from(Buffer.from(chunk)));
        if (!last) return;
        const { breaktimer, user } = JSON.parse(Buffer.concat(chunks).toString());
        const requested = new Date().toISOString();
        const data = JSON.stringify({ timer: breaktimer, requested, user, nextUser: null, type: 'BREAKTIMER' });
        for (const stream of streams) stream.cork(() => void stream.write(`event:TIMER_REQUEST\ndata:${data}\n\n`));
        app.publish('room', `{"success":true,"type":"create","channel":"mob/room","item":${data}}`);
        res.cork(() => res.writeStatus('202 Accepted').end());
      });
    })
    .ws('/*', {
      maxBackpressure: 1_048_576,
      idleTimeout: 120,
      message(socket) {
        socket.subscribe('room');
        socket.send('{"success":true,"type":"changes"}');
      },
    });
  return new Promise((resolve) => {
    app.listen('127.0.0.1', 0, (listening) => {
      if (!listening) throw new Error('no port');
      resolve(uws.us_socket_local_port(listening));
    });
  });
}

process.on('message', () => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ resident: rss, live: heapUsed + external });
});
process.on('disconnect', () => process.exit());
process.send?.({ port: await (process.argv[2] === 'ours' ? ours() : bare()) });

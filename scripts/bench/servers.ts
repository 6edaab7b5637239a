// The servers that the benchmarks measure. Each runs in a process of its own, so that it has a core of its own: this hub, started by
// `compose`, and a control of bare uWebSockets.js without channels, accounts and protection from slow readers. They report their port,
// and on request their use of processor and memory. The other files of this folder drive them.

import { compose } from '../../server/compose.ts';
import { configure } from '../../server/config.ts';
import { realWorld } from '../../server/world.ts';

/** The resource use of this process, which the parent process requests. */
export interface Usage {
  /** Microseconds of processor time since the start, all threads. */
  readonly cpu: number;
  /** Bytes, after garbage collection if requested. */
  readonly resident: number;
  readonly heap: number;
}

async function ours(env: Record<string, string>): Promise<number> {
  const configured = configure({ env, platform: process.platform, home: '/' });
  if (!configured.ok) throw new Error(configured.errors.join(' '));
  const composed = await compose(configured.config, realWorld(configured.config.log));
  if (!composed.ok) throw new Error(composed.error);
  return Number(new URL(composed.hub.url).port);
}

/** The first letter of a text is its command: a minimal protocol with which both servers send the same bytes. */
async function bare(file: string): Promise<number> {
  const uws = await import('uWebSockets.js');
  const engine = file === '' ? undefined : await (await import('./bare-sqlite.ts')).openBare(file, 'all');
  const ack = JSON.stringify({
    success: true,
    type: 'ack',
    ref: 1,
    seq: 100_000,
    epoch: 'x'.repeat(20),
    key: 'x'.repeat(20),
  });
  let page = '';
  let keys = 0;
  const app = uws.App().ws('/*', {
    maxPayloadLength: 4_194_304,
    maxBackpressure: 1_048_576,
    idleTimeout: 120,
    message(socket, message) {
      const command = Buffer.from(message).toString();
      const rest = command.slice(1);
      switch (command[0]) {
        // Join a topic. Also stands for a login, which joins one.
        case 'j':
          socket.subscribe(rest);
          socket.send('{"success":true,"type":"snapshot"}');
          break;
        // Publish: the topic, a newline, the text.
        case 'p': {
          const at = rest.indexOf('\n');
          app.publish(rest.slice(0, at), rest.slice(at + 1));
          socket.send(ack);
          break;
        }
        // Publish, after a commit to disk.
        case 'd': {
          const at = rest.indexOf('\n');
          const topic = rest.slice(0, at);
          const text = rest.slice(at + 1);
          keys += 1;
          void engine?.append(0, `key-${keys}`, text).then(() => {
            app.publish(topic, text);
            socket.send(ack);
          });
          break;
        }
        // A write to one of 16 channels without followers.
        case 'w':
          keys += 1;
          void engine?.append(Number.parseInt(rest, 16) >> 4, `key-${keys}`, rest).then(() => socket.send(ack));
          break;
        // Set the page that returning clients get, and a returning client.
        case 'k':
          page = rest;
          socket.send(ack);
          break;
        case 'r':
          socket.subscribe('page');
          socket.send(page);
          break;
        default:
          throw new Error(`unknown command: ${command}`);
      }
    },
  });
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (listening) => {
      if (listening) resolve(uws.us_socket_local_port(listening));
      else reject(new Error('no port'));
    });
  });
}

function usage(collect: boolean): Usage {
  if (collect) for (let times = 0; times < 3; times += 1) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpu: user + system, resident: rss, heap: heapUsed };
}

process.on('message', (collect: boolean) => process.send?.(usage(collect)));
// `exit` writes the profiles of BENCH_PROFILE.
process.on('disconnect', () => process.exit());
const { kind, options } = JSON.parse(process.argv[2] ?? '{}');
process.send?.({ port: await (kind === 'ours' ? ours(options) : bare(options.file ?? '')) });

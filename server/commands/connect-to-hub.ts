// Connects a command to the hub of a data folder. If the hub runs, the command uses a WebSocket. Otherwise it opens the store itself and
// composes the hub in its own process. It sends the same admin messages in both cases.

import { existsSync } from 'node:fs';
import { WebSocket } from 'ws';
import { assemble, type HubParts } from '../compose.ts';
import type { Config } from '../config.ts';
import type { Peer } from '../core/peer.ts';
import type { World } from '../core/world.ts';
import { type HubFile, readHubFile } from '../hub-file.ts';
import { RpcClient } from './rpc-client.ts';

interface HubConnection {
  readonly client: RpcClient;
  close(): Promise<void>;
}

export type HubConnected =
  | ({ readonly ok: true /** Of a running hub: `http://127.0.0.1:5600/`. */; readonly url?: string } & HubConnection)
  | { readonly ok: false; readonly error: string };

/** A program that does not answer within this time, in milliseconds, is not a hub of this machine. */
const answerMs = 3_000;

/** @returns undefined if no hub runs on the data folder */
export async function connectToRunningHub(
  { data }: Config,
  world: World,
): Promise<({ readonly url: string } & HubConnection) | undefined> {
  const file = await readHubFile(data);
  const running = file === undefined ? undefined : await connectByWebSocket(file, world);
  if (file === undefined || running === undefined) return undefined;
  return { url: file.url.replace(/^ws/, 'http'), ...running };
}

export async function connectToHub(config: Config, world: World): Promise<HubConnected> {
  const running = await connectToRunningHub(config, world);
  if (running !== undefined) return { ok: true, ...running };
  if (config.store === 'memory') {
    return {
      ok: false,
      error: 'No hub runs on this data folder, and HORAI_STORE=memory stores nothing that a command could open.',
    };
  }
  if (config.store === 'sqlite' && !existsSync(config.data)) {
    return { ok: false, error: `There is no hub in ${config.data} yet: run "horai start" first.` };
  }
  const assembled = await assemble(config, world);
  return assembled.ok ? { ok: true, ...openInProcess(assembled.parts, world) } : assembled;
}

/** @returns undefined if no hub there accepts the secret: the file is stale, and another program may have the port */
function connectByWebSocket(file: HubFile, world: World): Promise<HubConnection | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(file.url);
    const client = new RpcClient(file.secret, (text) => socket.send(text));
    const closed = new Promise<void>((resolveClosed) => socket.once('close', () => resolveClosed()));
    const close = () => {
      socket.close();
      return closed;
    };
    const giveUp = world.after(answerMs, () => socket.terminate());
    socket.on('message', (data: Buffer) => client.receive(data.toString()));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => client.close('the hub closed the connection'));
    socket.on('open', async () => {
      const pong = await client.request('ping', {});
      giveUp();
      if (!pong.ok) await close();
      resolve(pong.ok ? { client, close } : undefined);
    });
  });
}

function openInProcess({ hub, accounts, converse }: HubParts, world: World): HubConnection {
  const secret = world.secret();
  accounts.registerProcessSecret(secret);
  const client = new RpcClient(secret, (text) => conversation.receive(text));
  const peer: Peer = {
    name: 'command',
    address: '',
    send(text) {
      client.receive(text);
      return 'sent';
    },
    async stream(pieces) {
      let text = '';
      for await (const piece of pieces) text += piece;
      client.receive(text);
      return true;
    },
    close: (_code, reason) => client.close(reason),
    join: () => undefined,
    leave: () => undefined,
  };
  const conversation = converse(peer, { address: '', host: '', origin: '', authorization: '' });
  const close = () => {
    conversation.closed(true);
    return hub.close();
  };
  return { client, close };
}

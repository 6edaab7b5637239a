// Finds the hub of a data folder: over a WebSocket when it runs, else its store is opened right here and the same
// conversation is held in this process. Either way the commands type the admin verbs and read the answers.

import { existsSync } from 'node:fs';
import { WebSocket } from 'ws';
import { type Assembled, assemble } from '../compose.ts';
import type { Config } from '../config.ts';
import type { Peer } from '../core/peer.ts';
import type { World } from '../core/world.ts';
import { type HubFile, readHubFile } from '../hub-file.ts';
import { Dialogue } from './rpc-client.ts';

interface Hub {
  readonly dialogue: Dialogue;
  close(): Promise<void>;
}

export type Reached = ({ readonly ok: true } & Hub) | { readonly ok: false; readonly error: string };

/** A hub on this machine answers at once, or is none. */
const answerMs = 3_000;

export async function reach(config: Config, world: World): Promise<Reached> {
  const file = await readHubFile(config.data);
  const running = file === undefined ? undefined : await overTheWire(file, world);
  if (running !== undefined) return { ok: true, ...running };
  if (config.store === 'memory') {
    return { ok: false, error: 'No hub runs on this data folder, and HORAI_STORE=memory keeps nothing to work on.' };
  }
  if (config.store === 'sqlite' && !existsSync(config.data)) {
    return { ok: false, error: `There is no hub in ${config.data} yet: run "horai start" once.` };
  }
  const assembled = await assemble(config, world);
  return assembled.ok ? { ok: true, ...inProcess(assembled.parts, world) } : assembled;
}

/** undefined when nobody is there who knows the secret: the file is stale, and the port another program's by now. */
function overTheWire(file: HubFile, world: World): Promise<Hub | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(file.url);
    const dialogue = new Dialogue(file.secret, (text) => socket.send(text));
    const closed = new Promise<void>((gone) => socket.once('close', () => gone()));
    const close = () => {
      socket.close();
      return closed;
    };
    const giveUp = world.after(answerMs, () => socket.terminate());
    socket.on('message', (data: Buffer) => dialogue.hear(data.toString()));
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => dialogue.over('the hub closed the connection'));
    socket.on('open', async () => {
      const pong = await dialogue.ask('ping', {});
      giveUp();
      if (!pong.ok) await close();
      resolve(pong.ok ? { dialogue, close } : undefined);
    });
  });
}

function inProcess({ hub, accounts, converse }: Assembled, world: World): Hub {
  const secret = world.secret();
  accounts.admitProcess(secret);
  const dialogue = new Dialogue(secret, (text) => conversation.receive(text));
  const peer: Peer = {
    name: 'command',
    address: '',
    send(text) {
      dialogue.hear(text);
      return 'sent';
    },
    close: (_code, reason) => dialogue.over(reason),
    join: () => undefined,
    leave: () => undefined,
  };
  const conversation = converse(peer, { address: '', host: '', origin: '', authorization: '' });
  const close = () => {
    conversation.closed(true);
    return hub.close();
  };
  return { dialogue, close };
}

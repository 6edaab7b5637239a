// A channel of a gigabyte is read whole, read after an earlier step, followed, reverted and exported. Each must be complete, and may cost
// the hub a bounded amount of memory. The hub runs as a process with a small heap limit.

import { connect } from 'node:net';
import { HubProcess, Leftovers } from '../../tests/harness/process.ts';
import { Client } from './client.ts';
import { freePort } from './free-port.ts';

export interface LargeChannelProof {
  /** MiB by which the hub grew, at most, and seconds, by what was done. */
  readonly steps: Readonly<Record<string, { readonly memory: number; readonly seconds: number }>>;
  readonly faults: readonly string[];
}

/**
 * MiB of memory that each of the steps may cost. Measured on 30 November 2026 with channels of 48, 200 and 1,024 MiB: read whole 53, 60 and
 * 75, read after a step 43, 72 and 76, followed 52, 56 and 72, exported 20, 25 and 36, reverted 77, 77 and 95. So twenty times the channel
 * costs 20 to 33 MiB more, which is garbage of a longer run.
 */
const allowed = 112;
const heap = 192;
const mebibyte = 1_048_576;
/** A `read-all` without a limit gives 10,000 items: more than a gigabyte has. */
const itemsOfMebibyte = 8;
const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const atOnce = 32;
const channel = 'large';

interface Target {
  readonly url: string;
  readonly kronos: number;
  readonly items: number;
}

/** Works on the channel. @returns the error in the outcome; '' if there is none */
const deeds: Readonly<Record<string, (target: Target) => Promise<string>>> = {
  'is read whole': ({ kronos, items }) => readWhole(kronos, { type: 'read-all', channel }, items),
  'is read after a step': ({ kronos, items }) =>
    readWhole(kronos, { type: 'history', channel, at: items / 2 }, items / 2),
  'is followed': follow,
  'is exported': exportLines,
  'is reverted': revert,
};

/** @param size mebibytes of the channel */
export async function proveLargeChannel(size: number, print: (line: string) => void): Promise<LargeChannelProof> {
  const leftovers = new Leftovers();
  const faults: string[] = [];
  const steps: Record<string, { memory: number; seconds: number }> = {};
  const items = size * itemsOfMebibyte;
  try {
    const folder = leftovers.folder();
    await fill(leftovers, folder, items);
    print(`a channel of ${size} MiB is there`);
    for (const [name, deed] of Object.entries(deeds)) {
      const kronos = await freePort();
      const hub = startHub(leftovers, folder, kronos);
      const url = await hub.up();
      const warm = await Client.webSocket(url);
      await warm.ask({ type: 'login', user_id: owner });
      const [before, began] = [hub.resident, performance.now()];
      let most = before;
      const watch = setInterval(() => {
        most = Math.max(most, hub.resident);
      }, 20);
      const fault = await deed({ url, kronos, items }).catch((error: unknown) => String(error));
      clearInterval(watch);
      const memory = Math.round((most - before) / mebibyte);
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      steps[name] = { memory, seconds };
      print(`a channel of ${size} MiB ${name}: ${memory} MiB, ${seconds} s`);
      if (fault !== '') faults.push(`a channel of ${size} MiB ${name}: ${fault}`);
      if (memory > allowed) faults.push(`a channel of ${size} MiB ${name}: takes ${memory} MiB, more than ${allowed}`);
      warm.cut();
      const { code, err } = await hub.stop();
      if (code !== 0) faults.push(`${name}: the hub ended with ${code}: ${err.slice(-500)}`);
    }
  } finally {
    await leftovers.clear();
  }
  return { steps, faults };
}

function startHub(leftovers: Leftovers, folder: string, kronos: number): HubProcess {
  return new HubProcess(leftovers, {
    HORAI_DATA: folder,
    HORAI_OWNER_TOKEN: owner,
    HORAI_KRONOS_PORT: String(kronos),
    HORAI_LOG: 'warn',
    NODE_OPTIONS: `--max-old-space-size=${heap}`,
  });
}

async function fill(leftovers: Leftovers, folder: string, items: number): Promise<void> {
  const hub = startHub(leftovers, folder, await freePort());
  const client = await Client.webSocket(await hub.up());
  await client.ask({ type: 'login', user_id: owner });
  // As many writes as this are no person's.
  await client.ask({ type: 'limits', name: 'token_rate', size: 'none' });
  const value = 'x'.repeat(130_900);
  let next = 0;
  const write = async () => {
    for (let at = next; at < items; at = next) {
      next += 1;
      const made = await client.ask({ type: 'create', channel, key: keyOf(at), item: `${at} ${value}` });
      if (made?.success !== true) throw new Error(`an item was refused: ${JSON.stringify(made)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, write));
  client.cut();
  await hub.stop();
}

const keyOf = (at: number) => `item ${at}`;
const keyMark = Buffer.from('"key":"item ');

/** Counts the keys in bytes that come in parts, none of which is kept. */
class KeyCounter {
  count = 0;
  #rest = Buffer.alloc(0);

  add(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    for (let at = bytes.indexOf(keyMark); at !== -1; at = bytes.indexOf(keyMark, at + 1)) this.count += 1;
    this.#rest = Buffer.from(bytes.subarray(Math.max(0, bytes.length - keyMark.length + 1)));
  }
}

/** One message that is larger than a text of JavaScript may be. */
function readWhole(port: number, request: object, items: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const counter = new KeyCounter();
    let last = '';
    socket.on('error', reject);
    socket.on('connect', () =>
      socket.write(`{"type":"login","user_id":"${owner}"}\n${JSON.stringify({ ...request, ref: 1 })}\n`),
    );
    socket.on('data', (chunk) => {
      const bytes = Buffer.from(chunk);
      counter.add(bytes);
      last = (last + bytes.toString('latin1')).slice(-4);
      // The answer to the login ends in the same way, but is over before the first key.
      if (counter.count >= items && last.trimEnd().endsWith(']}')) socket.destroy();
    });
    socket.on('close', () => resolve(counter.count === items ? '' : `${counter.count} of ${items} items came`));
  });
}

async function follow({ url, items }: Target): Promise<string> {
  const client = await Client.webSocket(url);
  const keys = new Set<string>();
  await client.ask({ type: 'login', user_id: owner });
  const followed = new Promise<void>((resolve) => {
    client.onMessage = (message) => {
      for (const { key } of message.items ?? message.changes ?? []) keys.add(key);
      if ((message.type === 'snapshot' || message.type === 'changes') && message.more !== true) resolve();
    };
  });
  client.send({ type: 'subscribe', channel });
  await followed;
  client.cut();
  return keys.size === items ? '' : `${keys.size} of ${items} items came`;
}

async function exportLines({ url, items }: Target): Promise<string> {
  const answer = await fetch(`${url}-/export`, { headers: { authorization: `Bearer ${owner}` } });
  const counter = new KeyCounter();
  for await (const chunk of answer.body ?? []) counter.add(Buffer.from(chunk));
  return counter.count === items ? '' : `${counter.count} of ${items} items came`;
}

/** Back to half of it, which removes the rest; and forth, which writes the rest again. */
async function revert({ url, items }: Target): Promise<string> {
  const client = await Client.webSocket(url);
  await client.ask({ type: 'login', user_id: owner });
  for (const [to, left] of [
    [items / 2, items / 2],
    [items, items],
  ] as const) {
    const reverted = await client.ask({ type: 'revert', channel, to });
    if (reverted?.success !== true) return `refused: ${JSON.stringify(reverted)}`;
    const listed = await client.ask({ type: 'channels' });
    const found = listed?.channels?.find((one) => one.channel.endsWith(channel))?.items;
    if (found !== left) return `${found} of ${left} items are there after the revert to ${to}`;
  }
  client.cut();
  return '';
}

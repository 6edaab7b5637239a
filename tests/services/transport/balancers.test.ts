// The balancers of docs/scale.md, run as they are documented: an account stays at one node, and a node that wants no clients gets none.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../harness/eventually.ts';
import { haproxy, nginx, type RunningProxy, startHaproxyBalancer, startNginxBalancer } from '../../harness/proxies.ts';

const limitMs = 60_000;

interface Node {
  readonly name: string;
  readonly server: Server;
  readonly port: number;
  isReady: boolean;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Answers its name, and whether it is ready, as a hub does. */
async function startNode(name: string): Promise<Node> {
  const server = createServer((request, response) => {
    const isHealth = request.url === '/-/health/ready';
    response.writeHead(isHealth && !node.isReady ? 503 : 200).end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node = { name, server, port: portOf(server), isReady: true };
  return node;
}

/** A block of docs/scale.md with the addresses of these nodes. */
function documented(info: string, nodes: readonly Node[]): string {
  const page = readFileSync(new URL('../../../docs/scale.md', import.meta.url), 'utf8');
  const block = new RegExp(`\`\`\`${info}\\n([\\s\\S]*?)\\n\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`docs/scale.md has no block for ${info}`);
  return block.replace(/10\.0\.0\.(\d):5600/g, (_, at) => `127.0.0.1:${nodes[Number(at) - 1]?.port}`);
}

const balancers = nginx === undefined || haproxy === undefined ? describe.skip : describe;

balancers.each([
  ['nginx', startNginxBalancer],
  ['haproxy', startHaproxyBalancer],
] as const)('the documented %s', (name, start) => {
  let nodes: readonly Node[];
  let balancer: RunningProxy;
  beforeAll(async () => {
    nodes = await Promise.all(['a', 'b', 'c'].map(startNode));
    balancer = await start(`${documented(name, nodes)}\n`);
  }, limitMs);
  afterAll(async () => {
    await balancer.stop();
    for (const { server } of nodes) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }, limitMs);

  const nodeOf = async (headers: Readonly<Record<string, string>>) => {
    const response = await fetch(`http://127.0.0.1:${balancer.port}/`, { headers });
    return response.text();
  };

  test.each([
    ['token', (account: number) => ({ authorization: `Bearer secret-${account}` })],
    ['session of a browser', (account: number) => ({ cookie: `other=1; __Host-horai=secret-${account}` })],
  ])('sends everything with one %s to one node, and uses all nodes', async (_, headersOf) => {
    const used = new Set<string>();
    for (let account = 0; account < 40; account += 1) {
      const answers = new Set<string>();
      for (let turn = 0; turn < 3; turn += 1) answers.add(await nodeOf(headersOf(account)));
      expect(answers.size).toBe(1);
      for (const node of answers) used.add(node);
    }
    expect([...used].sort()).toEqual(['a', 'b', 'c']);
  });

  test('sends clients without either to one node', async () => {
    const answers = [await nodeOf({}), await nodeOf({}), await nodeOf({})];
    expect(new Set(answers).size).toBe(1);
  });

  if (name === 'haproxy')
    test(
      'sends nobody to a node that is not ready, and the accounts of other nodes where they were',
      async () => {
        const headers = Array.from({ length: 40 }, (_, account) => ({ authorization: `Bearer secret-${account}` }));
        const before = await Promise.all(headers.map(nodeOf));
        const [first] = nodes;
        if (first === undefined) throw new Error('there is no node');
        first.isReady = false;
        await eventually(async () => {
          const after = await Promise.all(headers.map(nodeOf));
          return !after.includes('a') && before.every((node, at) => node === 'a' || after[at] === node);
        }, 'the node to get no requests, and the others theirs');
      },
      limitMs,
    );
});

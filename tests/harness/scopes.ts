// The data of the test of all routes with all scopes: an account with a word of its own in each of its channels, and requests that go
// through the hub's route table without a socket.

import { isAllowed } from '../../server/core/access.ts';
import type { Accounts } from '../../server/core/accounts.ts';
import type { Hub } from '../../server/core/hub.ts';
import { Router } from '../../server/http/router.ts';
import type { Reply, Route } from '../../server/http/types.ts';

export interface Called {
  readonly status: number;
  readonly text: string;
}

export interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls a route as a request would, and reads a stream up to what it sends at once. */
export type Call = (method: string, url: string, options?: CallOptions) => Promise<Called>;

export function callRoutes(routes: readonly Route[]): Call {
  const router = new Router(routes);
  return async (method, url, { token, body, headers = {} } = {}) => {
    const [path = '', query = ''] = url.split('?', 2);
    const found = router.find(method, path);
    if (!found.ok) return textOf(found.reply);
    const sent = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json';
    const authorization = token === undefined ? '' : `Bearer ${token}`;
    return textOf(
      await found.route.handle({
        method,
        path,
        query,
        headers: new Map(Object.entries({ 'content-type': type, 'user-agent': 'test', ...headers })),
        body: Buffer.from(sent),
        params: found.params,
        address: '10.0.0.1',
        host: 'hub.test',
        origin: '',
        authorization,
        aborted: () => false,
      }),
    );
  };
}

type Answer = Awaited<ReturnType<Route['handle']>>;

async function textOf(answer: Answer | Reply): Promise<Called> {
  const headers = JSON.stringify(answer.headers);
  if ('body' in answer) return { status: answer.status, text: headers + Buffer.from(answer.body).toString() };
  let text = headers;
  if ('chunks' in answer) for await (const chunk of answer.chunks) text += Buffer.from(chunk).toString();
  else {
    const conversation = answer.open({
      name: 'test',
      address: '10.0.0.1',
      send: (sent) => {
        text += sent;
        return 'sent';
      },
      stream: async (pieces) => {
        for await (const piece of pieces) text += piece;
        return true;
      },
      close: () => undefined,
      join: () => undefined,
      leave: () => undefined,
    });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    conversation.closed(true);
  }
  return { status: answer.status, text };
}

/** Words that an account's data contains, with the channels any of which shows the word. */
export const canaries: Readonly<Record<string, readonly string[]>> = {
  'canary-tasks': ['tasks'],
  'canary-notes': ['notes'],
  'canary-entries': ['entries'],
  'canary-projects': ['projects'],
  'canary-rules': ['rules'],
  // Goals name their owner.
  'canary-settings': ['settings', 'wakatime', 'goals'],
  'canary-wakatime': ['wakatime'],
  'canary-goals': ['goals', 'wakatime'],
  'canary-custom': ['settings', 'wakatime'],
  'canary-external': ['external_durations', 'wakatime'],
  'canary-commits': ['commits', 'wakatime'],
  'canary-shares': ['wakatime'],
  'canary-orgs': ['wakatime'],
  'canary-boards': ['wakatime'],
  'canary-apps': ['wakatime'],
  'canary-bucket': ['aw/bucket-one'],
  'canary-classes': ['aw'],
};

/** The values of path parameters, by name. */
export type Ids = Readonly<Record<string, string>>;

export interface SeededAccount {
  readonly name: string;
  /** A token that may read and write. */
  readonly full: string;
  readonly ids: Ids;
  /** The words that a token with these scopes may see. */
  mayShow(scopes: readonly string[]): (word: string) => boolean;
}

/** Creates an account with data in each kind of channel, made by the routes themselves where one makes it. */
export async function seedAccount(hub: Hub, accounts: Accounts, call: Call, name: string): Promise<SeededAccount> {
  const made = await accounts.createAccount(name);
  if (!made.ok) throw new Error(made.error);
  const full = made.secret;
  const now = hub.world.now();
  const send = async (method: string, url: string, body: unknown): Promise<string> => {
    const answer = await call(method, url, { token: full, body });
    if (answer.status >= 300) throw new Error(`${method} ${url}: ${answer.status} ${answer.text}`);
    return answer.text;
  };
  const at = (path: string): string => `/api/v1/users/current/${path}`;
  const idIn = (text: string): string => /"id":"([^"]+)"/.exec(text)?.[1] ?? '';
  const write = async (channel: string, key: string, value: unknown, span = {}): Promise<void> => {
    const op = { op: 'put', key, value: JSON.stringify(value), ...span } as const;
    await (await hub.channel(`${name}/${channel}`)).write({ ops: [op], origin: 'seed', at: now });
  };
  const end = now * 1_000;
  await write('tasks', 'task-one', { id: 1, desc: 'canary-tasks', tags: ['canary-tasks'], active: now / 1_000 - 600 });
  await write('notes', 'note-one', 'canary-notes');
  await write('entries', 'canary-entries', { text: 'canary-entries' }, { time: end - 3_600_000_000, end });
  await write('projects', 'canary-projects', {});
  await write('rules', 'canary-rules', { when: { title: { is: 'canary-rules' } }, project: 'canary-rules' });
  await write('settings', 'wakatime', { full_name: 'canary-settings' });
  const beats = [60, 120, 180].map((ago) => ({
    entity: '/home/canary-wakatime.ts',
    type: 'file',
    category: 'coding',
    time: now / 1_000 - ago,
    project: 'canary-wakatime',
    branch: 'canary-wakatime',
    language: 'canary-wakatime',
  }));
  await send('POST', at('heartbeats.bulk'), beats);
  const goal = idIn(await send('POST', at('goals'), { title: 'canary-goals', delta: 'day', seconds: 60 }));
  const rule = idIn(
    await send('PUT', at('custom_rules'), [
      {
        name: 'canary-custom',
        if_match: [{ field: 'entity', operator: 'contains', value: 'canary-custom' }],
        then_set: [{ field: 'project', value: 'canary-custom' }],
      },
    ]),
  );
  await send('POST', at('external_durations'), {
    external_id: 'external-one',
    entity: 'canary-external',
    type: 'app',
    category: 'meeting',
    start_time: now / 1_000 - 9_000,
    end_time: now / 1_000 - 8_000,
  });
  const hash = '0123456789abcdef';
  await send('POST', at('projects/canary-wakatime/commits'), {
    commits: [{ hash, message: 'canary-commits', author_name: 'a', author_date: new Date(now - 90_000).toISOString() }],
  });
  const share = idIn(
    await send('POST', at('shares'), { type: 'projects', range: 'last_7_days', title: 'canary-shares' }),
  );
  const dump = idIn(await send('POST', at('data_dumps'), { type: 'heartbeats' }));
  const org = idIn(await send('POST', at('orgs'), { name: 'canary-orgs' }));
  const dashboard = idIn(await send('POST', at(`orgs/${org}/dashboards`), { full_name: 'canary-orgs' }));
  const board = idIn(await send('POST', at('private_leaderboards'), { name: 'canary-boards' }));
  const app = idIn(
    await send('POST', at('oauth_apps'), { name: 'canary-apps', redirect_uris: ['https://example.org/back'] }),
  );
  await send('POST', '/api/0/buckets/bucket-one', { type: 'currentwindow', client: 'c', hostname: 'canary-bucket' });
  await send('POST', '/api/0/buckets/bucket-one/events', {
    timestamp: new Date(now - 7_200_000).toISOString(),
    duration: 60,
    data: { app: 'canary-bucket', title: 'canary-bucket' },
  });
  // The hub makes the key of the account's privacy rules at the first import.
  await send('POST', '/api/0/import', { buckets: {} });
  await send('POST', '/api/0/settings/classes', [{ name: ['canary-classes'], rule: { type: 'none' } }]);
  const ids = { goal, rule, share, dump, org, dashboard, board, app, hash, user: 'current', member: name };
  return {
    name,
    full,
    ids,
    mayShow(scopes) {
      const identity = { account: name, device: '', token: 't', scopes };
      return (word) => (canaries[word] ?? []).some((channel) => isAllowed(identity, 'read', `${name}/${channel}`));
    },
  };
}

/** The last steps of the channels of an account, and of those about apps, organisations, leaderboards and tokens. */
export async function stepsOf(hub: Hub, account: string): Promise<ReadonlyMap<string, number>> {
  const shared = ['apps', 'grants', 'codes', 'orgs', 'leaderboards', 'accounts', 'tokens'].map((one) => `@hub/${one}`);
  return new Map((await hub.store.heads(shared, [`${account}/`])).map(({ channel, seq }) => [channel, seq]));
}

/** Stops a hub whose clock stands still: what waits for a timer goes on. */
export async function stopHub(hub: { stop(): Promise<void> }, world: { pass(ms: number): void }): Promise<void> {
  let isOver = false;
  const stopping = hub.stop().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    world.pass(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await stopping;
}

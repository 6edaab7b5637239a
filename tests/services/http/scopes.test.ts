// Every route with every kind of scope, in both directions. The rows come from the hub's route table, so a new route is in here by itself:
// what it needs but the table below lacks fails the test. A token sees the data of the channels that it may read and no other, changes the
// channels that it may write and no other; what it made opens no more than the token itself.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { assemble, type HubParts, openPorts, type RunningHub } from '../../../server/compose.ts';
import { isAllowed } from '../../../server/core/access.ts';
import type { Route, RouteDoc } from '../../../server/http/types.ts';
import { testConfig } from '../../harness/compose.ts';
import { type Message, Switchboard, Wire } from '../../harness/kronos.ts';
import {
  type Call,
  type Called,
  type CallOptions,
  callRoutes,
  canaries,
  seedAccount,
  stepsOf,
  stopHub,
} from '../../harness/scopes.ts';
import { TestWorld } from '../../harness/world.ts';

interface Row {
  readonly method: string;
  readonly path: string;
  readonly doc: RouteDoc | undefined;
}

let parts: HubParts;
let running: RunningHub;
let call: Call;
let rows: readonly Row[];
const world = new TestWorld(7, Date.UTC(2026, 0, 5, 12));

beforeAll(async () => {
  const config = testConfig({ hosts: ['hub.test'] });
  const assembled = await assemble(config, world);
  if (!assembled.ok) throw new Error(assembled.error);
  parts = assembled.parts;
  const opened = await openPorts(parts, config, world);
  if (!opened.ok) throw new Error(opened.error);
  running = opened.hub;
  call = callRoutes(running.routes);
  rows = rowsOf(running.routes);
});

afterAll(() => stopHub(running, world));

/** One row for each route: the same route under another prefix is the same row. */
function rowsOf(routes: readonly Route[]): readonly Row[] {
  const order = ['GET', 'POST', 'PUT', 'DELETE'];
  const seen = new Set<unknown>();
  const picked: Row[] = [];
  for (const { method, path, doc } of routes) {
    if (method === '*' || method === 'OPTIONS' || path.includes('//') || /.\/$/.test(path)) continue;
    if (doc !== undefined && doc !== 'unlisted') {
      if (seen.has(doc)) continue;
      seen.add(doc);
    }
    picked.push({ method, path, doc: doc === 'unlisted' ? undefined : doc });
  }
  return picked.sort((a, b) => order.indexOf(a.method) - order.indexOf(b.method));
}

const noon = Date.UTC(2026, 0, 5, 12);
const day = '2026-01-05';
const span = { time: noon * 1_000 - 60_000_000, end: noon * 1_000 };

/** Bodies for the routes whose own example does not fit this account; the others are sent their example. */
const bodies: Readonly<Record<string, unknown>> = {
  'POST /-/entries': { do: 'add', from: span.time, to: span.end, item: { text: 'new' } },
  'POST /-/projects': { do: 'rename', from: 'canary-projects', to: 'renamed' },
  'POST /-/questions': { key: 'none', answer: 'dismiss' },
  'POST /-/suggestions': { do: 'accept', date: day, key: 'none' },
  // Refused for the address, so that this test calls nobody.
  'POST /-/calendars': { name: 'x', url: 'https://127.0.0.1/' },
  'POST /-/webhooks': { name: 'x', url: 'https://127.0.0.1/', channels: ['tasks'] },
  'POST /-/relays': { name: 'x', url: 'https://127.0.0.1/', key: 'k' },
  'POST /-/edge/:bucket': { write_id: 'w', about: { type: 'currentwindow' }, events: [], removed: [] },
  'POST /-/activitywatch/buckets/:id/host': { hostname: 'other' },
  'POST /-/activitywatch/buckets/:id/rename': { to: 'bucket-two' },
  'POST /-/activitywatch/buckets/:id/join': { into: 'bucket-three' },
  'POST /api/0/query': {
    timeperiods: [`${day}T00:00:00Z/${day}T23:59:00Z`],
    query: ['RETURN = query_bucket("bucket-one");'],
  },
  'POST /oauth/token': 'grant_type=authorization_code&code=none',
  'POST /oauth/revoke': 'token=none',
  'POST /oauth/authorize': 'client_id=none',
};

/** The heartbeats that plugins complete from the last ones show what they were completed with only to a reader. */
const beat = {
  entity: '/x.ts',
  type: 'file',
  category: 'coding',
  time: noon / 1_000 - 30,
  project: '<<LAST_PROJECT>>',
  branch: '<<LAST_BRANCH>>',
  language: '<<LAST_LANGUAGE>>',
};

const queries: Readonly<Record<string, string>> = {
  durations: `date=${day}`,
  heartbeats: `date=${day}`,
  external_durations: `date=${day}`,
  summaries: `start=${day}&end=${day}`,
  days: `from=${day}&to=${day}`,
  summary: 'interval=today',
  'bucket-one': 'force=1',
};

function requestOf({ method, path, doc }: Row, ids: Readonly<Record<string, string>>): { url: string; body: unknown } {
  const name = `${method} ${path.replace(/^\/api\/v1/, '')}`;
  const params: Readonly<Record<string, string>> = {
    ...ids,
    id: 'bucket-one',
    bucket: 'bucket-one',
    event: '1',
    key: 'classes',
    change: 'none',
    date: day,
    range: 'last_7_days',
    type: 'projects',
    project: 'canary-wakatime',
    room: 'some-room',
    account: ids['member'] ?? '',
    name: 'owner',
    // The ids of links open them for everybody who knows them.
    file: 'none.json',
    badge: 'none.svg',
    dump: 'none',
  };
  const filled = (doc?.shownAs ?? path)
    .replace(/:channel/, 'tasks')
    .replace(/:([a-z_]+)/g, (_, param: string) => {
      const value = params[param];
      if (value === undefined) throw new Error(`${name}: add a value for :${param}`);
      return value;
    })
    .replace(/\*$/, 'interval:last_7_days');
  const query = queries[filled.split('/').at(-1) ?? ''];
  const isBeat = /\/heartbeats?(\.bulk)?$/.test(path) && method === 'POST';
  const example = isBeat ? (path.endsWith('bulk') ? [beat] : beat) : (bodies[name] ?? doc?.body?.example);
  return { url: query === undefined ? filled : `${filled}?${query}`, body: method === 'GET' ? undefined : example };
}

/** Requests without a token for everything that an answer may have opened, and with it for what may have moved. */
async function openAll({ text }: Called, account: string, token: CallOptions): Promise<readonly string[]> {
  const secrets = [...text.matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{18,}/g)].map(([found]) => found);
  const urls = [...text.matchAll(/https?:\/\/hub\.test(\/[^"\\ ]+)/g)].map(([, found = '']) => found);
  const guesses = [...new Set(secrets)].flatMap((secret) => [
    `/share/@${account}/${secret}.json`,
    `/share/@${account}/${secret}.svg`,
    `/badge/svg/@${account}/${secret}.svg`,
    `/api/v1/users/${account}/data_dumps/${secret}/file`,
    ...['tasks', 'wakatime/today', 'notes', 'aw/bucket-one'].map(
      (name) => `/-/channels/${name}/events?ticket=${secret}`,
    ),
  ]);
  const opened: string[] = [];
  for (const url of [...urls, ...guesses]) opened.push((await call('GET', url)).text);
  for (const url of ['buckets', 'export', 'buckets/bucket-two/events', 'buckets/bucket-three/events']) {
    opened.push((await call('GET', `/api/0/${url}`, token)).text);
  }
  return opened;
}

const names = Object.keys(canaries);
const covers = (scopes: readonly string[], needed: string, account: string): boolean => {
  const [verb, channel] = [needed.startsWith('write') ? 'write' : 'read', needed.split(':')[1]] as const;
  if (needed === 'none') return true;
  if (needed === 'admin') return scopes.includes('admin');
  if (channel === undefined) return scopes.includes(verb);
  const full = `${account}/${channel.replace('<channel>', 'tasks').replace('aw/*', 'aw/bucket-one')}`;
  return isAllowed({ account, device: '', token: '', scopes }, verb, full);
};

/** Routes that tell strangers what an account shares with everybody, and lists of the buckets that a token may read. */
const answersStrangers = /^GET (?:\/api\/v1\/users\/:user(?:\/stats(?:\/:range)?)?|\/api\/0\/(?:buckets|export))$/;

const kinds: readonly (readonly string[])[] = [
  [],
  ['read'],
  ['write'],
  ['read', 'write'],
  ['admin'],
  ['read:tasks'],
  ['read:notes', 'write'],
  ['read:wakatime', 'write:wakatime'],
  ['read:goals', 'read:entries', 'read:rules'],
  ['read:aw/*'],
  ['write', 'read:aw/bucket-two', 'read:aw/bucket-three'],
  ['read:aw/bucket-one', 'write:tasks'],
  ['write:wakatime'],
  ['write:aw/*', 'write:aw'],
  ['write:shares', 'write:dumps', 'write:settings'],
  ['write:entries', 'write:projects', 'write:rules', 'write:questions', 'write:suggestions'],
  ['write:*'],
];

describe('every route of the table', () => {
  test('says in its reference which scopes it needs', () => {
    const scope = /^(?:none|admin|(?:read|write)(?::\S+)?(?: (?:read|write)(?::\S+)?)*)$/;
    const wrong = rows.filter(({ doc }) => doc !== undefined && !scope.test(doc.scope));
    expect(wrong.map(({ method, path, doc }) => `${method} ${path}: ${doc?.scope}`)).toEqual([]);
    expect(rows.length).toBeGreaterThan(150);
  });

  test.each(
    kinds.map((scopes) => [scopes.join(' ') || 'no token', scopes] as const),
  )('with %s reads and changes what the scopes say, and no more by what it makes', async (_, scopes) => {
    const account = `a${kinds.indexOf(scopes)}`;
    const seeded = await seedAccount(parts.hub, parts.accounts, call, account);
    const made = scopes.length === 0 ? undefined : await parts.accounts.createToken(account, 't', scopes);
    if (made?.ok === false) throw new Error(made.error);
    const token = made?.ok === true ? { token: made.secret } : {};
    const mayShow = seeded.mayShow(scopes);
    const hidden = names.filter((word) => !mayShow(word));
    const may = (verb: 'read' | 'write', channel: string) =>
      isAllowed({ account, device: '', token: 't', scopes }, verb, `${account}/${channel}`);
    const mayChange = (channel: string): boolean => {
      if (channel === '@hub/tokens' || channel === '@hub/accounts') return scopes.includes('admin');
      if (channel.startsWith('@')) return may('read', 'wakatime') && may('write', 'wakatime');
      const name = channel.slice(account.length + 1);
      // Links and settings of coding time are written by its own endpoints, the last two by the hub itself.
      if (['shares', 'dumps', 'settings'].includes(name) && may('read', 'wakatime') && may('write', 'wakatime'))
        return true;
      return may('write', name) || name.startsWith('day/') || name === 'wakatime/today';
    };
    const wrong: string[] = [];
    let before = await stepsOf(parts.hub, account);
    for (const row of rows) {
      const { url, body } = requestOf(row, seeded.ids);
      const sent = url.replaceAll('canary-wakatime', '').replaceAll('canary-projects', '') + JSON.stringify(body ?? '');
      const answer = await call(row.method, url, { ...token, body });
      const where = `${row.method} ${row.path} (${answer.status})`;
      const shown = (text: string) => hidden.filter((word) => text.includes(word) && !sent.includes(word));
      const echoed = row.path.includes(':project') ? answer.text.replaceAll('canary-wakatime', '') : answer.text;
      for (const word of shown(echoed)) wrong.push(`${where} shows ${word}`);
      const makes = row.method !== 'GET' || row.path.includes('link');
      for (const text of makes ? await openAll(answer, account, token) : []) {
        for (const word of shown(text)) wrong.push(`what ${where} made shows ${word}`);
      }
      const after = await stepsOf(parts.hub, account);
      for (const [channel, seq] of after) {
        if (before.get(channel) !== seq && !mayChange(channel)) wrong.push(`${where} changes ${channel}`);
      }
      before = after;
      if (answer.status >= 500) wrong.push(`${where} fails`);
      const needed = row.doc?.scope.split(' ') ?? ['none'];
      const isCovered = needed.every((one) => covers(scopes, one, account));
      const resource = /(?:goals|commits|external_durations)/.exec(row.path)?.[0];
      if (resource !== undefined && may(row.method === 'GET' ? 'read' : 'write', resource)) continue;
      const isPart = needed.some((one) => !one.includes(':') && scopes.some((scope) => scope.startsWith(`${one}:`)));
      const isRefused = answer.status === 401 || answer.status === 403;
      if (isCovered && isRefused && !needed.includes('none')) wrong.push(`${where} is refused: ${answer.text}`);
      if (isCovered || isPart || answersStrangers.test(`${row.method} ${row.path}`)) continue;
      if (answer.status < 400) wrong.push(`${where} is not refused, but needs ${needed.join(' ')}`);
    }
    expect(wrong).toEqual([]);
  });
});

/** A path over HTTP that shows a channel, by the channel. */
const shownAt: Readonly<Record<string, string>> = {
  goals: '/api/v1/users/current/goals',
  external_durations: `/api/v1/users/current/external_durations?date=${day}`,
  commits: '/api/v1/users/current/projects/canary-wakatime/commits',
  wakatime: `/api/v1/users/current/heartbeats?date=${day}`,
  'aw/bucket-one': '/api/0/buckets/bucket-one/events',
  aw: '/api/0/settings',
  tasks: '/-/channels/tasks/events',
};

describe('one token', () => {
  test.each(
    kinds.slice(1).map((scopes) => [scopes.join(' '), scopes] as const),
  )('[S7.2] with %s may read and write the same channels on the wire, in an event stream and over HTTP', async (_, scopes) => {
    const account = `w${kinds.indexOf(scopes)}`;
    await seedAccount(parts.hub, parts.accounts, call, account);
    const made = await parts.accounts.createToken(account, 't', scopes);
    if (!made.ok) throw new Error(made.error);
    const token = made.secret;
    const wire = new Wire(new Switchboard(), 'peer');
    wire.conversation = parts.converse(wire, { address: '10.0.0.2', host: 'hub.test', origin: '', authorization: '' });
    await wire.ask({ type: 'login', user_id: token, device_id: account, version: 0 });
    const isForbidden = async (message: object): Promise<boolean> =>
      (await wire.ask(message)).some((answer: Message) => answer.code === 'forbidden');
    const channels = [...new Set(Object.values(canaries).flat()), 'shares', 'dumps', 'day/2026-01-05'];
    const seen: unknown[] = [];
    const expected: unknown[] = [];
    for (const channel of channels) {
      const who = { account, device: '', token: 't', scopes };
      const [read, write] = (['read', 'write'] as const).map((verb) => isAllowed(who, verb, `${account}/${channel}`));
      const path = shownAt[channel];
      const stream = (await call('GET', `/-/channels/${channel}/events`, { token })).status;
      const http = path === undefined ? undefined : (await call('GET', path, { token })).status;
      seen.push([
        channel,
        !(await isForbidden({ type: 'read-all', channel })),
        stream === 200,
        http === undefined ? read : http === 200,
        !(await isForbidden({ type: 'delete', channel, key: 'none', ref: 1 })),
      ]);
      expected.push([channel, read, read, read, write]);
    }
    expect(seen).toEqual(expected);
  });

  test('that may only write opens nothing by writing links or settings on the wire', async () => {
    const seeded = await seedAccount(parts.hub, parts.accounts, call, 'linked');
    const made = await parts.accounts.createToken('linked', 't', ['write', 'write:settings', 'read:shares']);
    if (!made.ok) throw new Error(made.error);
    const wire = new Wire(new Switchboard(), 'peer');
    wire.conversation = parts.converse(wire, { address: '10.0.0.2', host: 'hub.test', origin: '', authorization: '' });
    await wire.ask({ type: 'login', user_id: made.secret, device_id: 'linked', version: 0 });
    const shared = { logged_time_public: true, languages_used_public: true, projects_used_public: true };
    const answers = await wire.ask(
      { type: 'create', channel: 'shares', key: 'known', item: { type: 'projects' }, ref: 1 },
      { type: 'write-all', channel: 'dumps', items: [{ key: 'known', item: { type: 'heartbeats' } }], ref: 2 },
      { type: 'update', channel: 'settings', key: 'wakatime', item: shared, ref: 3 },
      { type: 'read-all', channel: 'shares', ref: 4 },
    );
    expect(answers.map(({ code }: Message) => code)).toEqual(['forbidden', 'forbidden', 'forbidden', 'forbidden']);
    for (const url of [
      '/share/@linked/known.json',
      '/api/v1/users/linked/data_dumps/known/file',
      '/api/v1/users/linked',
    ]) {
      expect((await call('GET', url)).text).not.toContain('canary');
    }
    expect(seeded.mayShow(['write'])('canary-wakatime')).toBe(false);
  });
});

// Nothing that a rule hides leaves the machine: the tests search all bytes that the edge sends to the hub. tests/unit/http tests the effect of
// rules on values.

import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { realWorld } from '../../../server/world.ts';
import { startComposed } from '../../harness/compose.ts';
import { ask, drained, ownerToken, startEdge, tokenFor, Wire } from '../../harness/edge.ts';
import { Leftovers } from '../../harness/process.ts';

const leftovers = new Leftovers();
const closing: (() => Promise<void> | void)[] = [];
const secret = `secret${randomUUID()}`;
const plain = `plain${randomUUID()}`;

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await leftovers.clear();
});

async function startEdgeWithRules(rules: unknown) {
  const hub = await startComposed({ ownerToken });
  closing.push(() => hub.stop());
  const wire = await Wire.open(() => Number(new URL(hub.url).port));
  closing.push(() => wire.close());
  const file = join(leftovers.folder(), 'rules.json');
  const write = (value: unknown) => writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  write(rules);
  const { secret: token } = await tokenFor(hub.url, 'laptop');
  const quick = realWorld('silent');
  const world = { ...quick, after: (ms: number, act: () => void) => quick.after(ms / 20, act) };
  const edge = await startEdge(wire.url, token, { timeoutMs: 5_000, rules: file }, world);
  closing.push(() => edge.stop());
  const sent = () => Buffer.concat(wire.passed).toString('latin1');
  return { hub, edge, write, file, sent };
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 5, 12, 0, second)).toISOString();
const heartbeat = (bucket: string) => `/api/0/buckets/${bucket}/heartbeat?pulsetime=5`;
const bulk = '/api/v1/users/current/heartbeats.bulk';
const now = Date.now() / 1_000;

test('titles, addresses, whole events and file names are hidden, on every way out', async () => {
  const { hub, edge, sent } = await startEdgeWithRules([
    { bucket_type: 'currentwindow', field: 'title', pattern: secret, action: 'redact', part: true },
    { bucket_prefix: 'aw-watcher-web', field: 'url', pattern: secret, action: 'drop' },
    { field: 'token', action: 'remove' },
    { bucket_type: 'wakatime', field: 'entity', pattern: secret, action: 'hash' },
    { bucket_type: 'wakatime', field: 'project', pattern: secret, action: 'drop' },
  ]);
  const window = 'aw-watcher-window_box';
  await ask(edge.url, 'POST', `/api/0/buckets/${window}`, { client: 'c', type: 'currentwindow', hostname: 'box' });
  await ask(edge.url, 'POST', heartbeat(window), { timestamp: at(0), data: { app: plain, title: `a ${secret}` } });
  await ask(edge.url, 'POST', heartbeat(window), { timestamp: at(3), data: { app: plain, title: `a ${secret}` } });
  await ask(edge.url, 'POST', `/api/0/buckets/${window}/events`, [
    { timestamp: at(30), duration: 1, data: { app: plain, title: 'b', token: secret } },
  ]);
  await ask(edge.url, 'POST', heartbeat('aw-watcher-web-firefox'), { timestamp: at(0), data: { url: secret } });
  await ask(edge.url, 'POST', '/api/0/import', {
    buckets: {
      old: {
        id: 'old',
        type: 'currentwindow',
        client: 'c',
        hostname: 'box',
        events: [{ timestamp: at(1), data: { title: secret } }],
      },
    },
  });
  await ask(edge.url, 'POST', bulk, [
    { entity: `/home/${secret}/a.go`, type: 'file', time: now - 60, project: plain },
    { entity: '/home/b.go', type: 'file', time: now - 50, project: secret },
  ]);
  await drained(edge.url);
  for (const path of ['/api/0/buckets/', `/api/0/buckets/${window}/events`, '/api/0/export']) {
    await ask(edge.url, 'GET', path);
  }
  await drained(edge.url);

  expect(sent()).toContain(plain);
  expect(sent()).not.toContain(secret);
  const there = await ask(hub.url, 'GET', `/api/0/buckets/${window}/events`);
  expect(there.value).toMatchObject([
    { duration: 1, data: { app: plain, title: 'b' } },
    { duration: 3, data: { app: plain, title: 'a [redacted]' } },
  ]);
  expect((await ask(hub.url, 'GET', '/api/0/buckets/aw-watcher-web-firefox/events/count')).value).toBe(0);
  const date = new Date((now - 60) * 1_000).toISOString().slice(0, 10);
  const beats = await ask(hub.url, 'GET', `/api/v1/users/current/heartbeats?date=${date}`);
  expect(beats.value.data).toMatchObject([{ entity: expect.stringMatching(/^[0-9a-f]{16}$/), project: plain }]);
});

test('while the file is invalid or missing, the edge sends nothing and reports it', async () => {
  const { hub, edge, write, file, sent } = await startEdgeWithRules(
    '[{"field": "title", "pattern": "(", "action": "drop"}]',
  );
  expect(edge.printed.join('\n')).toMatch(/Nothing is sent to the hub: .*rules\.json: rule 1: pattern/);
  const bucket = heartbeat('b_box');
  expect((await ask(edge.url, 'POST', bucket, { timestamp: at(0), data: { title: secret } })).status).toBe(200);
  expect((await ask(edge.url, 'GET', '/-/health')).value).toMatchObject({ rules: expect.stringMatching(/rule 1/) });
  expect(sent()).not.toContain('b_box');
  // The edge still serves the event itself.
  expect((await ask(edge.url, 'GET', '/api/0/buckets/b_box/events')).value).toHaveLength(1);

  const rules = [{ field: 'title', pattern: secret, action: 'redact' }];
  write(rules);
  await drained(edge.url);
  expect(sent()).not.toContain(secret);
  expect((await ask(hub.url, 'GET', '/api/0/buckets/b_box/events')).value).toMatchObject([
    { data: { title: '[redacted]' } },
  ]);

  rmSync(file);
  await ask(edge.url, 'POST', bucket, { timestamp: at(60), data: { title: 'later' } });
  expect((await ask(edge.url, 'GET', '/-/health')).value.waiting).toBe(1);
  write([...rules, { field: 'title', pattern: 'later', action: 'drop' }]);
  await drained(edge.url);
  expect(sent()).not.toContain('later');
  expect((await ask(hub.url, 'GET', '/api/0/buckets/b_box/events/count')).value).toBe(1);
});

// Data that a merged day never shows: data that the token may not read, that privacy filters removed at the hub or at an edge, and anything of
// another account but the name that a person typed in a room.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { realWorld } from '../../../server/world.ts';
import { startComposed } from '../../harness/compose.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { ask, drained, ownerToken, startEdge, tokenFor } from '../../harness/edge.ts';
import { eventually } from '../../harness/eventually.ts';
import { Leftovers } from '../../harness/process.ts';

const leftovers = new Leftovers();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await leftovers.clear();
});

const minute = 60_000_000;
const bucket = 'aw-watcher-window_laptop';
const filters = [
  { enabled: true, field: 'title', pattern: '(?i)secret', action: 'redact', replacement: 'private' },
  { enabled: true, field: 'app', pattern: '^KeePass', action: 'drop' },
];

async function dayHub(): Promise<DayHub> {
  const hub = await DayHub.start();
  closing.push(() => hub.close());
  return hub;
}

describe('a merged day', () => {
  test('has nothing of an event that the hub’s filter removed', async () => {
    const hub = await dayHub();
    await hub.post('/api/0/settings/privacy_filters', filters);
    await hub.events(bucket, 'currentwindow', [
      ['09:00', '09:30', { app: 'KeePassXC', title: 'Passwords' }],
      ['10:00', '10:20', { app: 'code', title: 'a SECRET plan' }],
    ]);
    const rule = { when: { title: { is: 'private' } }, project: 'hidden' };
    await hub.write({ type: 'create', channel: 'rules', key: 'r', item: rule });
    const day = await hub.day();
    expect([day.total / minute, day.projects[0]?.project]).toEqual([20, 'hidden']);
    expect(JSON.stringify(day)).not.toMatch(/KeePass|Passwords|SECRET/);
  });

  test('has nothing of an event that an edge’s filter removed', async () => {
    const hub = await startComposed({ ownerToken });
    closing.push(() => hub.stop());
    const file = join(leftovers.folder(), 'rules.json');
    writeFileSync(file, JSON.stringify(filters));
    const { secret } = await tokenFor(hub.url, 'laptop');
    const quick = realWorld('silent');
    const world = { ...quick, after: (ms: number, act: () => void) => quick.after(ms / 20, act) };
    const edge = await startEdge(hub.url, secret, { timeoutMs: 5_000, rules: file }, world);
    closing.push(() => edge.stop());
    await ask(edge.url, 'POST', `/api/0/buckets/${bucket}`, { client: 'c', type: 'currentwindow', hostname: 'laptop' });
    await ask(edge.url, 'POST', `/api/0/buckets/${bucket}/events`, [
      { timestamp: '2026-01-05T09:00:00Z', duration: 1_800, data: { app: 'KeePassXC', title: 'Passwords' } },
      { timestamp: '2026-01-05T10:00:00Z', duration: 1_200, data: { app: 'code', title: 'a SECRET plan' } },
    ]);
    await drained(edge.url);
    const { value, text } = await ask(hub.url, 'GET', '/-/day/2026-01-05', undefined, {
      authorization: `Bearer ${secret}`,
    });
    expect(value.total / minute).toBe(20);
    expect(text).not.toMatch(/KeePass|Passwords|SECRET/);
  });

  test('shows of another account’s mob time nothing but the name that was typed in the room', async () => {
    const hub = await dayHub();
    await hub.write({ type: 'account', name: 'bob' });
    const { secret } = await hub.write({ type: 'token', account: 'bob', name: 'laptop', scopes: ['read', 'write'] });
    const headers = { authorization: `Bearer ${secret}` };
    await hub.write({ type: 'create', channel: 'bob/settings', key: 'mob_names', item: ['bobby'] });
    await hub.write({ type: 'create', channel: 'settings', key: 'mob_names', item: ['annie'] });
    await hub.write({
      type: 'create',
      channel: 'entries',
      key: 'e1',
      item: { project: 'diary', text: 'of the owner' },
      time: hub.us('08:00'),
      end: hub.us('08:10'),
    });
    const put = (user: string) =>
      fetch(new URL('/garden', hub.node.hub.url), {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ timer: 10, user }),
      });
    await put('annie');
    hub.moveTo('08:10');
    await put('bobby');
    hub.moveTo('08:30');
    const his = () => hub.get('/-/day/2026-11-28', 200, headers);
    await eventually(async () => (await his()).total === 10 * minute, 'the turn is copied');
    const day = await his();
    expect(day.segments.map(({ lane, source }: { lane: string; source: string }) => [lane, source])).toEqual([
      ['mob', 'mob/garden'],
    ]);
    expect(JSON.stringify(day)).not.toMatch(/owner|annie|diary|entries/);
    const items = await hub.node.store.read('bob/mob_turns', {});
    expect(items.map(({ value }) => JSON.parse(value))).toEqual([{ room: 'garden', name: 'bobby', typist: 'bobby' }]);
    expect((await hub.day()).total).toBe(20 * minute);
  });
});

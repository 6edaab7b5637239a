// Today's summary as a channel over a real WebSocket: the messages that a following dashboard receives, and when.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Guest } from '../../../harness/clients.ts';
import { beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
});
afterEach(() => testHub.close());

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
const nextMessage = async (guest: Guest): Promise<any> => JSON.parse(await guest.messages.next());

async function follow(): Promise<Guest> {
  const guest = await testHub.socket();
  guest.send(JSON.stringify({ type: 'subscribe', channel: 'wakatime/today', ref: 'f' }));
  return guest;
}

/** The next change of the channel. */
// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function nextChange(guest: Guest): Promise<{ type: string; key: string; item: any }> {
  for (;;) {
    const message = await nextMessage(guest);
    if (message.channel === 'wakatime/today' && message.key !== undefined) return message;
  }
}

/** Returns all messages that the hub sent before the pong. */
async function fence(guest: Guest): Promise<readonly unknown[]> {
  const between: unknown[] = [];
  guest.send(JSON.stringify({ type: 'channels', ref: 'fence' }));
  for (;;) {
    const message = await nextMessage(guest);
    if (message.ref === 'fence') return between;
    between.push(message);
  }
}

describe('the channel of today', () => {
  test('contains the status bar’s data', async () => {
    await testHub.send([beat(now - 600), beat(now - 300)]);
    const guest = await follow();
    const { key, item } = await nextChange(guest);
    expect(key).toBe('2026-01-05');
    expect(item).toEqual(await testHub.get('statusbar/today'));
    expect(item.data.grand_total).toMatchObject({ text: '5 mins', total_seconds: 300 });
    expect(item.data.projects).toMatchObject([{ name: 'hub', total_seconds: 300 }]);
    guest.end();
  });

  test('changes when heartbeats arrive, at most once a second', async () => {
    const guest = await follow();
    expect((await nextChange(guest)).item.data.grand_total.text).toBe('0 secs');
    testHub.world.pass(2_000);
    await testHub.send([beat(now - 600), beat(now - 300)]);
    expect((await nextChange(guest)).item.data.grand_total.text).toBe('5 mins');
    await testHub.send([beat(now - 200)]);
    await testHub.send([beat(now - 100)]);
    expect(await fence(guest)).toEqual([]);
    testHub.world.pass(1_000);
    expect((await nextChange(guest)).item.data.grand_total.total_seconds).toBe(500);
    guest.end();
  });

  test('begins the next day at midnight in the account’s time zone', async () => {
    await testHub.settle({ timezone: 'Asia/Tokyo' });
    await testHub.send([beat(now - 600), beat(now - 300)]);
    const guest = await follow();
    expect((await nextChange(guest)).key).toBe('2026-01-05');
    // In that zone it is 21:00.
    testHub.world.pass(3 * 3_600_000);
    const [begun, ended] = [await nextChange(guest), await nextChange(guest)];
    expect([begun.key, begun.item.data.grand_total.text, begun.item.data.range.date]).toEqual([
      '2026-01-06',
      '0 secs',
      '2026-01-06',
    ]);
    expect(ended.key).toBe('2026-01-05');
    await testHub.send([beat(now + 3 * 3_600), beat(now + 3 * 3_600 + 60)]);
    testHub.world.pass(1_000);
    expect((await nextChange(guest)).item.data.grand_total.text).toBe('1 min');
    guest.end();
  });

  test('changes with the settings', async () => {
    await testHub.send([beat(now - 1_200), beat(now)]);
    const guest = await follow();
    expect((await nextChange(guest)).item.data.grand_total.text).toBe('0 secs');
    testHub.world.pass(1_000);
    await testHub.settle({ timeout: 30 });
    expect((await nextChange(guest)).item.data.grand_total.text).toBe('20 mins');
    guest.end();
  });
});

test('the channel of today is not written without followers', async () => {
  const guest = await follow();
  await nextChange(guest);
  guest.send(JSON.stringify({ type: 'unsubscribe', channel: 'wakatime/today', ref: 'u' }));
  await fence(guest);
  const before = (await testHub.hub.channel('owner/wakatime/today')).position.seq;
  testHub.world.pass(2_000);
  await testHub.send([beat(now - 600), beat(now - 300)]);
  testHub.world.pass(86_400_000);
  await testHub.get('statusbar/today');
  expect((await testHub.hub.channel('owner/wakatime/today')).position.seq).toBe(before);
  guest.end();
});
